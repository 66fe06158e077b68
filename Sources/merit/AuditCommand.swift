// `merit audit`: what every validator may do with a task, done by anybody: execute it and compare with its receipt.
import ArgumentParser
import Chain
import Client
import Foundation
import Primitives
import RPC

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Execute any task of the chain here, and judge its receipt.",
        discussion: """
            A task is a program and an input that the chain keeps, so anybody can execute it and see whether the
            provider's receipt says what comes out. This proves job, task, receipt, and what auditors and voters said of
            it, executes the task in a process of its own, compares each number, and says whether the chain judged the
            same. `merit job status` and `curl NODE/job?id=…` list the tasks of a job.

              merit audit JOB/3 --node http://127.0.0.1:26657 --genesis-hash HASH

            Without --genesis-hash the node's own genesis is where the proofs begin; compare the hash that is printed
            with one you trust. Ends with 0 when the receipt is what the task gives, with 1 when it differs, with 3 when
            nothing can be said: no such task, no receipt, or something that is not proved. Whoever finds a wrong
            receipt has all validators execute the task with `merit dispute`.

            A task of class Q is not executed, because its engine need not give the same bytes here: its panel's seats
            are proved and shown, who sealed, who revealed what, who agrees with the majority, is paid, and lost bond;
            of who is paid also the row of the epoch that paid, proved and calculated again as `merit query why` does.
            Ends with 0 when a majority stands, with 1 when the panel closed without one, with 3 before it is closed.
            """)

    @OptionGroup var options: TaskOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let (place, hash, node) = (try options.place(), try options.genesis(), options.node)
        let name: String
        switch try node.transcript(of: place, genesis: hash) {
        case .panel(let transcript):
            let verdict = PanelVerdict(transcript: transcript)
            answer((verdict.members, verdict.text), transcript.header, genesis: hash)
            name = verdict.name
        case .task(let transcript):
            let verdict = try node.judge(transcript)
            let way =
                verdict.isDisputable
                ? "\n\nTo have all validators execute it: `merit dispute \(options.task) --key FILE`" : ""
            answer((verdict.members, verdict.text + way), transcript.header, genesis: hash)
            name = verdict.name
        }
        switch name {
        case "agrees", "quorum": return
        case "differs", "no_quorum": throw ExitCode(1)
        default: throw ExitCode(3)
        }
    }

    private func answer(_ said: (members: [(String, JSON)], text: String), _ header: Header, genesis: Digest) {
        let isAnchored = options.genesisHash != nil
        let origin = isAnchored ? "the given one" : "the node's own: compare it with one you trust"
        let proof = """


            Proved under header \(header.height), \(header.hash),
            from the genesis \(genesis) (\(origin)).
            """
        let place: [(String, JSON)] = [
            ("verified", .bool(true)), ("anchored", .bool(isAnchored)), ("genesis_hash", .hex(genesis)),
            ("height", .decimal(header.height.lowered())), ("header_hash", .hex(header.hash)),
        ]
        output.answer("audit", said.members + place, text: said.text + proof)
    }
}
