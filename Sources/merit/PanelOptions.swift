// What a job of class Q says beside its input: whose engine does it, and how many operators do each task.
import ArgumentParser
import Chain
import Ledger
import Primitives
import ProgramRules
import RPC
import Rewards

struct PanelOptions: ParsableArguments {
    /// What a task is paid for where nobody says otherwise: nothing of class Q can be measured beforehand.
    static let fuel: UInt64 = 100_000_000
    static let outputBytes: UInt32 = 4_096
    static let replicas: UInt32 = 3

    @Option(
        help: ArgumentHelp(
            "The engine of class Q that does the work; the first argument is then the input file.", valueName: "name"))
    var engine: String?
    @Option(help: "Operators that each do every task of class Q: 3, 5, 7 or 9; default 3.") var replicas: UInt32?

    /// When to ask for class Q, and at which price.
    static let advice = """
        With --engine the job is of class Q: for work that WebAssembly cannot do, or that gives other bytes on other \
        machines (a GPU's floats, a tool of yours). Each task goes to a panel of --replicas operators that offer the \
        engine; they seal their results before anybody reveals one, and what more than half of them say counts. Nobody \
        executes it again, so use class D wherever a program can be WebAssembly. It costs a fee for each of the \
        majority, and replicas + 2 escrows are held meanwhile; the charge is flat, by --fuel, which also says how long \
        a task may take. Whoever holds over 1/3 of all slots can forge such results: take more replicas for what is \
        worth it, and do not let money depend on one job.
        """

    func validate() throws {
        if let engine, PanelEngine.id(engine) == nil {
            throw ValidationError("--engine \(engine) is no name: 1 to 64 of a-z 0-9 . _ -")
        }
        guard let replicas else { return }
        if engine == nil { throw ValidationError("--replicas goes with --engine") }
        guard PanelLimits.replicas.contains(replicas), replicas % 2 == 1 else {
            throw ValidationError("--replicas is 3, 5, 7 or 9")
        }
    }

    var isPanel: Bool { engine != nil }
    /// As jobs and prices name the class.
    var resource: ResourceClass { isPanel ? .open : .cpu }
    var count: UInt32 { isPanel ? replicas ?? Self.replicas : 0 }
    /// Escrows that are held for each task.
    var held: UInt64 { isPanel ? UInt64(count) + UInt64(PanelLimits.further) : 1 }
    /// Fees of one task.
    var paid: UInt64 { isPanel ? UInt64(count) : 1 }
    var engineID: Digest { engine.flatMap { PanelEngine.id($0) } ?? EngineIdentity.id }

    /// `inputBytes`: of what follows the published file.
    static func limits(
        fuel: UInt64?, outputBytes: UInt32?, computeUnits: UInt64?, inputBytes: Int
    ) -> TaskLimits {
        let found = TaskEstimate.limits(
            fuel: fuel ?? Self.fuel, outputBytes: outputBytes ?? Self.outputBytes, pages: 0, inputBytes: inputBytes)
        return TaskLimits(
            fuel: found.fuel, outputBytes: found.outputBytes, computeUnits: computeUnits ?? found.computeUnits)
    }
}
