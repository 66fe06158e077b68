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

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .unknownAccount: "unknown_account"
        case .nonceGap: "nonce_gap"
        case .nonceStale: "nonce_stale"
        case .feeUnpayable: "fee_unpayable"
        case .zeroAmount: "zero_amount"
        case .insufficientBalance: "insufficient_balance"
        }
    }

    /// True where the sender is not charged and its sequence not consumed.
    package var isChargedToAuthor: Bool { rawValue < 10 }
}
