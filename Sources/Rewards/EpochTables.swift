// The two tables that validators agree on at the end of an epoch (design, section 9). Their canonical bytes are made
// by the codec, their roots by the ledger; here are the rows, their order and their sums.
// Invariant: keys ascend strictly, so two validators with the same rows have the same bytes.

package import Primitives

/// Why an account is paid. The raw value is its number on the chain.
package enum RewardKind: UInt32, CaseIterable, Comparable, Sendable {
    case fee = 1
    case usageSubsidy = 2
    case standby = 3
    case staking = 4
    case commission = 5
    case proposal = 6
    case precommit = 7
    case audit = 8
    case referral = 9
    case reporter = 10
    case compensation = 11

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .fee: "fee"
        case .usageSubsidy: "usage_subsidy"
        case .standby: "standby"
        case .staking: "staking"
        case .commission: "commission"
        case .proposal: "proposal"
        case .precommit: "precommit"
        case .audit: "audit"
        case .referral: "referral"
        case .reporter: "reporter"
        case .compensation: "compensation"
        }
    }

    package static func < (lhs: RewardKind, rhs: RewardKind) -> Bool { lhs.rawValue < rhs.rawValue }
}

package enum RewardAsset: UInt32, CaseIterable, Comparable, Sendable {
    case token = 0
    case credits = 1

    package static func < (lhs: RewardAsset, rhs: RewardAsset) -> Bool { lhs.rawValue < rhs.rawValue }
}

package enum SlashOffence: UInt32, CaseIterable, Comparable, Sendable {
    case equivocation = 1
    case wrongResult = 2
    case approvedWrongResult = 3
    case wrongDigest = 4
    case falseDispute = 5
    case missedDuties = 6
    case absence = 7
    case undisclosedKey = 8
    /// v of a task that was not delivered in time, burned.
    case timeout = 9

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .equivocation: "equivocation"
        case .wrongResult: "wrong_result"
        case .approvedWrongResult: "approved_wrong_result"
        case .wrongDigest: "wrong_digest"
        case .falseDispute: "false_dispute"
        case .missedDuties: "missed_duties"
        case .absence: "absence"
        case .undisclosedKey: "undisclosed_key"
        case .timeout: "timeout"
        }
    }

    package static func < (lhs: SlashOffence, rhs: SlashOffence) -> Bool { lhs.rawValue < rhs.rawValue }

    /// The base rate in ppm; nil where the amount follows from the task or the dispute.
    package func baseRate(_ rules: SlashRules) -> UInt64? {
        switch self {
        case .equivocation: rules.equivocation
        case .approvedWrongResult: rules.approvedWrong
        case .wrongDigest: rules.wrongDigest
        case .missedDuties: rules.missedDuties
        case .absence: rules.absence
        case .wrongResult, .falseDispute, .undisclosedKey, .timeout: nil
        }
    }

    /// Only these rise with the stake of all offenders of the window.
    package var isCorrelated: Bool { self == .equivocation || self == .approvedWrongResult }
}

/// The order of the reward table, and what is unique in it.
package struct RewardKey: Hashable, Comparable, Sendable {
    package let account: Address
    package let kind: RewardKind
    package let asset: RewardAsset

    package init(account: Address, kind: RewardKind, asset: RewardAsset = .token) {
        (self.account, self.kind, self.asset) = (account, kind, asset)
    }

    package static func < (lhs: RewardKey, rhs: RewardKey) -> Bool {
        (lhs.account, lhs.kind, lhs.asset) < (rhs.account, rhs.kind, rhs.asset)
    }
}

package struct RewardRow: Hashable, Sendable {
    package let key: RewardKey
    package let amount: Amount
    package let reason: Reason
    /// What proves the cause, where one thing does.
    package let evidence: Digest?

    package init(key: RewardKey, amount: Amount, reason: Reason, evidence: Digest? = nil) {
        (self.key, self.amount, self.reason, self.evidence) = (key, amount, reason, evidence)
    }
}

package struct SlashKey: Hashable, Comparable, Sendable {
    package let account: Address
    package let offence: SlashOffence
    package let evidence: Digest

    package init(account: Address, offence: SlashOffence, evidence: Digest) {
        (self.account, self.offence, self.evidence) = (account, offence, evidence)
    }

    package static func < (lhs: SlashKey, rhs: SlashKey) -> Bool {
        (lhs.account, lhs.offence, lhs.evidence) < (rhs.account, rhs.offence, rhs.evidence)
    }
}

/// `amount = reporter + injured + burned`; injured counts voters and requester together.
package struct SlashRow: Hashable, Sendable {
    package let key: SlashKey
    package let amount: Amount
    package let reporter: Amount
    package let injured: Amount
    package let burned: Amount

    /// Throws where reporter and injured get more than was taken.
    package init(key: SlashKey, amount: Amount, reporter: Amount, injured: Amount) throws(ArithmeticError) {
        (self.key, self.amount, self.reporter, self.injured) = (key, amount, reporter, injured)
        burned = try amount.subtracting(reporter).subtracting(injured)
    }
}

package enum TableError: Error, Equatable, Sendable {
    case duplicateReward(RewardKey)
    case duplicateSlash(SlashKey)
    /// An amount of 0 needs a reason for a zero, and only that.
    case reasonDoesNotExplain(RewardKey, Reason)
    case arithmetic(ArithmeticError)
}

package struct EpochTables: Hashable, Sendable {
    package let rewards: [RewardRow]
    package let slashes: [SlashRow]
    /// All rows in MRT.
    package let paid: Amount
    /// All rows in credits.
    package let paidInCredits: Amount
    package let slashed: Amount
    /// Beside each reward row what it was computed from, where one formula gives the amount.
    package let bases: [RowBasis?]

    /// Sorts the rows; refuses two with one key. `bases`: one for each reward row, or none.
    package init(
        rewards: [RewardRow], slashes: [SlashRow], bases: [RowBasis?] = []
    ) throws(TableError) {
        precondition(bases.isEmpty || bases.count == rewards.count, "\(bases.count) bases of \(rewards.count) rows")
        var (rewards, bases) = (rewards, bases)
        if bases.isEmpty { bases = [RowBasis?](repeating: nil, count: rewards.count) }
        if !Self.ascend(rewards) {
            let order = rewards.indices.sorted { rewards[$0].key < rewards[$1].key }
            (rewards, bases) = (order.map { rewards[$0] }, order.map { bases[$0] })
            for (row, next) in zip(rewards, rewards.dropFirst()) where row.key == next.key {
                throw .duplicateReward(row.key)
            }
        }
        let slashes = slashes.sorted { $0.key < $1.key }
        for (row, next) in zip(slashes, slashes.dropFirst()) where row.key == next.key {
            throw .duplicateSlash(row.key)
        }
        var (paid, paidInCredits) = (Amount.zero, Amount.zero)
        for row in rewards {
            if (row.amount == .zero) != row.reason.explainsZero { throw .reasonDoesNotExplain(row.key, row.reason) }
            do throws(ArithmeticError) {
                switch row.key.asset {
                case .token: paid = try paid.adding(row.amount)
                case .credits: paidInCredits = try paidInCredits.adding(row.amount)
                }
            } catch {
                throw .arithmetic(error)
            }
        }
        (self.paid, self.paidInCredits) = (paid, paidInCredits)
        (self.rewards, self.slashes, self.bases) = (rewards, slashes, bases)
        do throws(ArithmeticError) {
            slashed = try Amount.sum(slashes.lazy.map(\.amount))
        } catch {
            throw .arithmetic(error)
        }
    }

    /// Strictly.
    private static func ascend(_ rows: [RewardRow]) -> Bool {
        rows.withUnsafeBufferPointer { rows in
            for index in rows.indices.dropFirst() where rows[index - 1].key >= rows[index].key { return false }
            return true
        }
    }
}
