// An item with everything that is computed of it once, when its bytes are first read: by a verifier's thread as a rule,
// so that the core's thread neither decodes nor hashes it again. A class, because it is handed from list to list and
// never changes.
package import Codec
import Cryptography
package import Primitives

package final class DecodedItem: Sendable {
    package let item: Item
    package let bytes: Bytes
    package let contentID: Digest
    /// SHA-256 of the bytes.
    package let hash: Digest

    package init(decoding bytes: Bytes) throws(DecodeError) {
        (item, self.bytes) = (try Item(decoding: bytes), bytes)
        (contentID, hash) = (item.contentID, Hash.sha256(bytes))
    }
}
