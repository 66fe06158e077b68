// The actions of stake: registering a validator, adding to its bond, taking from it. Each registered key signs the
// operator that registers it, so nobody can take a place with a key that is not his.
package import Codec
import Cryptography
package import Primitives
package import Quorum

package struct RegisterValidator: Hashable, Sendable, Message {
    package let keys: ValidatorKeys
    package let stake: Amount
    package let name: Bytes
    /// By the consensus, audit and transport key, over the operator's public key.
    package let proofs: [Signature]

    package init(keys: ValidatorKeys, stake: Amount, name: Bytes, proofs: [Signature]) {
        precondition(proofs.count == keys.all.count, "\(proofs.count) proofs for \(keys.all.count) keys")
        (self.keys, self.stake, self.name, self.proofs) = (keys, stake, name, proofs)
    }

    /// What each of the keys signs.
    package static func proofMessage(operatorKey: PublicKey, chainID: ChainID) -> Bytes {
        SigningDomain.registration.message(chainID: chainID.bytes, operatorKey.bytes)
    }

    func signatureClaims(operatorKey: PublicKey, chainID: ChainID) -> [SignatureClaim] {
        let message = Self.proofMessage(operatorKey: operatorKey, chainID: chainID)
        return zip(keys.all, proofs).map { SignatureClaim(key: $0, message: message, signature: $1) }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, keys)
        encoder.unsigned(2, stake.units)
        encoder.data(3, name)
        for proof in proofs { encoder.data(4, proof) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        keys = try decoder.message(1)
        stake = Amount(try decoder.unsigned(2))
        name = try decoder.data(3, max: GenesisLimits.nameBytesMax)
        var proofs: [Signature] = []
        for bytes in try decoder.elements(4, count: 3, max: Signature.count) {
            guard let proof = Signature(bytes) else { throw .invalid(field: 4) }
            proofs.append(proof)
        }
        guard proofs.count == 3 else { throw .missing(field: 4) }
        self.proofs = proofs
    }
}

/// An amount that joins or leaves the sender's own bond as a validator at the end of the epoch.
package struct BondChange: Hashable, Sendable, Message {
    package let amount: Amount

    package init(amount: Amount) { self.amount = amount }

    package func encode(into encoder: inout Encoder) { encoder.unsigned(1, amount.units) }
    package init(from decoder: inout Decoder) throws(DecodeError) { amount = Amount(try decoder.unsigned(1)) }
}
