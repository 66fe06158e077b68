// One secret key on disk: JSON with mode 0600, plain, or sealed under a passphrase.
// {"schema":"merit.key.1","role":R,"public_key":HEX,"secret":HEX} or, instead of "secret",
// "sealed":{"passes":DECIMAL,"memory":DECIMAL,"salt":HEX,"nonce":HEX,"box":HEX}.
package import Cryptography
package import Primitives
import RPC

package struct KeyFile {
    package enum Role: String, CaseIterable, Sendable {
        /// Owns the stake; may live on another machine.
        case account
        case consensus
        case audit
        /// The node's identity.
        case transport
    }

    private static let schema = "merit.key.1"

    /// Writes a key that is not there yet; `passphrase` nil leaves it plain.
    package static func store(
        _ key: SigningKey, _ role: Role, at path: String, passphrase: Bytes?,
        cost: SealedSecret.Cost = .standard
    ) throws(HomeError) {
        var members: [(String, JSON)] = [
            ("schema", .string(schema)), ("role", .string(role.rawValue)),
            ("public_key", .string(key.publicKey.description)),
        ]
        if let passphrase {
            let salt = Entropy.bytes(SealedSecret.saltBytes)
            let nonce = Entropy.bytes(SealedSecret.nonceBytes)
            let sealed = SealedSecret.seal(key.seed, passphrase: passphrase, salt: salt, nonce: nonce, cost: cost)
            guard let sealed else { throw .unreadable(path: path, reason: "no memory to derive the key") }
            members.append(("sealed", Self.json(sealed)))
        } else {
            members.append(("secret", .string(Hex.lower(key.seed))))
        }
        try TextFile.create(path, Bytes(JSON.object(members).pretty.utf8), mode: 0o600)
    }

    private static func json(_ sealed: SealedSecret) -> JSON {
        .object([
            ("passes", .string("\(sealed.cost.passes)")), ("memory", .string("\(sealed.cost.memory)")),
            ("salt", .string(Hex.lower(sealed.salt))), ("nonce", .string(Hex.lower(sealed.nonce))),
            ("box", .string(Hex.lower(sealed.box))),
        ])
    }

    package static func load(_ role: Role, at path: String, passphrase: Passphrase) throws(HomeError) -> SigningKey {
        let way = "make the home with `merit init`, or restore the key from a backup"
        let content = try TextFile.read(path, max: RuntimeLimits.configurationBytesMax, way: way)
        if TextFile.mode(path) & 0o077 != 0 { throw .openToOthers(path: path) }
        let file = try JSONReader(content, path: path, keys: ["schema", "role", "public_key", "secret", "sealed"])
        guard try file.text("schema") == schema else { throw file.refusal("schema", "is not \(schema)") }
        let found = try file.text("role")
        guard found == role.rawValue else { throw .wrongRole(path: path, expected: role.rawValue, found: found) }
        let seed = try seed(file, path, passphrase)
        guard let key = SigningKey(seed: seed) else { throw file.refusal("secret", "has not 32 bytes") }
        guard try file.text("public_key") == key.publicKey.description else { throw .keyMismatch(path: path) }
        return key
    }

    private static func seed(_ file: JSONReader, _ path: String, _ passphrase: Passphrase) throws(HomeError) -> Bytes {
        guard file.has("sealed") else { return try file.hex("secret") }
        if file.has("secret") { throw file.refusal("secret", "stands beside a sealed one") }
        let part = try file.object("sealed", keys: ["passes", "memory", "salt", "nonce", "box"])
        let memory = Int(exactly: try part.number("memory")) ?? 0
        guard let cost = SealedSecret.Cost(passes: try part.number("passes"), memory: memory) else {
            throw file.refusal("sealed", "asks for too much or too little work")
        }
        let sealed = SealedSecret(
            cost: cost, salt: try part.hex("salt"), nonce: try part.hex("nonce"), box: try part.hex("box"))
        guard let sealed else { throw file.refusal("sealed", "has a part of the wrong length") }
        guard let words = passphrase.read() else { throw .noPassphrase(path: path) }
        guard let seed = sealed.open(passphrase: words) else { throw .wrongPassphrase(path: path) }
        return seed
    }
}
