// A proposal as it travels: the header, the beacon proof, the last commit, evidence, and batches by reference. Its
// bytes are what the block id's part-set header covers, so a signature on the block id binds every one of them.
package import Codec
package import Cryptography
package import Primitives
package import Quorum

package struct CompactProposal: Hashable, Sendable, Message {
    package let header: Header
    package let beaconProof: VRFProof
    package let batches: [BatchReference]
    package let lastCommit: Commit
    package let evidence: [Evidence]

    package static let batchesMax = 1_024
    package static let partBytes = 65_536
    /// Header, 1,024 references, a commit of 1,000 entries and evidence stay well below.
    package static let bytesMax = 1 << 20

    package init(
        header: Header, beaconProof: VRFProof, batches: [BatchReference], lastCommit: Commit, evidence: [Evidence]
    ) {
        (self.header, self.beaconProof, self.batches) = (header, beaconProof, batches)
        (self.lastCommit, self.evidence) = (lastCommit, evidence)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, header)
        encoder.data(2, beaconProof)
        encoder.messages(3, batches)
        encoder.message(4, lastCommit)
        encoder.messages(5, evidence)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        header = try decoder.message(1)
        beaconProof = try decoder.fixedBytes(2)
        batches = try decoder.messages(3, count: Self.batchesMax)
        lastCommit = try decoder.message(4)
        evidence = try decoder.messages(5, count: Evidence.perBlockMax)
    }

    /// The id of the block that this proposal stands for.
    package var proposalID: ProposalID { Self.proposalID(header: header, encoded: encoded) }

    package static func proposalID(header: Header, encoded: Bytes) -> ProposalID {
        let parts = stride(from: 0, to: encoded.count, by: partBytes).map {
            Bytes(encoded[$0..<min($0 + partBytes, encoded.count)])
        }
        let partSet = PartSetHeader(total: UInt32(parts.count), hash: MerkleTree.root(of: parts))
        return ProposalID(blockID: BlockID(hash: header.hash, parts: partSet), time: header.time)
    }
}

/// A compact proposal in one round, signed by that round's proposer.
package struct SignedProposal: Hashable, Sendable {
    package let round: Round
    package let polRound: Round?
    package let compact: CompactProposal
    package let proposalID: ProposalID
    package let signature: Signature

    package init(round: Round, polRound: Round?, compact: CompactProposal, signature: Signature) {
        (self.round, self.polRound, self.compact, self.signature) = (round, polRound, compact, signature)
        proposalID = compact.proposalID
    }

    package var height: Height { compact.header.height }

    package var statement: ProposalStatement {
        ProposalStatement(height: height, round: round, polRound: polRound, proposal: proposalID)
    }
}

extension SignedProposal: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(round))
        encoder.unsigned(2, polRound.map { UInt64($0) + 1 } ?? 0)
        encoder.message(3, compact)
        encoder.data(4, signature)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let round = try decoder.round(1)
        let polRoundPlusOne = try decoder.round(2)
        let compact: CompactProposal = try decoder.message(3)
        let polRound = polRoundPlusOne == 0 ? nil : polRoundPlusOne - 1
        if let polRound, polRound >= round { throw .outOfRange(field: 2) }
        self.init(round: round, polRound: polRound, compact: compact, signature: try decoder.fixedBytes(4))
    }
}
