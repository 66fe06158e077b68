// What a proposer signs (formats A6, CanonicalProposal). The part-set header of the block id covers the compact
// proposal as it travels, so this signature binds all of it.
import Codec
package import Primitives

package struct ProposalStatement: Hashable, Sendable {
    package let height: Height
    package let round: Round
    /// The round whose polka justifies proposing this value again; nil (−1 on the wire) for a fresh value.
    package let polRound: Round?
    package let proposal: ProposalID

    package init(height: Height, round: Round, polRound: Round?, proposal: ProposalID) {
        (self.height, self.round, self.polRound, self.proposal) = (height, round, polRound, proposal)
    }

    package func signBytes(chainID: ChainID) -> Bytes {
        var encoder = Encoder(capacity: 160)
        encoder.unsigned(1, 32)
        encoder.fixed(2, height.signed)
        encoder.fixed(3, Int64(round))
        encoder.signed(4, polRound.map(Int64.init) ?? -1)
        encoder.message(5, proposal.blockID)
        encoder.message(6, proposal.time)
        encoder.data(7, chainID.bytes)
        return Encoder.delimited(encoder.bytes)
    }
}
