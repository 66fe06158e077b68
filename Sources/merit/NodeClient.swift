// The few questions that the local network's run asks of a node, as a stranger would: over JSON-RPC.
import Client
import Foundation
import Primitives
import RPC

struct NodeClient: Sendable {
    let address: String
    private let client: RPCClient

    init(_ address: String) throws {
        guard let url = NodeURL(address) else { throw LocalnetError.child("\(address) is no http://host:port") }
        (self.address, client) = (address, RPCClient(url))
    }

    struct Tip: Sendable {
        let height: UInt64
        let appHash: String
        let address: String
    }

    /// nil while the node cannot be reached.
    func tip() throws -> Tip? {
        let status: JSON
        do throws(ClientError) { status = try client.call("status") } catch {
            if case .exchange = error { return nil }
            throw LocalnetError.child("\(address): \(error)")
        }
        let sync = try status.member("sync_info")
        return Tip(
            height: UInt64(try sync.text("latest_block_height")) ?? 0, appHash: try sync.text("latest_app_hash"),
            address: try status.member("validator_info").text("address"))
    }

    /// The app hash in the header of a height.
    func appHash(at height: UInt64) throws -> String {
        try client.call("header", ["height": .string("\(height)")]).member("header").text("app_hash")
    }

    /// The value of a state key at the tip; nil when there is none.
    func state(_ key: Bytes) throws -> Bytes? {
        let parameters: JSON = ["path": "/key", "data": .string(Hex.lower(key))]
        let response = try client.call("abci_query", parameters).member("response")
        guard case .string(let text)? = response["value"] else { return nil }
        return Data(base64Encoded: text).map(Bytes.init)
    }
}
