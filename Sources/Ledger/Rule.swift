// Why an item changed nothing but its sender's fee: one case per rule. The raw value is the code of the item's result,
// so it is under `last_results_hash`: never reuse or change one. 0 is success.

package enum Rule: UInt32, Error, CaseIterable, Sendable {
    // 1-9: the sender. These cost the author of the batch, because the sender cannot be charged.
    /// No account with this address exists.
    case unknownAccount = 1
    /// The sequence is above the account's next one; the item is not consumed.
    case nonceGap = 2
    /// The sequence was used already.
    case nonceStale = 3
    /// The balance does not cover the fee of the item's bytes.
    case feeUnpayable = 4

    // 10-19: money.
    /// An amount of zero.
    case zeroAmount = 10
    /// The balance after the fee does not cover the amount.
    case insufficientBalance = 11

    // 20-29: stake.
    /// The sender is a validator already.
    case validatorExists = 20
    /// A key of another validator, of another role, or of the sender's account.
    case keyTaken = 21
    /// A key that is no point of the main subgroup.
    case keyNotRegistrable = 22
    /// The bond would be above zero and below `validator_stake_min`.
    case stakeBelowMinimum = 23
    case notAValidator = 24
    /// Excluded for good.
    case tombstoned = 25
    /// More than the bond holds.
    case bondTooSmall = 26
    /// The last third of the stake cannot leave within one epoch.
    case unbondingLimit = 27

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .unknownAccount: "unknown_account"
        case .nonceGap: "nonce_gap"
        case .nonceStale: "nonce_stale"
        case .feeUnpayable: "fee_unpayable"
        case .zeroAmount: "zero_amount"
        case .insufficientBalance: "insufficient_balance"
        case .validatorExists: "validator_exists"
        case .keyTaken: "key_taken"
        case .keyNotRegistrable: "key_not_registrable"
        case .stakeBelowMinimum: "stake_below_minimum"
        case .notAValidator: "not_a_validator"
        case .tombstoned: "tombstoned"
        case .bondTooSmall: "bond_too_small"
        case .unbondingLimit: "unbonding_limit"
        }
    }

    /// True where the sender is not charged and its sequence not consumed.
    package var isChargedToAuthor: Bool { rawValue < 10 }
}
