import ArgumentParser
import Chain
import Client
import Foundation
import Ledger
import LightClient
import Node
import Primitives
import Quorum
import RPC

/// Verifies answers of a node that nobody trusts.
struct LightCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "light", abstract: "Ask a node and believe only what is proved.",
        discussion: """
            Known beforehand is the hash of the genesis alone (`merit init` and `merit testnet` print it), or with
            --trust a newer header's hash from somebody you trust. Ends with 3 when the answer is refused and with 4
            when the node cannot be reached.
            """,
        subcommands: [Balance.self])

    struct Balance: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Verify an account's balance against the chain's own proofs.")

        @Argument(help: "The account, merit1….") var address: String
        @Option(help: "The node, as http://host:port.") var node: String
        @Option(help: ArgumentHelp("The hash of the chain's genesis.", valueName: "hex")) var genesisHash: String
        @Option(help: ArgumentHelp("A header to start from instead of the genesis.", valueName: "height:hash"))
        var trust: String?
        @Option(help: ArgumentHelp("How old a trusted header may be.", valueName: "days")) var trustingDays: Int64 = 14
        @OptionGroup var output: OutputOptions

        func run() throws {
            guard let account = Address(bech32: address) else { throw ValidationError("\(address) is no account") }
            guard let url = NodeURL(node) else { throw ValidationError("\(node) is no http://host:port") }
            guard let hash = Digest(hex: genesisHash) else { throw ValidationError("\(genesisHash) is no hash") }
            let checkpoint = trust.flatMap { Checkpoint($0) }
            guard trust == nil || checkpoint != nil else { throw ValidationError("--trust is HEIGHT:HASH") }
            guard (1...36_500).contains(trustingDays),
                let options = VerificationOptions(trustingPeriod: .seconds(trustingDays * 86_400))
            else { throw ValidationError("--trusting-days is 1 to 36500") }
            let query = LightQuery(RPCClient(url), genesisHash: hash, checkpoint: checkpoint, options: options)
            do {
                answer(address, try query.account(account, now: WallTime.now))
            } catch {
                Merit.leave("\(url): \(error.sentence)", error.isUnreachable ? 4 : 3)
            }
        }

        private func answer(_ address: String, _ found: VerifiedAccount) {
            let header = Hex.upper(found.header.hash.bytes)
            output.answer(
                "light",
                [
                    ("verified", .bool(true)), ("chain_id", .string(found.chainID.description)),
                    ("address", .string(address)), ("balance", .string(found.account.balance.description)),
                    ("sequence", .string("\(found.account.nextSequence)")), ("height", .string("\(found.height)")),
                    ("header_height", .string("\(found.header.height)")), ("header_hash", .string(header)),
                ],
                text: """
                    \(address) holds \(found.account.balance) nMRT after block \(found.height) of \(found.chainID).
                    Proved under header \(found.header.height), \(header).
                    """)
        }
    }
}

/// The clock of a command.
enum WallTime {
    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp.epoch1970.adding(seconds: Int64(time.tv_sec)).adding(nanoseconds: Int64(time.tv_nsec))
    }
}

extension LightQueryError {
    /// What was refused, for a person.
    var sentence: String {
        switch self {
        case .client(.exchange(let error)): "not reached: \(error)"
        case .client(.refused(let error)): "the node answers: \(error.data.isEmpty ? error.message : error.data)"
        case .client(let error): "refused: the answer has not the form of the protocol: \(error)"
        case .wrongGenesis(let hash): "refused: its genesis is another one, \(hash)"
        case .badGenesis(let error): "refused: its genesis breaks a rule: \(error)"
        case .notFromGenesis(let reason): "refused: \(reason)"
        case .wrongCheckpoint(let error): "refused: the trusted header does not hold: \(error)"
        case .session(.refused(.trustExpired, _)):
            "refused: the trusted header is too old; give a newer one with --trust HEIGHT:HASH"
        case .session(let error): "refused: the header is not proved: \(error)"
        case .answer(let error): "refused: the answer is not proved: \(error)"
        case .noAnswer(let log): "the node has no proof: \(log)"
        case .badValue(let error): "refused: the proved value does not decode: \(error)"
        case .transcript(let error): "refused: the transcript of a dispute does not hold: \(error)"
        case .explanation(let error): "refused: a row of an epoch's table does not hold: \(error)"
        case .wrongTable(let epoch): "refused: the rows of epoch \(epoch) are not those under its root"
        }
    }
}
