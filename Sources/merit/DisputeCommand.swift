// `merit dispute`: whoever finds a wrong receipt calls all validators, with a deposit that says that it is meant.
import ArgumentParser
import Chain
import Client
import Cryptography
import Foundation
import Ledger
import Primitives
import RPC

struct DisputeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dispute", abstract: "Have all validators execute a task whose receipt is wrong.",
        discussion: """
            Executes the task here, as `merit audit` does, and only where its receipt differs opens a dispute: every
            validator then executes the task and votes. A receipt of one epoch can be disputed in the next one, for a
            while, after its auditors have spoken; this command waits for that moment.

              merit dispute JOB/3 --key ~/.merit/keys/account.json --node http://127.0.0.1:26657

            The account holds a deposit, at least three times the task's escrow, until the votes are counted. Who was
            right has it back, and a tenth of what the provider loses, at most 100 MRT; who was wrong pays the
            validators' work out of it. `merit audit JOB/3` shows the votes, `merit query why` the rows.

            Ends with 0 when the dispute is open, with 1 when there is nothing to dispute or it is too late, with 3 when
            the task cannot be judged here.
            """)

    @OptionGroup var options: TaskOptions
    @OptionGroup var account: AccountOptions
    @OptionGroup var output: OutputOptions

    private var node: NodeOptions { options.node }

    func run() throws {
        let (place, key) = (try options.place(), try account.signer())
        guard case .task(let transcript) = try node.transcript(of: place, genesis: options.genesis()) else {
            Merit.leave("it is of class Q: its panel judges it by majority, and nobody else", 3)
        }
        let verdict = try node.judge(transcript)
        guard let claimed = verdict.executed else { Merit.leave(verdict.reason, 3) }
        let names = verdict.differences.map(\.name)
        if names.isEmpty {
            Merit.leave("nothing to dispute: the receipt says what the task gives, \(claimed.output)", 1)
        }
        let deposit = try depositWhenOpen(place)
        _ = try node.perform(
            .openDispute(OpenDispute(task: place, claimed: claimed, deposit: deposit)), by: key)
        output.answer(
            "dispute",
            [
                ("job", .hex(place.job)), ("index", .number(place.index)), ("account", .string(key.address.bech32)),
                ("deposit", .decimal(deposit.units)), ("differences", .array(names.map { .string($0) })),
            ],
            text: """
                all validators execute task \(place.index) of job \(place.job) now:
                its receipt differs from what it gives here in \(names.joined(separator: ", "))
                \(deposit.tokens) MRT are held until the end of the epoch; `merit audit \(options.task)` shows the votes
                """)
    }

    /// Waits for the window; says once in what it waits.
    private func depositWhenOpen(_ place: TaskPlace) throws -> Amount {
        let blocks = BlockPause(try node.url())
        var isTold = false
        while true {
            let (window, deposit) = try outlook(place)
            switch window {
            case .open: return deposit
            case .later: break
            case .disputed: Merit.leave("a dispute about it is open already; `merit audit \(options.task)` shows it", 1)
            case .over: Merit.leave("too late: a receipt is disputed in the epoch after its own, before the votes", 1)
            }
            if !isTold {
                Merit.complain("its auditors speak first: waiting until an account may dispute it (Ctrl-C to leave)")
                isTold = true
            }
            blocks.wait()
        }
    }

    private func outlook(_ place: TaskPlace) throws -> (DisputeWindow, Amount) {
        let pageTasks: UInt32 = 100
        let answer = try node.ask(
            "job",
            [
                "id": .hex(place.job), "page": .decimal(place.index / pageTasks + 1),
                "per_page": .decimal(pageTasks),
            ])
        do {
            let shown = try answer.elements("tasks", max: Int(pageTasks)).first {
                try $0.number("index") == place.index
            }
            guard let outlook = try shown?.member("dispute"), outlook != .null else {
                Merit.leave("task \(options.task) has no receipt now", 1)
            }
            let name = try outlook.text("window")
            guard let window = DisputeWindow(rawValue: name) else {
                Merit.leave("\(node.node): no answer of the protocol: window \(name)", 1)
            }
            return (window, Amount(try outlook.decimal("deposit")))
        } catch let error as ShapeError {
            Merit.leave("\(node.node): no answer of the protocol: \(error)", 1)
        }
    }
}
