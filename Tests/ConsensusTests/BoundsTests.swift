import Consensus
import Cryptography
import Primitives
import Quorum
import Testing

@Suite("Bounds of one height")
struct BoundsTests {
    private let committee: Committee
    private var machine: Agreement
    private let now = Instant.zero

    init() throws {
        committee = try Committee(powers: [1, 1, 1, 1])
        let timeout = Timeout(base: .seconds(1), delta: .zero)
        machine = Agreement(
            Agreement.Terms(
                height: .first, set: committee.set, schedule: committee.schedule,
                timeouts: Timeouts(propose: timeout, prevote: timeout, precommit: timeout),
                timeliness: Timeliness(precision: .seconds(1), messageDelay: .seconds(1))))
        _ = machine.step(.started, now: now)
    }

    private func value(_ number: UInt64) -> ProposalID {
        let hash = Hash.sha256(number.bigEndianBytes)
        return ProposalID(blockID: BlockID(hash: hash, parts: PartSetHeader(total: 1, hash: hash)), time: .epoch1970)
    }

    private mutating func vote(_ type: VoteType, _ round: Round, _ value: ProposalID?, by index: Int) {
        let statement = VoteStatement(type: type, height: .first, round: round, proposal: value)
        _ = machine.step(.voteVerified(committee.vote(statement, by: index)), now: now)
    }

    @Test("one validator's votes for many rounds and values take a bounded place")
    mutating func oneVoter() {
        for round in Round(0)..<200 {
            for number in 0..<5 as Range<UInt64> { vote(.prevote, round, value(number), by: 0) }
        }
        #expect(machine.round == 0)
        #expect(machine.roundsKept == Array(0...ConsensusLimits.roundsAheadMax))
        #expect(machine.votes(.prevote, round: 0).count == ConsensusLimits.votesPerKeyMax)
    }

    @Test("of many past rounds those with a polka stay, and the number is bounded")
    mutating func pastRounds() {
        for index in 0..<3 { vote(.prevote, 3, value(1), by: index) }
        for round in Round(4)..<300 {
            for index in 0..<3 { vote(.prevote, round, nil, by: index) }
        }
        let below = machine.roundsKept.filter { $0 < machine.round }
        #expect(machine.round == 299)
        #expect(below.count == ConsensusLimits.roundsBehindMax)
        #expect(below.first == 3)
        #expect(below.dropFirst().first == 300 - UInt32(ConsensusLimits.roundsBehindMax))
    }

    @Test("a decision in the oldest round that is kept is still reached")
    mutating func lateDecision() {
        for round in Round(0)..<300 {
            for index in 0..<3 { vote(.prevote, round, nil, by: index) }
        }
        let round = machine.roundsKept.first ?? 0
        for index in 0..<3 { vote(.precommit, round, value(1), by: index) }
        let outputs = machine.step(.proposalChecked(value(1), .valid), now: now)
        #expect(outputs.contains { if case .decided(value(1), round, _) = $0 { true } else { false } })
    }

    @Test("votes of strangers, of other heights and with a foreign address are dropped")
    mutating func strangers() throws {
        let before = machine
        let statement = VoteStatement(type: .prevote, height: .first, round: 0, proposal: nil)
        let signature = committee.keys[0].sign(statement.signBytes(chainID: committee.chainID))
        let votes = [
            Vote(statement: statement, address: committee.keys[0].address, index: 4, signature: signature),
            Vote(statement: statement, address: committee.keys[0].address, index: .max, signature: signature),
            Vote(statement: statement, address: committee.keys[0].address, index: 1, signature: signature),
            Vote(statement: statement, address: committee.keys[1].address, index: 1, signature: signature),
        ]
        for vote in votes {
            let claim = VoteClaim(vote: vote, chainID: committee.chainID, key: committee.keys[0].publicKey)
            #expect(machine.step(.voteVerified(try #require(Verified(claim))), now: now).isEmpty)
        }
        let other = VoteStatement(type: .prevote, height: .first.advanced(), round: 0, proposal: nil)
        #expect(machine.step(.voteVerified(committee.vote(other, by: 0)), now: now).isEmpty)
        #expect(machine.votes(.prevote, round: 0).isEmpty)
        #expect(machine.roundsKept == before.roundsKept)
    }
}
