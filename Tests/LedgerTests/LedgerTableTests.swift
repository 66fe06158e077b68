// Ledger rules as text tables: one row is one item and its expected result. A row reads
// `sender sequence action arguments -> rule`, money in units; the block closes at a line `block`.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Testing

/// For files that see the other rule book too.
typealias LedgerRule = Rule

@Suite("ledger tables")
struct LedgerTableTests {
    struct Row {
        let item: Item
        let expected: Rule?
        let text: String
    }

    static func parse(_ line: Substring) throws -> Row {
        let sides = line.split(separator: "->").map { $0.split(separator: " ") }
        let words = try #require(sides.first)
        let sender = try #require(UInt8(words[0]))
        let sequence = try #require(UInt64(words[1]))
        let expected = sides[1].first.flatMap { name in Rule.allCases.first { $0.label == name } }
        try #require(expected != nil || sides[1] == ["ok"], "no rule \(sides[1])")
        let action = try action(words.dropFirst(2).map(String.init), by: sender)
        return Row(item: TestChain.item(sender, sequence, action), expected: expected, text: String(line))
    }

    static func action(_ words: [String], by sender: UInt8) throws -> Action {
        let numbers = words.dropFirst().compactMap(UInt64.init)
        func tokens(_ index: Int) -> Amount { Amount(numbers[index] * TestChain.token) }
        switch words[0] {
        case "transfer":
            let recipient = TestKeys(UInt8(numbers[0])).account.address
            return .transfer(Transfer(recipient: recipient, amount: Amount(numbers[1])))
        case "bond": return .bond(BondChange(amount: tokens(0)))
        case "unbond": return .unbond(BondChange(amount: tokens(0)))
        case "delegate", "undelegate":
            let change = DelegationChange(validator: TestKeys(UInt8(numbers[0])).account.address, amount: tokens(1))
            return words[0] == "delegate" ? .delegate(change) : .undelegate(change)
        case "redelegate":
            let ends = numbers.prefix(2).map { TestKeys(UInt8($0)).account.address }
            return .redelegate(Redelegation(from: ends[0], to: ends[1], amount: tokens(2)))
        case "claim": return .claim(ClaimRewards(validator: TestKeys(UInt8(numbers[0])).account.address))
        case "commission": return .setCommission(CommissionChange(rate: numbers[0]))
        case "propose":
            let pairs = words.dropFirst().map { $0.split(separator: "=").compactMap { UInt64($0) } }
            return .proposeChange(
                ProposeChange(changes: pairs.map { Setting(number: UInt32($0[0]), value: $0[1]) }))
        case "vote": return .voteForChange(VoteForChange(proposal: numbers[0]))
        case "register": return register(by: sender, keys: TestKeys(UInt8(numbers[0])).validator, tokens(1))
        case "register_weak":
            let keys = TestKeys(sender).validator
            let weak = try #require(PublicKey(Bytes(repeating: 0, count: 32)))
            return register(
                by: sender, keys: ValidatorKeys(consensus: keys.consensus, audit: weak, transport: keys.transport),
                tokens(0))
        case "register_own_account":
            let keys = TestKeys(sender)
            let mixed = ValidatorKeys(
                consensus: keys.account.publicKey, audit: keys.audit.publicKey, transport: keys.transport.publicKey)
            return register(by: sender, keys: mixed, tokens(0))
        default: throw TableWordError(word: words[0])
        }
    }

    struct TableWordError: Error { let word: String }

    /// Proofs are checked with the item's signatures, before the ledger sees it.
    static func register(by sender: UInt8, keys: ValidatorKeys, _ stake: Amount) -> Action {
        .registerValidator(
            RegisterValidator(keys: keys, stake: stake, name: [], proofs: [.zero, .zero, .zero]))
    }

    /// Runs a table; items of one block come in one batch of validator 0.
    static func run(_ table: String, on start: TestChain? = nil) throws -> TestChain {
        var chain = try start ?? TestChain()
        var rows: [Row] = []
        for line in (table + "\nblock").split(separator: "\n") {
            if line == "epoch" {
                try chain.finishEpoch()
            } else if line == "block" {
                let results = try chain.advance(rows.isEmpty ? [] : [(0, rows.map(\.item))]).dropFirst()
                for (row, result) in zip(rows, results) {
                    #expect(Rule(rawValue: result.code) == row.expected, "\(row.text)")
                }
                rows = []
            } else {
                rows.append(try parse(line))
            }
        }
        return chain
    }

    @Test("a transfer is done, or fails by one named rule")
    func transfers() throws {
        let chain = try Self.run(
            """
            10 0 transfer 11 500 -> ok
            10 1 transfer 10 500 -> ok
            10 2 transfer 20 7 -> ok
            10 4 transfer 11 1 -> nonce_gap
            10 2 transfer 11 1 -> nonce_stale
            10 3 transfer 11 0 -> zero_amount
            10 4 transfer 11 1000000000000 -> insufficient_balance
            21 0 transfer 11 1 -> unknown_account
            20 0 transfer 11 1 -> fee_unpayable
            block
            10 5 transfer 22 18446744073709551615 -> insufficient_balance
            10 6 transfer 11 1 -> ok
            """)
        #expect(chain.account(10).nextSequence == 7)
        #expect(chain.account(20) == Account(balance: Amount(7)))
        #expect(chain.account(21) == Account())
        #expect(chain.account(11).balance == Amount(1000 * TestChain.token + 501))
    }

    @Test("the fee is bytes times price and is burned; what the sender cannot pay, the author's bond pays")
    func fees() throws {
        var chain = try TestChain()
        let (paid, gap) = (TestChain.transfer(10, 0, to: 11, 5), TestChain.transfer(10, 9, to: 11, 5))
        try chain.advance([(2, [paid, gap])])
        let (fee, charge) = (UInt64(paid.encoded.count * 10), UInt64(gap.encoded.count * 10))
        #expect(chain.account(10).balance == Amount(1000 * TestChain.token - 5 - fee))
        #expect(chain.validator(2)?.bond == Amount(10_000 * TestChain.token - charge))
        #expect(chain.view.supply.burned == Amount(fee + charge))
        #expect(chain.view.supply.isConserved)
    }

    @Test("an author admits what its own state accepts, pending items counted")
    func admission() throws {
        let chain = try TestChain()
        func admit(_ item: Item, _ pending: PendingSpend = .none) -> Rule? {
            Ledger.admit(item, byteCount: item.encoded.count, on: chain.store, view: chain.view, pending: pending)
        }
        #expect(admit(TestChain.transfer(10, 0, to: 11, 5)) == nil)
        #expect(admit(TestChain.transfer(10, 1, to: 11, 5)) == .nonceGap)
        #expect(admit(TestChain.transfer(10, 1, to: 11, 5), PendingSpend(count: 1, amount: Amount(5))) == nil)
        #expect(admit(TestChain.transfer(10, 0, to: 11, 5), PendingSpend(count: 1, amount: Amount(5))) == .nonceStale)
        let all = PendingSpend(count: 1, amount: Amount(1000 * TestChain.token))
        #expect(admit(TestChain.transfer(10, 1, to: 11, 5), all) == .feeUnpayable)
        #expect(admit(TestChain.transfer(30, 0, to: 11, 5)) == .unknownAccount)
        let item = TestChain.transfer(10, 0, to: 11, 5)
        #expect(Ledger.spend(of: item, byteCount: 100, view: chain.view) == Amount(1005))
    }

    static let numbers = """
        1 unknown_account
        2 nonce_gap
        3 nonce_stale
        4 fee_unpayable
        5 unknown_provider
        6 unknown_auditor
        10 zero_amount
        11 insufficient_balance
        20 validator_exists
        21 key_taken
        22 key_not_registrable
        23 stake_below_minimum
        24 not_a_validator
        25 tombstoned
        26 bond_too_small
        27 unbonding_limit
        28 own_validator
        29 unknown_validator
        30 not_a_delegator
        31 delegation_too_small
        32 pool_diluted
        33 self_bond_too_small
        34 redelegation_maturing
        35 too_many_entries
        36 same_validator
        37 commission_too_high
        38 commission_step_too_large
        39 commission_too_soon
        50 requester_registered
        51 self_referral
        52 unknown_referrer
        53 insufficient_credits
        54 bad_replicas
        55 not_on_panel
        56 seal_repeated
        57 not_sealing
        58 not_revealing
        59 seal_differs
        60 result_outside_limits
        61 result_repeated
        100 program_refused
        101 blob_exists
        102 provider_exists
        103 not_a_provider
        104 bond_below_slot
        105 ask_below_floor
        106 repeated_offer
        107 class_unavailable
        108 unknown_engine
        110 bad_task_count
        111 unknown_program
        112 unknown_input
        113 bad_limits
        114 limit_below_work
        115 bid_below_floor
        116 escrow_above_cap
        117 escrow_below_minimum
        118 bad_assurance
        119 unknown_job
        120 not_the_requester
        121 nothing_to_cancel
        122 program_quarantined
        123 not_issued_again
        124 admission_over
        130 wrong_epoch
        131 receipt_not_assigned
        132 receipt_repeated
        133 receipt_outside_limits
        134 wrong_total
        135 nothing_counted
        136 no_bonded_slot
        137 not_challenged
        138 wrong_challenge_beacon
        139 challenge_answered
        140 epoch_not_judged
        141 audit_window_closed
        142 not_in_epoch_set
        143 audit_key_not_counting
        144 commit_repeated
        145 commit_gap
        146 task_not_judged
        147 own_task
        148 task_committed
        149 nothing_to_recheck
        150 key_disclosed
        151 bad_key_proof
        152 key_undisclosed
        153 commit_unknown
        154 reveal_repeated
        155 reveal_differs
        156 dispute_unknown
        157 vote_repeated
        158 vote_incomplete
        159 not_drawn
        160 duty_done
        161 duty_proven_before
        162 no_own_verdict
        163 objection_without_cause
        170 dispute_window_closed
        171 task_not_disputable
        172 dispute_exists
        173 dispute_without_cause
        174 deposit_too_small
        175 not_jailed
        176 jail_not_over
        177 duty_proven
        178 duty_unproven
        179 bond_locked
        180 engine_not_deferred
        181 engine_declared
        200 not_in_set
        201 bad_changes
        202 unknown_setting
        203 nothing_changes
        204 too_many_proposals
        205 parameters_refused
        206 unknown_proposal
        207 proposal_closed
        208 already_voted
        210 evidence_proves_nothing
        211 evidence_unknown
        212 evidence_too_old
        213 evidence_repeated
        214 evidence_unsigned
        """

    @Test("rules have their published numbers and names, each once")
    func numbers() {
        let names = Rule.allCases.map { "\($0.rawValue) \($0.label)" }
        #expect(Set(Rule.allCases.map(\.label)).count == Rule.allCases.count)
        #expect(
            names.joined(separator: "\n") == Self.numbers)
    }
}
