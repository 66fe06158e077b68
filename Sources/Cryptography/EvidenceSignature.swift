// Signatures inside evidence are judged by ZIP-215: [8](S·B - k·A - R) = 0, S < L, non-canonical bytes allowed.
// Outside light clients accept by that rule, so an attack on them with a torsion-bearing R must stay punishable
// although our own votes are judged more strictly. About 4 ms each: never on a path that a stranger can drive for free.
package import Primitives

package enum EvidenceSignature {
    package static func isValid(_ signature: Signature, over message: Bytes, by key: PublicKey) -> Bool {
        precondition(Ed25519.ready)
        let bytes = signature.bytes
        let (commitment, response) = (Bytes(bytes[..<32]), Bytes(bytes[32...]))
        guard Curve.isReduced(response) else { return false }
        let challenge = Curve.reduce(Hash.sha512([commitment, key.bytes, message]))
        let zero = Bytes(repeating: 0, count: 32)
        let base = response == zero ? Curve.identity : Curve.multiplyBase(by: response)
        guard let base, let keyed = Curve.multiplyAny(key.bytes, by: challenge),
            let difference = Curve.subtract(base, keyed),
            let rest = Curve.subtract(difference, commitment),
            let cleared = Curve.clearCofactor(rest)
        else { return false }
        return cleared == Curve.identity
    }
}
