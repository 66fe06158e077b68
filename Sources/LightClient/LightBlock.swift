// What a light client is handed for one height: the header, the commit that decided it, and the validator sets that the
// header names. Untrusted until `LightVerifier` has taken it; no byte of its encoding can change without a refusal.
package import Chain
package import Codec
package import Primitives
package import Quorum

package struct SignedHeader: Hashable, Sendable, Message {
    package let header: Header
    package let commit: Commit

    package init(header: Header, commit: Commit) { (self.header, self.commit) = (header, commit) }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, header)
        encoder.message(2, commit)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        header = try decoder.message(1)
        commit = try decoder.message(2)
    }
}

package struct LightBlock: Hashable, Sendable, Message {
    package let signedHeader: SignedHeader
    /// The set of this height.
    package let validators: ValidatorSet
    /// The set of the next height.
    package let nextValidators: ValidatorSet

    package init(signedHeader: SignedHeader, validators: ValidatorSet, nextValidators: ValidatorSet) {
        (self.signedHeader, self.validators, self.nextValidators) = (signedHeader, validators, nextValidators)
    }

    package var header: Header { signedHeader.header }
    package var height: Height { signedHeader.header.height }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, signedHeader)
        encoder.message(2, ValidatorList(validators))
        encoder.message(3, ValidatorList(nextValidators))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        signedHeader = try decoder.message(1)
        validators = try decoder.validatorSet(2)
        nextValidators = try decoder.validatorSet(3)
    }
}

/// A validator set as its hash sees it: CometBFT's SimpleValidators in order.
struct ValidatorList: Message {
    private struct Entry: Message {
        struct Key: Message {
            let key: PublicKey

            init(_ key: PublicKey) { self.key = key }
            func encode(into encoder: inout Encoder) { encoder.data(1, key) }
            init(from decoder: inout Decoder) throws(DecodeError) { key = try decoder.fixedBytes(1) }
        }

        let validator: Validator

        init(_ validator: Validator) { self.validator = validator }

        func encode(into encoder: inout Encoder) {
            encoder.message(1, Key(validator.publicKey))
            encoder.signed(2, validator.power)
        }

        init(from decoder: inout Decoder) throws(DecodeError) {
            let key: Key = try decoder.message(1)
            validator = Validator(publicKey: key.key, power: try decoder.signed(2))
        }
    }

    private let entries: [Entry]

    init(_ set: ValidatorSet) { entries = set.validators.map { Entry($0) } }

    var validators: [Validator] { entries.map(\.validator) }

    func encode(into encoder: inout Encoder) { encoder.messages(1, entries) }

    init(from decoder: inout Decoder) throws(DecodeError) {
        entries = try decoder.messages(1, count: Limits.validatorsMax)
    }
}

extension Decoder {
    mutating func validatorSet(_ field: UInt32) throws(DecodeError) -> ValidatorSet {
        let list: ValidatorList = try message(field)
        do { return try ValidatorSet(ordered: list.validators) } catch { throw .invalid(field: field) }
    }
}
