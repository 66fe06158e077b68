// Why an epoch cannot be settled: one case per rule of the tally. None is reachable from a transaction; a ledger that
// meets one has a bug and must not go on.

package import Primitives

package enum SettlementError: Error, Equatable, Sendable {
    case duplicateProvider(Address)
    case duplicateValidator(Address)
    case duplicatePayer(Address)
    case unknownProvider(Address)
    case unknownPayer(Address)
    /// More than twice its block budget: a timeout, not a settled task.
    case taskIsTimeout(used: UInt64, budget: UInt64)
    /// More answers than challenges.
    case answersExceedChallenges(Address)
    /// More precommits than blocks.
    case precommitsExceedBlocks(Address)
    /// More included stake than `blocks * T`.
    case includedStakeExceedsEpoch
    /// More done than was due.
    case doneExceedsDuty(Address)
    /// Σ stake of the validators is more than T.
    case stakeExceedsTotal
    /// audit + burn + treasury + provider is not the fee charged.
    case feePartsDiffer(Address)
    /// The treasury parts of the payers are not those of the providers.
    case treasuryPartsDiffer
    /// A referrer who is the payer himself.
    case selfReferral(Address)
    case table(TableError)
    case arithmetic(ArithmeticError)
}
