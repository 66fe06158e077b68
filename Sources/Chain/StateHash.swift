// The hashes of the state tree (formats A10), shared by the tree that makes proofs and the verifier that checks them.
import Cryptography
package import Primitives

/// The hashes of the state tree.
package enum StateHash {
    /// An empty child, and by convention the root of a tree without leaves.
    package static let empty = Digest.zero

    package static func key(_ key: Bytes) -> Digest { Hash.sha256(key) }

    /// `keyHash` is SHA-256 of the key; `value` is the whole value.
    package static func leaf(keyHash: Digest, value: Bytes) -> Digest {
        Digest.withJoined(0, keyHash, Hash.sha256(value)) { Hash.sha256($0) }
    }

    package static func inner(_ left: Digest, _ right: Digest) -> Digest { MerkleTree.innerHash(left, right) }
}
