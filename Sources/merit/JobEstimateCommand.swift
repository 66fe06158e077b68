// What a job would cost, before anybody is paid: task 0 in the providers' own engine, on this machine.
import ArgumentParser
import Chain
import Execution
import Foundation
import Primitives
import RPC
import Rewards

struct JobEstimateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "estimate", abstract: "Run task 0 here and say what the job would cost.",
        discussion: """
            Nothing is sent. With --node the floor price is the chain's of the moment, else the smallest there is.

              merit job estimate Sources/Programs/wasm/matmul.wasm --input matrices.bin --tasks 4
              merit job estimate picture.png --engine upscale-2 --replicas 5 --fuel 5000000000

            Of class Q nothing is run, because its charge is flat. \(PanelOptions.advice)
            """)

    @Argument(help: "The .wasm file; of class Q the input file.") var program: String
    @OptionGroup var panel: PanelOptions
    @OptionGroup var input: JobInput
    @Option(help: "Tasks of the job.") var tasks: UInt32 = 1
    @Option(help: ArgumentHelp("Price of a compute unit; default: the floor price.", valueName: "nMRT"))
    var bid: UInt64?
    @Option(help: "Fuel that task 0 may use here; of class Q what is paid for, by default 100000000.")
    var fuel: UInt64?
    @Option(help: "Bytes of output that a task of class Q may give.") var outputBytes: UInt32?
    @Option(help: "A node to ask for the floor price, as http://host:port.") var node: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...JobLimits.tasksMax).contains(tasks) else {
            throw ValidationError("--tasks is 1 to \(JobLimits.tasksMax)")
        }
    }

    func run() throws {
        let bytes = try input.load().joined
        let floor = try floorPrice()
        let price = bid ?? floor
        if price < floor { Merit.leave("refused: --bid \(price) is below the floor price \(floor)", 1) }
        if panel.isPanel { return try answerPanel(try ProgramFile.load(program), bytes, floor: floor, price: price) }
        let estimate = TaskEstimate.measure(
            program: try ProgramFile.load(program), input: bytes, fuel: fuel ?? 10_000_000_000)
        let (escrow, charge) = estimate.charge(bid: price, limits: estimate.limits)
        let all = UInt64(tasks)
        output.answer(
            "job.estimate",
            [
                "compute_units": .decimal(estimate.computeUnits), "fuel": .decimal(estimate.run.fuel),
                "peak_pages": .number(estimate.run.peakPages), "output_bytes": .number(estimate.run.output.count),
                "limits": estimate.limits.answer, "floor_price": .decimal(floor), "bid": .decimal(price),
                "tasks": .number(tasks), "escrow": .decimal(escrow.units), "fee": .decimal(charge.fee.units),
                "refund": .decimal(charge.refund.units), "total_escrow": .decimal(escrow.units * all),
                "total_fee": .decimal(charge.fee.units * all), "class": "D", "replicas": .number(0),
            ],
            [
                "task 0: \(estimate.computeUnits) compute units (fuel \(estimate.run.fuel), "
                    + "\(estimate.run.peakPages) pages, \(estimate.run.output.count) bytes of output)",
                "limits with margin: --fuel \(estimate.limits.fuel) --output-bytes \(estimate.limits.outputBytes) "
                    + "--compute-units \(estimate.limits.computeUnits)",
                "at \(price) nMRT a unit (floor \(floor)): held \(escrow) nMRT a task, about \(charge.fee) of it "
                    + "spent, \(charge.refund) returned",
                "\(tasks) tasks: held \(escrow.units * all) nMRT, about \(charge.fee.units * all) spent",
            ])
    }

    /// What is certain beforehand: a majority of all replicas, each with as much output as it may give.
    private func answerPanel(_ content: Bytes, _ bytes: Bytes, floor: UInt64, price: UInt64) throws {
        guard (1...JobLimits.blobBytesMax).contains(content.count) else {
            Merit.leave("\(program) has \(content.count) bytes; an input has 1 to \(JobLimits.blobBytesMax)", 1)
        }
        let limits = PanelOptions.limits(
            fuel: fuel, outputBytes: outputBytes, computeUnits: nil, inputBytes: bytes.count)
        let (escrow, charge) = TaskEstimate.charge(limits.computeUnits, bid: price, limits: limits)
        let (held, paid) = (escrow.units * panel.held, charge.fee.units * panel.paid)
        let all = UInt64(tasks)
        let holders = try node.flatMap { try SlotHolders(of: panel.engineID, NodeOptions.parse(["--node", $0])) }
        output.answer(
            "job.estimate",
            [
                "compute_units": .decimal(limits.computeUnits), "fuel": .decimal(limits.fuel),
                "peak_pages": .number(0), "output_bytes": .number(limits.outputBytes), "limits": limits.answer,
                "floor_price": .decimal(floor), "bid": .decimal(price), "tasks": .number(tasks),
                "escrow": .decimal(held), "fee": .decimal(paid), "refund": .decimal(held - paid),
                "total_escrow": .decimal(held * all), "total_fee": .decimal(paid * all), "class": "Q",
                "replicas": .number(panel.count), "largest_holder": holders?.answer ?? .null,
            ],
            [
                "class Q, nothing is run: \(limits.computeUnits) compute units for each of \(panel.count) replicas "
                    + "(fuel \(limits.fuel), at most \(limits.outputBytes) bytes of output)",
                "at \(price) nMRT a unit (floor \(floor)): held \(held) nMRT a task, which is \(panel.held) escrows; "
                    + "\(paid) of it spent when all agree, \(held - paid) returned",
                "\(tasks) tasks: held \(held * all) nMRT, about \(paid * all) spent",
            ] + (holders?.warning.map { ["mind: \($0)"] } ?? []))
    }

    private func floorPrice() throws -> UInt64 {
        guard let node else { return Parameters().market.priceMin.units }
        return try NodeOptions.parse(["--node", node]).floorPrice(panel.resource)
    }
}

extension NodeOptions {
    /// Base units per compute unit.
    func floorPrice(_ resource: ResourceClass = .cpu) throws -> UInt64 {
        try ask("market").member("floor_prices").decimal(resource == .open ? "open" : "cpu")
    }
}
