// What a script's commands do. Times are milliseconds after the scene's start; a value is a letter (A), and A' is the
// same block under another time.
import Consensus
import Cryptography
import Primitives
import Quorum

struct ScriptError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

struct ScriptCommand {
    let name: String
    let words: [String]
    let options: [String: String]

    init(_ line: String) throws {
        let parts = line.split(separator: " ").map(String.init)
        guard let first = parts.first else { throw ScriptError("empty command") }
        name = first
        words = parts.dropFirst().filter { !$0.contains("=") }
        options = Dictionary(
            uniqueKeysWithValues: parts.filter { $0.contains("=") }.map { part in
                let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
                return (pair[0], pair.count > 1 ? pair[1] : "")
            })
    }

    func text(_ key: String) throws -> String {
        guard let value = options[key] else { throw ScriptError("\(name) needs \(key)=") }
        return value
    }

    func number(_ key: String, else fallback: Int64? = nil) throws -> Int64 {
        if options[key] == nil, let fallback { return fallback }
        guard let value = Int64(try text(key)) else { throw ScriptError("\(key)= of \(name) is no number") }
        return value
    }

    func round() throws -> Round { Round(try number("r")) }

    func numbers(_ key: String) throws -> [Int64] {
        try text(key).split(separator: ",").map { word in
            guard let value = Int64(word) else { throw ScriptError("\(word) in \(key)= is no number") }
            return value
        }
    }
}

struct ScriptWorld {
    private static let origin = Instant(nanoseconds: 1_767_323_045_000_000_000)
    private var node: TestNode?
    private var now = ScriptWorld.origin
    private var times: [String: Int64] = [:]

    /// Performs one command and returns its trace.
    mutating func perform(_ line: String) throws -> [String] {
        let command = try ScriptCommand(line)
        switch command.name {
        case "set": return try makeNode(command)
        case "value":
            times[try word(command)] = try command.number("t")
            return []
        case "wait":
            now = now.advanced(by: .milliseconds(try command.number("ms")))
            return []
        default: break
        }
        guard var scene = node else { throw ScriptError("set first") }
        let outputs = try outputs(of: command, scene: &scene)
        let lines = scene.takeLines()
        node = scene
        let fired = lines.isEmpty ? [] : [lines.map { "L\($0)" }.joined(separator: " ")]
        return fired + outputs.map { "> " + describe($0) } + [describe(scene.machine)]
    }

    private mutating func outputs(of command: ScriptCommand, scene: inout TestNode) throws -> [Agreement.Output] {
        switch command.name {
        case "start": return scene.step(.started, now: now)
        case "propose":
            let statement = try statement(command)
            return scene.propose(scene.committee.proposal(statement, by: scene.terms.voter ?? 0), now: now)
        case "proposal":
            let statement = try statement(command)
            let author = try command.number("from", else: Int64(scene.committee.proposer(.first, statement.round)))
            var receivedAt: Instant? = now
            if command.options["at"] == "unknown" { receivedAt = nil } else { now = try moment(command) }
            if receivedAt != nil { receivedAt = now }
            let claim = scene.committee.proposal(statement, by: Int(author))
            return scene.step(.proposalReceived(Agreement.Proposal(claim, receivedAt: receivedAt)), now: now)
        case "checked":
            guard
                let verdict = [
                    "valid": Agreement.Verdict.valid, "invalid": .invalid, "unavailable": .unavailable,
                ][command.words.last ?? ""]
            else { throw ScriptError("checked <value> valid|invalid|unavailable") }
            return scene.step(.proposalChecked(try proposalID(try word(command)), verdict), now: now)
        case "prevotes", "precommits": return try votes(command, scene: &scene)
        case "deadline":
            guard let deadline = scene.machine.nextDeadline else { throw ScriptError("no deadline") }
            now = max(now, deadline)
            return scene.step(.deadlineReached, now: now)
        case "early-deadline": return scene.step(.deadlineReached, now: now)
        case "restart": return scene.restart(now: now)
        default: throw ScriptError("unknown command \(command.name)")
        }
    }

    private mutating func makeNode(_ command: ScriptCommand) throws -> [String] {
        let committee = try Committee(powers: try command.numbers("powers"))
        let timeout = { (base: Int64) in Timeout(base: .milliseconds(base), delta: .milliseconds(100)) }
        let terms = Agreement.Terms(
            height: .first, set: committee.set, schedule: committee.schedule,
            timeouts: Timeouts(propose: timeout(1000), prevote: timeout(500), precommit: timeout(300)),
            timeliness: Timeliness(precision: .milliseconds(50), messageDelay: .milliseconds(200)))
        let voter = try command.text("self") == "none" ? nil : Int(try command.number("self"))
        node = TestNode(committee, terms.voting(as: voter))
        (now, times) = (Self.origin, [:])
        let proposers = (Round(0)..<4).map { "r\($0)=v\(committee.proposer(.first, $0))" }
        let powers = committee.set.validators.map { String($0.power) }.joined(separator: ",")
        return ["powers " + powers + " proposers " + proposers.joined(separator: " ")]
    }

    private mutating func votes(_ command: ScriptCommand, scene: inout TestNode) throws -> [Agreement.Output] {
        let type = command.name == "prevotes" ? VoteType.prevote : .precommit
        let name = try command.text("v")
        let value = name == "nil" ? nil : try proposalID(name)
        let statement = VoteStatement(type: type, height: .first, round: try command.round(), proposal: value)
        var outputs: [Agreement.Output] = []
        for index in try command.numbers("from") {
            outputs += scene.step(.voteVerified(scene.committee.vote(statement, by: Int(index))), now: now)
        }
        return outputs
    }

    private func statement(_ command: ScriptCommand) throws -> ProposalStatement {
        let polRound = try command.number("pol", else: -1)
        return ProposalStatement(
            height: .first, round: try command.round(), polRound: polRound < 0 ? nil : Round(polRound),
            proposal: try proposalID(try command.text("v")))
    }

    private func moment(_ command: ScriptCommand) throws -> Instant {
        guard command.options["at"] != nil else { return now }
        return Self.origin.advanced(by: .milliseconds(try command.number("at")))
    }

    private func word(_ command: ScriptCommand) throws -> String {
        guard let word = command.words.first else { throw ScriptError("\(command.name) needs a value") }
        return word
    }

    private func proposalID(_ name: String) throws -> ProposalID {
        let letter = String(name.prefix(1))
        let hash = Hash.sha256(Bytes(letter.utf8))
        let time = Self.origin.advanced(by: .milliseconds(times[letter] ?? 0)).timestamp
        return ProposalID(
            blockID: BlockID(hash: hash, parts: PartSetHeader(total: 1, hash: hash)),
            time: name.hasSuffix("'") ? time.adding(nanoseconds: 1_000_000) : time)
    }

    // MARK: Trace

    private func name(_ id: ProposalID?) -> String {
        guard let id else { return "nil" }
        for letter in "ABCDEFGH".map(String.init) {
            for name in [letter, letter + "'"] where (try? proposalID(name)) == id { return name }
        }
        return "?"
    }

    private func milliseconds(_ instant: Instant?) -> String {
        instant.map { String($0.since(Self.origin).nanoseconds / 1_000_000) } ?? "-"
    }

    private func describe(_ machine: Agreement) -> String {
        let bond = { (value: Agreement.RoundValue?) in value.map { "\(name($0.value))@\($0.round)" } ?? "-" }
        let place = machine.decision.map { "decided \(name($0))" } ?? "r\(machine.round) \(machine.step)"
        return "= \(place) locked \(bond(machine.locked)) valid \(bond(machine.valid)) "
            + "now \(milliseconds(now)) deadline \(milliseconds(machine.nextDeadline))"
    }

    private func describe(_ vote: Vote) -> String {
        "\(vote.type) v\(vote.validatorIndex) r\(vote.round) \(name(vote.proposal))"
    }

    private func describe(_ output: Agreement.Output) -> String {
        switch output {
        case .propose(_, let round, let polRound, let valid):
            "propose r\(round) " + (valid.map { "\(name($0)) pol=\(polRound ?? 0)" } ?? "fresh")
        case .check(let id): "check \(name(id))"
        case .fetch(let id): "fetch \(name(id))"
        case .vote(let vote): "\(vote.type) r\(vote.round) \(name(vote.proposal))"
        case .decided(let id, let round, let commit):
            "decided \(name(id)) r\(round) commit "
                + commit.signatures.map { $0.flag == .commit ? "x" : "." }.joined()
        case .refusedDecision(let id, let round): "refused decision \(name(id)) r\(round)"
        case .doubleVote(let first, let second): "double vote: \(describe(first)) | \(describe(second))"
        case .doubleProposal(let first, let second):
            "double proposal r\(first.statement.round): \(name(first.statement.proposal)) | "
                + name(second.statement.proposal)
        case .stepChanged(let round, let step): "step r\(round) \(step)"
        }
    }
}
