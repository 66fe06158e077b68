// What is believed about one height: the header, and the set that decides the next one. Made by the verifier, or by the
// user's word (a checkpoint, the trust store's file).
// Invariant: hash(nextValidators) = header.nextValidatorsHash, and hash = header.hash.
package import Chain
package import Codec
package import Primitives
package import Quorum

package struct TrustedState: Hashable, Sendable, Message {
    package let header: Header
    package let nextValidators: ValidatorSet
    package let hash: Digest

    package var height: Height { header.height }

    /// Takes the caller's word for the header; nil when the set is not the one it names.
    package init?(believing header: Header, nextValidators: ValidatorSet) {
        guard nextValidators.hash == header.nextValidatorsHash else { return nil }
        (self.header, self.nextValidators, hash) = (header, nextValidators, header.hash)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, header)
        encoder.message(2, ValidatorList(nextValidators))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let header: Header = try decoder.message(1)
        guard let state = TrustedState(believing: header, nextValidators: try decoder.validatorSet(2)) else {
            throw .invalid(field: 2)
        }
        self = state
    }
}
