// The bytes of delegations and governance: one encoded value of each action and record. A change here is a change of
// the chain.
import Chain
import Codec
import Cryptography
import Primitives
import Quorum
import Rewards
import Testing

@testable import Ledger

@Suite("golden stake")
struct GoldenStakeTests {
    static let twenty = String(repeating: "aa", count: 20)
    static let address = Address(hex: twenty)!
    static let b = String(repeating: "bb", count: 32)
    static let digest = Digest(hex: b)!

    static var proposal: SignedProposalStatement {
        let id = BlockID(hash: digest, parts: PartSetHeader(total: 1, hash: digest))
        let statement = ProposalStatement(
            height: .first, round: 2, polRound: 1,
            proposal: ProposalID(blockID: id, time: Timestamp(seconds: 5, nanoseconds: 0)!))
        return SignedProposalStatement(statement, signature: .zero)
    }

    static func actions() -> [(String, Bytes, String)] {
        let signed = "08011002180222480a20\(b)12240801" + "1220\(b)2a0208053240" + String(repeating: "00", count: 64)
        return [
            ("DelegationChange", DelegationChange(validator: address, amount: Amount(5)).encoded, "0a14\(twenty)1005"),
            (
                "Redelegation", Redelegation(from: address, to: address, amount: Amount(5)).encoded,
                "0a14\(twenty)1214\(twenty)1805"
            ),
            ("ClaimRewards", ClaimRewards(validator: address).encoded, "0a14\(twenty)"),
            ("CommissionChange", CommissionChange(rate: 300).encoded, "08ac02"),
            (
                "ProposeChange", ProposeChange(changes: [Setting(number: 101, value: 20)]).encoded, "0a0408651014"
            ),
            ("VoteForChange", VoteForChange(proposal: 2).encoded, "0802"),
            ("SignedProposalStatement", proposal.encoded, signed),
            (
                "DuplicateProposals", DuplicateProposals(validator: address, proposal, proposal).encoded,
                "0a14\(twenty)12\(length(signed))\(signed)1a\(length(signed))\(signed)"
            ),
        ]
    }

    /// A length of 128 bytes and more, as a varint.
    static func length(_ hex: String) -> String {
        let count = hex.count / 2
        return count < 128 ? Hex.lower([UInt8(count)]) : Hex.lower([UInt8(count & 127 | 128), UInt8(count >> 7)])
    }

    static func records() throws -> [(String, Bytes, String)] {
        var tranche = TrancheRecord(isShares: false, matures: 3)
        var position = Delegation()
        _ = try tranche.pool.join(Amount(5), &position)
        (tranche.isShares, tranche.accumulator) = (true, 7)
        var entry = Membership(epoch: 1, source: address)
        entry.position = position
        var record = DelegationRecord()
        record.position.shares = 9
        record.arrivals = [entry]
        record.exits = [Membership(epoch: 2)]
        var terms = StakeTerms()
        terms.arrive(Amount(5), in: 2)
        (terms.commission, terms.commissionSince, terms.commissionBefore) = (300, 4, 1)
        var proposal = ProposalRecord(
            number: 1, proposer: address, changes: [Setting(number: 101, value: 20)], closes: 8)
        (proposal.status, proposal.votes, proposal.decided) = (.refused, [address], 3)
        proposal.refusal = [0x41]
        let member = "08021214\(twenty)1a020805"
        return [
            ("TrancheRecord", tranche.encoded, "0a04080510051001" + "20072803"),
            ("DelegationRecord", record.encoded, "0a0208091a1c\(member)" + "220408031a00"),
            ("DueRecord", DueRecord(epoch: 2).encoded, "0803"),
            ("StakeTerms", terms.encoded, "0803100518ac0220042801"),
            (
                "ProposalRecord", proposal.encoded,
                "08011214\(twenty)1a0408651014" + "200828053214\(twenty)3803420141"
            ),
            ("GovernanceRecord", GovernanceRecord(newest: 2).encoded, "0802"),
        ]
    }

    @Test("one value of each message has its golden bytes")
    func values() throws {
        for (name, bytes, golden) in try Self.actions() + Self.records() {
            #expect(Hex.lower(bytes) == golden, "\(name)")
        }
    }

    @Test("every record decodes to itself, and every action under its published number")
    func decoding() throws {
        for (name, bytes, _) in try Self.records() {
            let again: any Message =
                switch name {
                case "TrancheRecord": try TrancheRecord(decoding: bytes)
                case "DelegationRecord": try DelegationRecord(decoding: bytes)
                case "DueRecord": try DueRecord(decoding: bytes)
                case "StakeTerms": try StakeTerms(decoding: bytes)
                case "ProposalRecord": try ProposalRecord(decoding: bytes)
                default: try GovernanceRecord(decoding: bytes)
                }
            #expect(again.encoded == bytes, "\(name)")
        }
        let change = DelegationChange(validator: Self.address, amount: Amount(5))
        let actions: [(UInt32, Action)] = [
            (14, .delegate(change)), (15, .undelegate(change)),
            (16, .redelegate(Redelegation(from: Self.address, to: Self.address, amount: Amount(5)))),
            (17, .claim(ClaimRewards(validator: Self.address))), (18, .setCommission(CommissionChange(rate: 3))),
            (50, .proposeChange(ProposeChange(changes: [Setting(number: 1, value: 2)]))),
            (51, .voteForChange(VoteForChange(proposal: 2))),
            (52, .reportProposals(DuplicateProposals(validator: Self.address, Self.proposal, Self.proposal))),
        ]
        for (field, action) in actions {
            let content = TransactionContent(
                sender: PublicKey(hex: Self.b)!, sequence: 1, action: action)
            let bytes = content.encoded
            #expect(try TransactionContent(decoding: bytes) == content)
            // The key of 34 bytes and the sequence of 2 stand before it.
            var tag = Bytes()
            Encoder.append(varint: UInt64(field << 3 | 2), to: &tag)
            #expect(Bytes(bytes.dropFirst(36).prefix(tag.count)) == tag, "\(field)")
        }
    }

    @Test("keys are tags and ids")
    func keys() {
        let a = Self.address
        #expect(Hex.lower(StateKey.delegation(to: a, by: a)) == "0d" + Self.twenty + Self.twenty)
        #expect(
            Hex.lower(StateKey.tranche(TrancheID(.redelegation, of: a, epoch: 258, to: a)))
                == "0e\(Self.twenty)030000000000000102\(Self.twenty)")
        #expect(Hex.lower(StateKey.tranche(TrancheID(.join, of: a, epoch: 1))) == "0e\(Self.twenty)010000000000000001")
        #expect(
            Hex.lower(StateKey.delegatorUnbonding(free: 258, of: a, by: a))
                == "0f0000000000000102" + Self.twenty + Self.twenty)
        #expect(Hex.lower(StateKey.stakeTerms(a)) == "10" + Self.twenty)
        #expect(
            Hex.lower(StateKey.redelegation(258, from: a, to: a)) == "110000000000000102" + Self.twenty + Self.twenty)
        #expect(Hex.lower(StateKey.proposal(258)) == "480000000000000102")
    }
}
