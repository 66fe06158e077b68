// What a slash row's evidence stands for, self-contained: the transcript of a dispute, or two statements that one
// validator signed for one place. Invariant: what is told has the id that the row names.
package import Chain
package import Codec
import Ledger
import LightClient
package import Primitives
package import Quorum
import Rewards

package enum SlashEvidence: Hashable, Sendable, Message {
    case dispute(DisputeTranscript)
    case votes(Evidence)
    case proposals(DuplicateProposals)

    package func encode(into encoder: inout Encoder) {
        switch self {
        case .dispute(let transcript): encoder.message(1, transcript)
        case .votes(let evidence): encoder.message(2, evidence)
        case .proposals(let proposals): encoder.message(3, proposals)
        }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        switch try decoder.nextField() {
        case 1: self = .dispute(try decoder.message(1))
        case 2: self = .votes(try decoder.message(2))
        case 3: self = .proposals(try decoder.message(3))
        case .some(let field): throw .unexpectedField(field)
        case nil: throw .missing(field: 1)
        }
    }

    /// The rows with what their evidence stands for; each piece belongs to a row, and no two are of one id.
    static func attached(
        _ evidence: [SlashEvidence], to slashes: [CheckedExplanation.Slash], under header: Header
    ) throws(ExplanationError) -> [CheckedExplanation.Slash] {
        guard let chainID = ChainID(header.chainID) else { throw .header(.wrongChainID) }
        var known: [Digest: CheckedEvidence] = [:]
        for entry in evidence {
            let checked: CheckedEvidence
            do { checked = try entry.check(under: header, chainID: chainID) } catch { throw .evidence(error) }
            guard known.updateValue(checked, forKey: checked.id) == nil else { throw .foreignEvidence(checked.id) }
        }
        let attached = slashes.map { slash in
            var slash = slash
            slash.evidence = known.removeValue(forKey: slash.row.key.evidence)
            return slash
        }
        if let id = known.keys.min() { throw .foreignEvidence(id) }
        return attached
    }

    /// `header`: the believed one right after the block that settled the epoch.
    func check(under header: Header, chainID: ChainID) throws(DisputeTranscriptError) -> CheckedEvidence {
        switch self {
        case .dispute(let transcript): .dispute(try transcript.check(under: header.lastBlockID.hash))
        case .votes(let evidence): .equivocation(Equivocation(evidence))
        case .proposals(let proposals): .equivocation(Equivocation(proposals, chainID))
        }
    }
}

package enum CheckedEvidence: Sendable {
    case dispute(ProvenDispute)
    case equivocation(Equivocation)

    package var id: Digest {
        switch self {
        case .dispute(let dispute): dispute.id
        case .equivocation(let equivocation): equivocation.id
        }
    }
}

/// Two different statements of one validator for one height and round. What is told of them is covered by the id.
package struct Equivocation: Sendable {
    package let id: Digest
    /// "prevotes", "precommits" or "proposals".
    package let kind: String
    /// Its consensus address.
    package let validator: Address
    package let height: Height
    package let round: Round
    /// Hashes of the blocks; nil for a vote for none.
    package let first: Digest?
    package let second: Digest?

    fileprivate init(_ evidence: Evidence) {
        id = evidence.id
        switch evidence {
        case .duplicateVote(let votes):
            let vote = votes.voteA
            kind = vote.type == .prevote ? "prevotes" : "precommits"
            (validator, height, round) = (vote.validatorAddress, vote.height, vote.round)
            (first, second) = (vote.blockID.hash, votes.voteB.blockID.hash)
        }
    }

    fileprivate init(_ proposals: DuplicateProposals, _ chainID: ChainID) {
        let statement = proposals.first.statement
        (id, kind, validator) = (proposals.id(chainID: chainID), "proposals", proposals.validator)
        (height, round) = (statement.height, statement.round)
        first = statement.proposal.blockID.hash
        second = proposals.second.statement.proposal.blockID.hash
    }
}
