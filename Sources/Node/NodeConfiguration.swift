// config.toml: what an operator may choose. Invariant: a key that is not listed here is refused by name, so that a
// misspelt one never means the default.
import Primitives
import TOMLKit
package import Transport

package struct NodeConfiguration: Equatable, Sendable {
    package struct PersistentPeer: Equatable, Sendable {
        package let id: PeerID
        package let address: SocketAddress

        package init(id: PeerID, address: SocketAddress) { (self.id, self.address) = (id, address) }
    }

    package enum LogLevel: String, CaseIterable, Sendable { case debug, info, notice, warning, error }

    package var moniker = "merit"
    /// For peers.
    package var listen = SocketAddress(host: "0.0.0.0", port: 26_656)
    /// For clients.
    package var rpc = SocketAddress(host: "127.0.0.1", port: 26_657)
    package var persistentPeers: [PersistentPeer] = []
    package var logLevel = LogLevel.info
    /// Threads that verify signatures.
    package var verifiers = 2
    /// Heights after a restart at which a validator looks for other signatures of its key before it signs.
    package var doppelgangerHeights: UInt64 = 2
    /// The node asks to return from a jail by itself, where it finds the operator's key.
    package var automaticUnjail = true

    package init() {}

    static let keys = [
        "moniker", "listen", "rpc", "persistent_peers", "log_level", "verifiers", "doppelganger_heights",
        "automatic_unjail",
    ]

    package init(toml text: String, path: String) throws(HomeError) {
        let table: TOMLTable
        do { table = try TOMLTable(string: text) } catch let error as TOMLParseError {
            throw .configuration(path: path, line: error.source.begin.line, reason: error.description)
        } catch {
            throw .configuration(path: path, line: nil, reason: "\(error)")
        }
        for key in table.keys.sorted() where !Self.keys.contains(key) {
            throw .unknownKey(path: path, key: key, nearest: Self.nearest(to: key))
        }
        let reader = Reader(table: table, path: path)
        if let text = try reader.text("moniker") { moniker = text }
        if let address = try reader.address("listen") { listen = address }
        if let address = try reader.address("rpc") { rpc = address }
        if let peers = try reader.peers("persistent_peers") { persistentPeers = peers }
        if let level = try reader.text("log_level") {
            guard let known = LogLevel(rawValue: level) else {
                throw reader.refusal(
                    "log_level", "is one of \(LogLevel.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            logLevel = known
        }
        if let count = try reader.number("verifiers") {
            guard (1...RuntimeLimits.verifiersMax).contains(count) else {
                throw reader.refusal("verifiers", "is 1 to \(RuntimeLimits.verifiersMax)")
            }
            verifiers = count
        }
        if let count = try reader.number("doppelganger_heights") {
            guard let heights = UInt64(exactly: count), heights <= RuntimeLimits.doppelgangerHeightsMax else {
                throw reader.refusal("doppelganger_heights", "is 0 to \(RuntimeLimits.doppelgangerHeightsMax)")
            }
            doppelgangerHeights = heights
        }
        if let flag = try reader.flag("automatic_unjail") { automaticUnjail = flag }
        guard (1...64).contains(moniker.utf8.count) else { throw reader.refusal("moniker", "has 1 to 64 bytes") }
    }

    private struct Reader {
        let table: TOMLTable
        let path: String

        func refusal(_ key: String, _ rule: String) -> HomeError {
            .configuration(path: path, line: nil, reason: "`\(key)` \(rule)")
        }

        func text(_ key: String) throws(HomeError) -> String? {
            guard let value = table[key] else { return nil }
            guard let text = value.string else { throw refusal(key, "is a text in quotes") }
            return text
        }

        func number(_ key: String) throws(HomeError) -> Int? {
            guard let value = table[key] else { return nil }
            guard let number = value.int else { throw refusal(key, "is a whole number") }
            return number
        }

        func flag(_ key: String) throws(HomeError) -> Bool? {
            guard let value = table[key] else { return nil }
            guard let flag = value.bool else { throw refusal(key, "is true or false") }
            return flag
        }

        func address(_ key: String) throws(HomeError) -> SocketAddress? {
            guard let text = try text(key) else { return nil }
            guard let address = SocketAddress(text) else { throw refusal(key, "is \"host:port\", not \"\(text)\"") }
            return address
        }

        func peers(_ key: String) throws(HomeError) -> [PersistentPeer]? {
            guard let value = table[key] else { return nil }
            guard let list = value.array, list.count <= RuntimeLimits.persistentPeersMax else {
                throw refusal(key, "is a list of at most \(RuntimeLimits.persistentPeersMax) texts")
            }
            var peers: [PersistentPeer] = []
            for entry in list {
                guard let text = entry.string, let peer = PersistentPeer(text) else {
                    throw refusal(key, "has entries \"id@host:port\", with 40 hex digits as id")
                }
                peers.append(peer)
            }
            return peers
        }
    }

    // MARK: Text

    /// The file as `merit init` writes it.
    package var toml: String {
        let peers = persistentPeers.map { "    \"\($0)\",\n" }.joined()
        return """
            # The name other operators see.
            moniker = "\(moniker)"
            # Where peers connect.
            listen = "\(listen)"
            # Where clients connect (JSON-RPC, REST, metrics). Keep it private, or put a proxy in front.
            rpc = "\(rpc)"
            # Peers that are always dialled: "id@host:port"; `merit keys show` prints a node's id.
            persistent_peers = [
            \(peers)]
            # debug, info, notice, warning or error
            log_level = "\(logLevel.rawValue)"
            # Threads that verify signatures.
            verifiers = \(verifiers)
            # A restarted validator lets this many heights pass before it signs, and looks for signatures of its key
            # that are not its own; 0 signs at once. A chain that stands still without it is not kept waiting.
            doppelganger_heights = \(doppelgangerHeights)
            # When a jail of this validator is over, the node asks to return by itself with keys/account.json, if it
            # is there and not sealed; with false, or without the key, its log says what to type.
            automatic_unjail = \(automaticUnjail)

            """
    }

    /// The known key that needs the fewest edits to become `key`.
    static func nearest(to key: String) -> String {
        keys.min { distance($0, key) < distance($1, key) } ?? keys[0]
    }

    /// Levenshtein's.
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Bytes(left.utf8), Bytes(right.utf8.prefix(64)))
        var row = Array(0...right.count)
        for (i, character) in left.enumerated() {
            var next = [i + 1]
            for (j, other) in right.enumerated() {
                next.append(min(row[j + 1] + 1, next[j] + 1, row[j] + (character == other ? 0 : 1)))
            }
            row = next
        }
        return row[right.count]
    }
}

extension NodeConfiguration.PersistentPeer: CustomStringConvertible {
    /// nil unless `text` is `id@host:port`.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1)
        guard parts.count == 2, let id = PeerID(hex: String(parts[0])), let address = SocketAddress(String(parts[1])),
            address.port > 0
        else { return nil }
        self.init(id: id, address: address)
    }

    package var description: String { "\(id)@\(address)" }
}
