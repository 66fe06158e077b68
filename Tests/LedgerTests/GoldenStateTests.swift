// The bytes of the state: tags, singletons, parameter numbers, and one encoded value of each message. A change here is
// a change of the chain.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Rewards
import Testing

@Suite("golden state")
struct GoldenStateTests {
    @Test("tags and singletons have their published numbers")
    func tags() {
        #expect(
            StateTag.allCases.map { "\($0.rawValue) \($0)" } == [
                "1 account", "2 validator", "3 keyAddress", "4 provider", "5 seating", "6 author", "7 evidence",
                "8 singleton", "9 unbonding", "10 epochSummary", "11 pendingSlash", "12 offender",
                "13 delegation", "14 tranche", "15 delegatorUnbonding", "16 stakeTerms", "17 redelegation",
                "32 blob", "33 job", "34 task", "35 work", "36 assignment", "37 deadline", "38 queue",
                "40 providerUnbonding", "42 uptime", "43 requester", "44 due", "45 purses", "46 grants",
                "47 reputations",
                "48 epochSet", "49 drawBeacon", "50 auditCommit", "51 taskAudits", "52 disclosure", "53 dispute",
                "54 disputeVote", "55 standing", "56 attendanceSlot", "57 missedDuty", "58 redraw",
                "59 engineLoss", "60 deferredSlash", "61 lock", "62 declaration", "63 undeliverable",
                "64 panel", "65 panelDeadline", "66 seat", "67 panelDue", "68 held",
                "72 proposal", "80 admission", "81 admissionTask", "82 admissionOpen",
                "96 dutyCount",
            ])
        #expect(
            Singleton.allCases.map { "\($0.rawValue) \($0)" } == [
                "1 chain", "2 consensusParameters", "3 ledgerParameters", "4 supply", "5 beacon", "6 epoch",
                "7 epochCount", "8 pools", "33 auditCalendar", "34 attendance", "40 challenges",
                "41 providers",
                "48 governance",
            ])
        #expect(Hex.lower(StateKey.account(Self.address)) == "01" + Self.twenty)
        #expect(Hex.lower(StateKey.seating(since: .first)) == "050000000000000001")
        #expect(Hex.lower(StateKey.unbonding(Self.address, free: 258)) == "090000000000000102" + Self.twenty)
        #expect(Hex.lower(StateKey.singleton(.epoch)) == "0806")
    }

    static let twenty = String(repeating: "aa", count: 20)
    static let address = Address(hex: twenty)!
    static let b = String(repeating: "bb", count: 32)
    static let digest = Digest(hex: b)!

    static func rows() throws -> [(String, Bytes, String)] {
        let keys = ValidatorKeys(
            consensus: PublicKey(hex: b)!, audit: PublicKey(hex: b)!, transport: PublicKey(hex: b)!)
        let three = "0a66" + "0a20\(b)1220\(b)1a20\(b)"
        var validator = ValidatorRecord(keys: keys, name: [0x41], registeredEpoch: 2)
        _ = try validator.delegations.join(Amount(5), &validator.own)
        (validator.isTombstoned, validator.joining, validator.leaving) = (true, Amount(3), Amount(1))
        var provider = ProviderRecord(ProviderNumber(3), registeredEpoch: 0, bond: Amount(5))
        provider.takesCredits = true
        var supply = Supply(genesis: Amount(300), reserve: Amount(1))
        supply.balances = Amount(300)
        let reward = RewardRow(
            key: RewardKey(account: address, kind: .staking), amount: Amount(7), reason: .stakeAtStart)
        let slash = try SlashRow(
            key: SlashKey(account: address, offence: .equivocation, evidence: digest), amount: Amount(9),
            reporter: Amount(1), injured: Amount(2))
        let seat = Seat(operatorAddress: address, keys: keys, power: 4)
        return [
            ("Account", Account(nonce: 2, balance: Amount(300)).encoded, "080210ac02"),
            (
                "ValidatorRecord", validator.encoded,
                three + "1204080510051a0208052201412802300138034001"
            ),
            ("ProviderRecord", provider.encoded, "080110052803" + "3001"),
            (
                "Seating", try Seating([seat], activeSince: .first).encoded,
                "0801128001" + "0a14\(twenty)" + "1266" + three.dropFirst(4) + "1804"
            ),
            (
                "EpochRecord", EpochRecord(number: 3, startHeight: .first, startTime: .epoch1970).encoded,
                "080110031a00"
            ),
            ("Supply", supply.encoded, "08ac0220ac024801"),
            ("UnbondingRecord", UnbondingRecord(amount: Amount(1)).encoded, "0801"),
            ("RewardRow", reward.encoded, "0a14\(twenty)100420072804"),
            ("SlashRow", slash.encoded, "0a14\(twenty)100118092220\(b)280130023806"),
            ("Setting", Setting(number: 101, value: 20).encoded, "08651014"),
        ]
    }

    @Test("one value of each message has its golden bytes and decodes to itself")
    func values() throws {
        for (name, bytes, golden) in try Self.rows() { #expect(Hex.lower(bytes) == golden, "\(name)") }
    }

    @Test("every state value of a busy chain decodes, and its first field is written")
    func firstFields() throws {
        var chain = try TestChain()
        try chain.advance([(0, [TestChain.transfer(10, 0, to: 3, TestChain.token)])])
        let leave = TestChain.item(3, 0, .unbond(BondChange(amount: Amount(TestChain.token))))
        try chain.finishEpoch([(0, [leave])])
        try chain.advance(evidence: [chain.duplicateVotes(2, at: 1)])
        var tags: Set<UInt8> = []
        var next = chain.store.first(.state, from: [])
        while let entry = next {
            tags.insert(entry.key[0])
            #expect(entry.value[0] >> 3 == 1, "\(Hex.lower(entry.key))")
            next = chain.store.first(.state, from: entry.key + [0])
        }
        // Tags from 13 on are the delegators', the market's and the auditors'.
        let expected = StateTag.allCases.map(\.rawValue).filter { $0 < 13 && $0 != StateTag.provider.rawValue }
        #expect(tags == Set(expected + [StateTag.epochSet.rawValue]))
    }

    @Test("parameters have unique ascending numbers and unique names, and the state keeps every one")
    func parameters() throws {
        let fields = LedgerParameters.fields
        #expect(zip(fields, fields.dropFirst()).allSatisfy { $0.number < $1.number })
        #expect(Set(fields.map(\.name)).count == fields.count && fields.count == 85)
        let local = LedgerParameters(rewards: .local)
        #expect(try LedgerParameters(local.differences) == local)
        #expect(try LedgerParameters(local.settings) == local)
        #expect(try TestChain().view.parameters == TestChain.parameters)
        let listing = fields.map { "\($0.number) \($0.name)\n" }.joined()
        let golden = "78e77f9247ca54f1ccf37ab13fafab865f3087979c48b19cd26c3f989464c1c0"
        #expect(Hash.sha256(Bytes(listing.utf8)).description == golden)
    }
}
