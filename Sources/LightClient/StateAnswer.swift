// A node's answer to `abci_query` with a proof, judged against a believed header. The app hash of height h + 1 is the
// root of the state after block h (formats A10), so the answer for h needs the header of h + 1.
package import Chain
package import Primitives

package enum StateAnswerError: Error, Equatable, Sendable {
    /// Not `ics23:smt`.
    case wrongProofType
    /// The proof operation is for another key than the answer.
    case wrongProofKey
    /// The header is not the one after the answer's height.
    case wrongHeight
    /// The header's app hash is not a root of ours.
    case wrongAppHash
    case proof(StateProofError)
}

package struct StateAnswer: Hashable, Sendable {
    package static let proofType = Bytes("ics23:smt".utf8)

    /// The height whose state is reported.
    package let height: Height
    /// nil when the key is said to be absent.
    package let value: Bytes?
    /// The one proof operation: its type, its key and its data (a CommitmentProof).
    package let proofType: Bytes
    package let proofKey: Bytes
    package let proof: Bytes

    package init(height: Height, value: Bytes?, proofType: Bytes, proofKey: Bytes, proof: Bytes) {
        (self.height, self.value) = (height, value)
        (self.proofType, self.proofKey, self.proof) = (proofType, proofKey, proof)
    }

    /// Throws unless the answer is true for `key`, given that `header` is believed.
    package func verify(key: Bytes, header: Header) throws(StateAnswerError) {
        guard proofType == Self.proofType else { throw .wrongProofType }
        guard proofKey == key else { throw .wrongProofKey }
        guard header.height == height.advanced() else { throw .wrongHeight }
        guard let root = Digest(header.appHash) else { throw .wrongAppHash }
        do { try CommitmentProof.verify(encoded: proof, key: key, value: value, root: root) } catch {
            throw .proof(error)
        }
    }
}
