// A node's folder: config.toml genesis.json keys/{account,consensus,audit,transport}.json data/{chain,journal,signing}
// log/. One process has it open at a time.
package import Chain
import Codec
package import Cryptography
import Ledger
package import Primitives
import Quorum
package import Storage

package struct NodeHome: Sendable {
    package let path: String

    package init(_ path: String) { self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }

    package var configurationPath: String { path + "/config.toml" }
    package var genesisPath: String { path + "/genesis.json" }
    package var logFolder: String { path + "/log" }
    package func keyPath(_ role: KeyFile.Role) -> String { "\(path)/keys/\(role.rawValue).json" }
    package func recordPath(_ key: Address) -> String { "\(path)/data/signing/\(Hex.upper(key.bytes)).record" }
    private var journalPath: String { path + "/data/journal/open-height" }

    /// The secrets of a node. Without a consensus and an audit key it follows and serves.
    package struct Keys: Sendable {
        package let transport: SigningKey
        package let consensus: SigningKey?
        package let audit: SigningKey?
    }

    // MARK: Make

    /// Makes the folder with four fresh keys and their signing record; returns the keys by role.
    package func create(
        _ configuration: NodeConfiguration, passphrase: Bytes?, cost: SealedSecret.Cost = .standard
    ) throws -> [KeyFile.Role: SigningKey] {
        let keys = try makeKeys()
        try create(configuration, keys: keys, passphrase: passphrase, cost: cost)
        return keys
    }

    /// Four fresh keys for a folder that is no home yet.
    package func makeKeys() throws(HomeError) -> [KeyFile.Role: SigningKey] {
        if TextFile.exists(configurationPath) { throw .exists(path: configurationPath) }
        var keys: [KeyFile.Role: SigningKey] = [:]
        for role in KeyFile.Role.allCases {
            guard let key = SigningKey(seed: Entropy.bytes(32)) else { preconditionFailure("32 bytes are a seed") }
            keys[role] = key
        }
        return keys
    }

    /// The same with keys that are known already.
    package func create(
        _ configuration: NodeConfiguration, keys: [KeyFile.Role: SigningKey], passphrase: Bytes?,
        cost: SealedSecret.Cost = .standard
    ) throws {
        if TextFile.exists(configurationPath) { throw HomeError.exists(path: configurationPath) }
        for folder in ["", "/keys", "/data", "/data/signing", "/data/journal", "/log"] {
            try TextFile.makeFolder(path + folder)
        }
        for role in KeyFile.Role.allCases {
            guard let key = keys[role] else { continue }
            try KeyFile.store(key, role, at: keyPath(role), passphrase: passphrase, cost: cost)
        }
        if let consensus = keys[.consensus] {
            _ = try SigningRecord.create(recordPath(consensus.address), key: consensus.address)
        }
        try TextFile.create(configurationPath, Bytes(configuration.toml.utf8), mode: 0o600)
    }

    /// A folder with an account key alone: a provider's or a requester's.
    package func createAccount(passphrase: Bytes? = nil) throws(HomeError) -> SigningKey {
        guard let key = SigningKey(seed: Entropy.bytes(32)) else { preconditionFailure("32 bytes are a seed") }
        for folder in ["", "/keys", "/log"] { try TextFile.makeFolder(path + folder) }
        try KeyFile.store(key, .account, at: keyPath(.account), passphrase: passphrase)
        return key
    }

    package func store(_ genesis: Genesis) throws(HomeError) {
        try TextFile.create(genesisPath, GenesisFile.encode(genesis), mode: 0o644)
    }

    // MARK: Load

    /// Held as long as the process uses the folder.
    package func lock() throws -> HomeLock {
        guard TextFile.exists(configurationPath) else { throw missing(configurationPath) }
        return HomeLock(try FolderLock(folder: path + "/data"))
    }

    private func missing(_ file: String) -> HomeError {
        .missing(path: file, way: "make a home with `merit init --home \(path)` or `merit testnet`")
    }

    package func loadConfiguration() throws(HomeError) -> NodeConfiguration {
        guard TextFile.exists(configurationPath) else { throw missing(configurationPath) }
        let content = try TextFile.read(configurationPath, max: RuntimeLimits.configurationBytesMax, way: "")
        return try NodeConfiguration(toml: String(decoding: content, as: UTF8.self), path: configurationPath)
    }

    package func loadGenesis() throws(HomeError) -> Genesis {
        let way = "copy the genesis file of the chain there"
        let content = try TextFile.read(genesisPath, max: RuntimeLimits.genesisBytesMax, way: way)
        return try GenesisFile.decode(content, path: genesisPath)
    }

    /// A genesis file to begin chains from (Genesis/local.json).
    package static func loadTemplate(_ path: String) throws(HomeError) -> Genesis {
        let content = try TextFile.read(path, max: RuntimeLimits.genesisBytesMax, way: "name a genesis template")
        return try GenesisFile.decode(template: content, path: path)
    }

    package func loadKeys(_ passphrase: Passphrase) throws(HomeError) -> Keys {
        // One question for all files.
        let words = KeyFile.Role.allCases.contains { isSealed($0) } ? passphrase.read() : nil
        let known = Passphrase { words }
        func optional(_ role: KeyFile.Role) throws(HomeError) -> SigningKey? {
            guard TextFile.exists(keyPath(role)) else { return nil }
            return try KeyFile.load(role, at: keyPath(role), passphrase: known)
        }
        let transport = try KeyFile.load(.transport, at: keyPath(.transport), passphrase: known)
        return Keys(transport: transport, consensus: try optional(.consensus), audit: try optional(.audit))
    }

    func isSealed(_ role: KeyFile.Role) -> Bool {
        guard let content = try? TextFile.read(keyPath(role), max: RuntimeLimits.configurationBytesMax, way: "") else {
            return false
        }
        return String(decoding: content, as: UTF8.self).contains("\"sealed\"")
    }

    /// The store of this chain, with the state of its genesis at least.
    package func openStore(_ genesis: Genesis) throws -> LedgerStore {
        let store = try LedgerStore(folder: path + "/data/chain", chainID: genesis.chainID.bytes)
        if let view = LedgerView(store.snapshot()) {
            guard view.genesisHash == genesis.hash else {
                throw HomeError.foreignGenesis(path: genesisPath, expected: view.genesisHash, found: genesis.hash)
            }
            return store
        }
        let first: Transition
        do { first = try Ledger.genesis(genesis) } catch { throw HomeError.genesis(path: genesisPath, error) }
        try store.commit(first.writes)
        return store
    }

    /// The rows above the tip are to be replayed.
    package func openJournal(peer: Address, tip: Height) throws(StorageError) -> (journal: Journal, rows: [Bytes]) {
        let repair = "rm \(journalPath)   # this node then votes again only above the height its peers report"
        let (journal, rows, _) = try Journal.open(journalPath, owner: peer.bytes, above: tip.value, repair: repair)
        return (journal, rows.map(\.content))
    }

    /// The record of a consensus key; refuses a key without one.
    package func openRecord(_ key: Address) throws -> SigningRecord {
        let path = recordPath(key)
        guard TextFile.exists(path) else { throw HomeError.noSigningRecord(address: key, home: self.path) }
        return try SigningRecord.open(path, key: key, repair: "merit keys import-record --home \(self.path) FILE")
    }

    /// nil without a consensus and an audit key.
    func signer(_ keys: Keys, chainID: ChainID) throws -> Signer? {
        guard let consensus = keys.consensus, let audit = keys.audit else { return nil }
        return Signer(
            consensus: consensus, audit: audit, record: try openRecord(consensus.address), chainID: chainID)
    }
}

/// The right to use a home folder; given back when it is released or the process ends.
package final class HomeLock: Sendable {
    private let lock: FolderLock
    init(_ lock: FolderLock) { self.lock = lock }
}
