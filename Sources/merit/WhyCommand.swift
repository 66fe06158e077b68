// `merit query why`: the calculation of each row, checked step by step, online or from a file.
import ArgumentParser
import Chain
import Client
import Codec
import Foundation
import Ledger
import LightClient
import Primitives
import RPC
import Rewards

struct WhyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why", abstract: "Why did an account earn this, or nothing? Verified, step by step.",
        discussion: """
            Every row of an epoch's tables carries the hash of the numbers it was computed from. This fetches rows,
            numbers and proofs, checks the way from the signed header down to each row, calculates every amount again,
            and prints the steps; of a slash it prints the evidence, and the transcript of the dispute that decided it:
            receipt, verdicts, and each validator's vote. With --genesis-hash the header is followed from the genesis;
            without it the header's hash is printed, to be compared with one you trust.

              merit query why merit1… --node http://127.0.0.1:26657 --epoch 3 --genesis-hash HASH --out why.json
              merit query why --offline why.json --trust HEIGHT:HASH

            Ends with 3 when anything does not hold.
            """)

    @Argument(help: "The account, merit1….") var account: String?
    @Option(help: "The epoch; by default the newest settled one.") var epoch: UInt64?
    @Option(help: "The node, as http://host:port.") var node: String?
    @Option(help: ArgumentHelp("The hash of the chain's genesis.", valueName: "hex")) var genesisHash: String?
    @Option(help: ArgumentHelp("Keep the explanation for --offline.", valueName: "file")) var out: String?
    @Option(help: ArgumentHelp("Check a kept explanation, without a node.", valueName: "file")) var offline: String?
    @Option(help: ArgumentHelp("With --offline: the header that must be the explanation's.", valueName: "height:hash"))
    var trust: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (offline == nil) == (node != nil) else {
            throw ValidationError("name either --node with an account, or --offline")
        }
        guard offline != nil || account != nil else { throw ValidationError("name an account, merit1…") }
        guard offline == nil || (account == nil && epoch == nil && genesisHash == nil && out == nil) else {
            throw ValidationError("--offline takes --trust only")
        }
    }

    func run() throws {
        let explanation = try offline.map(load) ?? fetch()
        let checked: CheckedExplanation
        do { checked = try explanation.check() } catch {
            Merit.leave("refused: the explanation does not hold: \(error)", 3)
        }
        if let trust { try compare(explanation, trust) }
        if let out {
            try Data((file(explanation).text + "\n").utf8).write(to: URL(fileURLWithPath: out), options: .atomic)
        }
        output.answer("why", members(explanation, checked), text: text(explanation, checked))
    }

    // MARK: Where it comes from

    private func fetch() throws -> Explanation {
        guard let account, let address = Address(bech32: account) else {
            throw ValidationError("\(account ?? "") is no account")
        }
        guard let node, let url = NodeURL(node) else { throw ValidationError("\(node ?? "") is no http://host:port") }
        var follower: LightFollower?
        if let genesisHash {
            guard let hash = Digest(hex: genesisHash) else { throw ValidationError("\(genesisHash) is no hash") }
            guard let options = VerificationOptions(trustingPeriod: .seconds(14 * 86_400)) else {
                preconditionFailure("14 days are not negative")
            }
            follower = LightFollower(genesisHash: hash, options: options)
        }
        let deadline = Date().addingTimeInterval(10)
        while true {
            do throws(LightQueryError) {
                return try Explanation.fetch(
                    address, epoch: epoch, from: RPCClient(url), follower: follower, now: WallTime.now)
            } catch {
                // An epoch that was settled just now is proved one block later.
                if case .noAnswer = error, Date() < deadline {
                    usleep(200_000)
                    continue
                }
                Merit.leave("\(url): \(error.sentence)", error.isUnreachable ? 4 : 3)
            }
        }
    }

    private func load(_ path: String) throws -> Explanation {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("\(path) cannot be read")
        }
        do {
            let json = try JSON(parsing: Bytes(data), max: ExplanationLimits.fileBytesMax)
            guard try json.text("schema") == "merit.explanation.1" else { throw ShapeError.wrongForm("schema") }
            return try Explanation(decoding: try json.base64("explanation"))
        } catch {
            Merit.leave("refused: \(path) is no explanation: \(error)", 3)
        }
    }

    private func file(_ explanation: Explanation) -> JSON {
        ["schema": "merit.explanation.1", "explanation": .base64(explanation.encoded)]
    }

    private func compare(_ explanation: Explanation, _ trust: String) throws {
        guard let checkpoint = Checkpoint(trust) else { throw ValidationError("--trust is HEIGHT:HASH") }
        let header = explanation.block.header
        guard header.height == checkpoint.height, header.hash == checkpoint.hash else {
            Merit.leave("refused: it stands under header \(header.height):\(header.hash), not under the trusted one", 3)
        }
    }

    // MARK: What it says

    private var isAnchored: Bool { genesisHash != nil || trust != nil }

    private func members(_ explanation: Explanation, _ checked: CheckedExplanation) -> [(String, JSON)] {
        let header = explanation.block.header
        return [
            ("account", .string(explanation.account.bech32)), ("epoch", .decimal(explanation.epoch)),
            ("verified", .bool(true)), ("anchored", .bool(isAnchored)), ("header_height", .decimal(header.height)),
            ("header_hash", .hex(header.hash)),
            (
                "rewards",
                .array(
                    checked.rewards.map { reward in
                        reward.row.json.adding("place", .decimal(reward.place)).adding(
                            "steps", .array((reward.basis?.steps ?? []).map { .string($0) }))
                    })
            ),
            ("slashes", .array(checked.slashes.map(Self.json))),
        ]
    }

    private static func json(_ slash: CheckedExplanation.Slash) -> JSON {
        let json = slash.row.json.adding("place", .decimal(slash.place)).adding(
            "about", .string(slash.row.key.offence.evidenceText))
        switch slash.evidence {
        case .dispute(let dispute)?: return json.adding("dispute", dispute.json(isOpen: false))
        case .equivocation(let equivocation)?: return json.adding("equivocation", equivocation.json)
        case nil: return json
        }
    }

    private static func lines(_ slash: CheckedExplanation.Slash) -> [String] {
        switch slash.evidence {
        case .dispute(let dispute)?: return dispute.lines(nil).map { "    \($0)" }
        case .equivocation(let equivocation)?: return equivocation.lines.map { "    \($0)" }
        case nil: return ["    evidence \(slash.row.key.evidence): \(slash.row.key.offence.evidenceText)"]
        }
    }

    private func text(_ explanation: Explanation, _ checked: CheckedExplanation) -> String {
        let header = explanation.block.header
        var lines = [
            "Epoch \(explanation.epoch) of \(String(decoding: header.chainID, as: UTF8.self)), "
                + explanation.account.bech32
        ]
        for reward in checked.rewards {
            let unit = reward.row.key.asset == .token ? "MRT" : "credits"
            lines += [
                "", "\(reward.row.key.kind.label)  \(reward.row.amount.tokens) \(unit): \(reward.row.reason.text)",
            ]
            lines += (reward.basis?.steps ?? []).map { "    \($0)" }
            lines.append(
                "    row \(reward.place) of \(checked.summary.rewardRows) under \(checked.summary.rewardsRoot)")
        }
        for slash in checked.slashes {
            let row = slash.row
            lines += [
                "", "slashed  \(row.amount.tokens) MRT: \(row.key.offence.text)",
                "    \(row.reporter) nMRT to the reporter, \(row.injured) to the injured, \(row.burned) burned",
            ]
            lines += Self.lines(slash)
            lines.append("    row \(slash.place) of \(checked.summary.slashRows) under \(checked.summary.slashesRoot)")
        }
        if checked.rewards.isEmpty && checked.slashes.isEmpty {
            lines += [
                "", "No row: the account had no cause for pay in this epoch (no task, stake, duty, fee or challenge).",
            ]
        }
        let origin = isAnchored ? "the trusted one" : "compare its hash with one you trust"
        lines += ["", "Every step holds under header \(header.height), \(header.hash) (\(origin))."]
        return lines.joined(separator: "\n")
    }
}
