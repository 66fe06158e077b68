// What one task costs, measured by running it, and the limits that leave it room.
import Chain
import Execution
import Ledger
import Primitives
import ProgramRules
import RPC
import Rewards

struct TaskEstimate {
    let run: RunResult
    let inputBytes: Int
    /// Half as much again as the measured task, because other tasks of the job may need more.
    let limits: TaskLimits

    init(_ run: RunResult, inputBytes: Int) {
        (self.run, self.inputBytes) = (run, inputBytes)
        let million: UInt64 = 1_000_000
        let fuel = max(million, (run.fuel + run.fuel / 2 + million - 1) / million * million)
        let room = UInt32(clamping: max(1_024, run.output.count * 2))
        limits = Self.limits(
            fuel: fuel, outputBytes: min(JobLimits.outputBytesMax, room), pages: run.peakPages, inputBytes: inputBytes)
    }

    /// The limit of compute units follows from the others.
    static func limits(fuel: UInt64, outputBytes: UInt32, pages: UInt32, inputBytes: Int) -> TaskLimits {
        TaskLimits(
            fuel: fuel, outputBytes: outputBytes,
            computeUnits: ComputeUnits.of(
                fuel: fuel, peakPages: pages, inputBytes: UInt32(clamping: inputBytes), outputBytes: outputBytes))
    }

    var computeUnits: UInt64 { run.computeUnits(inputBytes: inputBytes) }

    /// Executes task 0 here; ends the process when it gives no result.
    static func measure(program: Bytes, input: Bytes, fuel: UInt64) -> TaskEstimate {
        switch LocalRun.run(RunRequest(program: program, input: input, taskIndex: 0, fuelLimit: fuel)) {
        case .abstained(let reason): Merit.leave("task 0 gives no result: \(reason)", 3)
        case .result(let run):
            if case .trapped(let trap) = run.ending {
                let way =
                    trap == .outOfFuel
                    ? "raise --fuel" : "check that --input has the form that the program reads"
                Merit.leave("task 0 trapped: \(trap); \(way). A trapped task is paid for like any other", 1)
            }
            return TaskEstimate(run, inputBytes: input.count)
        }
    }

    /// Escrow, fee and refund of one task at `bid`.
    func charge(bid: UInt64, limits: TaskLimits) -> (escrow: Amount, charge: TaskCharge) {
        Self.charge(computeUnits, bid: bid, limits: limits)
    }

    static func charge(
        _ computeUnits: UInt64, bid: UInt64, limits: TaskLimits
    ) -> (escrow: Amount, charge: TaskCharge) {
        let rules = Parameters().fees
        do {
            let terms = try Rewards.Rule.taskEscrow(
                limit: limits.computeUnits, bid: bid, floorPrice: 0, rules: rules)
            return (terms.escrow, try Rewards.Rule.taskCharge(computeUnits: computeUnits, terms: terms, rules: rules))
        } catch {
            Merit.leave("refused: \(error); change --bid, or the limits with --fuel", 1)
        }
    }
}

extension TaskLimits {
    var answer: JSON {
        [
            "fuel": .decimal(fuel), "output_bytes": .number(outputBytes), "compute_units": .decimal(computeUnits),
        ]
    }
}
