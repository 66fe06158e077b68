// Every bound on what the outside can make us hold or do, by name. A bound that is not here (or in a module's own
// limits) does not exist. TidyTests fails on a limit that no code uses.

package enum Limits {
    /// Nesting of messages inside messages.
    package static let messageDepthMax = 16
    /// Aunts in a Merkle proof (formats: at most 100 of 32 bytes).
    package static let merkleAuntsMax = 100
    /// Bytes of a chain id.
    package static let chainIDBytesMax = 50
    /// Validators in one set.
    package static let validatorsMax = 1_000
    /// Voting power of a whole set: 2^60 - 1.
    package static let votingPowerTotalMax: Int64 = (1 << 60) - 1
}
