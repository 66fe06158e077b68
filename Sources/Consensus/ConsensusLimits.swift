// What one height of consensus holds at most. With n validators: (roundsBehindMax + roundsAheadMax + 2) rounds of two
// tallies of at most n * (votesPerKeyMax + proposalsMax) signatures, and two votes per validator beyond the window.

package enum ConsensusLimits {
    /// Rounds above the current one whose votes and proposals are kept in full; beyond, only each validator's highest.
    package static let roundsAheadMax: UInt32 = 4
    /// Rounds below the current one whose votes are kept, those with a polka before others.
    package static let roundsBehindMax = 64
    /// Different votes of one validator for one round and type, unless the value is one this node already handles.
    package static let votesPerKeyMax = 2
    /// Values of one height that this node handles; what is locked, valid, proposed or has a quorum stays.
    package static let proposalsMax = 128
    /// The highest round: rounds travel as int32.
    package static let roundMax = UInt32(Int32.max)
}
