// The keys of a simulated participant, by number: account, consensus, audit and transport are separate. Another seed
// gives other keys, and with them another beacon.
package import Chain
package import Cryptography
import Primitives
import Quorum

package struct Keyring: Sendable {
    package let account: SigningKey
    package let consensus: SigningKey
    package let audit: SigningKey
    package let transport: SigningKey

    package init(_ number: UInt32, seed: UInt64) {
        func key(_ role: UInt8) -> SigningKey {
            let name = Bytes("merit/economy".utf8) + [role] + number.bigEndianBytes + seed.bigEndianBytes
            guard let key = SigningKey(seed: Hash.sha256(name).bytes) else { preconditionFailure("32 bytes") }
            return key
        }
        (account, consensus, audit, transport) = (key(1), key(2), key(3), key(4))
    }

    package var validator: ValidatorKeys {
        ValidatorKeys(consensus: consensus.publicKey, audit: audit.publicKey, transport: transport.publicKey)
    }
}
