// One validator of a test: the machine, its key and its journal, as the real composition keeps them. Rows become
// durable before the vote that they stand behind leaves (protocol, section 5); a restart knows nothing but them.
import Consensus
import Cryptography
import Primitives
import Quorum

/// A validator set with its keys in set order.
struct Committee {
    let keys: [SigningKey]
    let set: ValidatorSet
    let schedule: ProposerSchedule
    let chainID: ChainID

    init(powers: [Int64]) throws {
        let seeds = (1...UInt8(powers.count)).compactMap { SigningKey(seed: Bytes(repeating: $0, count: 32)) }
        let members = zip(seeds, powers).map { Validator(publicKey: $0.publicKey, power: $1) }
        let ordered = try ValidatorSet(sorting: members)
        set = ordered
        keys = ordered.validators.compactMap { member in seeds.first { $0.publicKey == member.publicKey } }
        schedule = ProposerSchedule(ordered, activeSince: .first)
        guard let chainID = ChainID(Bytes("merit-test".utf8)) else { preconditionFailure("no chain id") }
        self.chainID = chainID
    }

    func proposer(_ height: Height, _ round: Round) -> Int { schedule.proposer(height: height, round: round) }

    func vote(_ statement: VoteStatement, by index: Int) -> Verified<VoteClaim> {
        let signature = keys[index].sign(statement.signBytes(chainID: chainID))
        return claim(
            Vote(statement: statement, address: keys[index].address, index: UInt32(index), signature: signature))
    }

    func claim(_ vote: Vote) -> Verified<VoteClaim> {
        let key = set.validators[Int(vote.validatorIndex)].publicKey
        guard let verified = Verified(VoteClaim(vote: vote, chainID: chainID, key: key)) else {
            preconditionFailure("a vote that does not verify: \(vote)")
        }
        return verified
    }

    func proposal(_ statement: ProposalStatement, by index: Int) -> Verified<ProposalClaim> {
        let claim = ProposalClaim(
            statement: statement, chainID: chainID, key: keys[index].publicKey,
            signature: keys[index].sign(statement.signBytes(chainID: chainID)))
        guard let verified = Verified(claim) else { preconditionFailure("a proposal that does not verify") }
        return verified
    }
}

struct TestNode {
    enum Row {
        case proposal(Agreement.Proposal)
        case ownProposal(ProposalStatement)
        case ownVote(VoteStatement)
        case vote(Verified<VoteClaim>)
    }

    let committee: Committee
    let terms: Agreement.Terms
    private(set) var machine: Agreement
    private(set) var journal: [Row] = []
    /// The paper's lines that fired since the last `takeLines`.
    private var lines: [Int] = []

    init(_ committee: Committee, _ terms: Agreement.Terms) {
        (self.committee, self.terms, machine) = (committee, terms, Agreement(terms))
    }

    /// Feeds the event, then every own vote that comes out of it, and returns all outputs in order.
    mutating func step(_ event: Agreement.Event, now: Instant) -> [Agreement.Output] {
        var outputs: [Agreement.Output] = []
        var queue = [event]
        while !queue.isEmpty {
            let output = machine.step(queue.removeFirst(), now: now)
            lines += machine.firedLines
            outputs += output
            for case .vote(let statement) in output {
                record(statement)
                guard let voter = terms.voter else { preconditionFailure("a vote without a voter") }
                queue.append(.voteVerified(committee.vote(statement, by: voter)))
            }
        }
        return outputs
    }

    mutating func takeLines() -> [Int] {
        defer { lines = [] }
        return lines
    }

    private mutating func record(_ vote: VoteStatement) {
        if vote.type == .prevote, let proposal = machine.proposal(round: vote.round) {
            journal.append(.proposal(proposal))
        }
        if vote.type == .precommit, vote.proposal != nil {
            journal += machine.polka(round: vote.round).map { .vote(committee.claim($0)) }
        }
        journal.append(.ownVote(vote))
    }

    /// The own proposal becomes durable, then comes back as everybody's does.
    mutating func propose(_ claim: Verified<ProposalClaim>, now: Instant) -> [Agreement.Output] {
        let proposal = Agreement.Proposal(claim, receivedAt: now)
        journal += [.ownProposal(proposal.statement), .proposal(proposal)]
        return step(.proposalReceived(proposal), now: now)
    }

    /// A new machine out of the journal alone.
    mutating func restart(now: Instant) -> [Agreement.Output] {
        machine = Agreement(terms)
        lines = []
        var outputs: [Agreement.Output] = []
        for row in journal {
            switch row {
            case .proposal(let proposal): outputs += machine.step(.proposalReceived(proposal), now: now)
            case .ownProposal(let statement): outputs += machine.step(.ownProposalReplayed(statement), now: now)
            case .vote(let claim): outputs += machine.step(.voteVerified(claim), now: now)
            case .ownVote(let statement):
                outputs += machine.step(.ownVoteReplayed(statement), now: now)
                let claim = committee.vote(statement, by: terms.voter ?? 0)
                outputs += machine.step(.voteVerified(claim), now: now)
            }
        }
        return outputs + step(.started, now: now)
    }
}
