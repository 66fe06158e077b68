// A signature is a type: whoever holds a `Verified<Value>` knows that every signature the value claims was checked.
// Only this module can make one, so no other module can forge or forget the check.
package import Primitives

/// One statement "this key signed these bytes".
package struct SignatureClaim: Sendable, Equatable {
    package let key: PublicKey
    package let message: Bytes
    package let signature: Signature

    package init(key: PublicKey, message: Bytes, signature: Signature) {
        (self.key, self.message, self.signature) = (key, message, signature)
    }
}

/// A value that carries signatures, and says which.
package protocol Signed: Sendable {
    /// Every signature that must hold before the value may be believed.
    var signatureClaims: [SignatureClaim] { get }
}

package struct Verified<Value: Signed>: Sendable {
    package let value: Value

    /// nil when one signature does not hold.
    package init?(_ value: Value) {
        for claim in value.signatureClaims {
            guard Ed25519.isValid(claim.signature, over: claim.message, by: claim.key) else { return nil }
        }
        self.value = value
    }
}

/// What Merit signs: `merit/<type>/1` ‖ 00 ‖ SHA-256(chain id) ‖ canonical bytes. The tag keeps a signature of one
/// kind from being read as another, and cannot begin like TLS's 64 spaces or CometBFT's length byte of a vote.
package enum SigningDomain: String, Sendable {
    case transaction, registration, attestation, batch, proposal, verdict, dispute, challenge

    package func message(chainID: Bytes, _ canonical: Bytes) -> Bytes {
        Bytes("merit/\(rawValue)/1".utf8) + [0] + Hash.sha256(chainID).bytes + canonical
    }
}
