// Reads an auditor's situation from a snapshot: the draws of its key, the windows, and what the state holds of its
// words.
import Chain
package import Cryptography
import Ledger
package import Primitives
package import Quorum

package struct AuditReader: Sendable {
    private let key: SigningKey
    private let chainID: ChainID

    /// `key`: the audit key.
    package init(key: SigningKey, chainID: ChainID) { (self.key, self.chainID) = (key, chainID) }

    /// Of the nonces of an epoch: an output of the audit key that nobody else can compute, the same in every life.
    package static func nonceSeed(epoch: UInt64, key: SigningKey, chainID: ChainID) -> Digest {
        let alpha = Bytes("merit/nonce".utf8) + chainID.bytes + epoch.bigEndianBytes
        guard let output = VRF.output(of: VRF.prove(alpha, key: key)) else {
            preconditionFailure("the own proof has no output")
        }
        return Hash.sha256(output)
    }

    /// nil while the key belongs to no validator.
    package func situation(on snapshot: some Snapshot) -> AuditSituation? { nil }
}
