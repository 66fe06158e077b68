// The few questions that the local network's run asks of a node, as a stranger would: over JSON-RPC.
import Bench
import Client
import Foundation
import Primitives
import RPC
import Rewards

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

    /// What the node counts, by the names of `/metrics`; empty where it does not answer.
    func metrics() -> [String: UInt64] {
        guard let url = NodeURL(address) else { return [:] }
        do { return try Feeder.metrics(of: url) } catch { return [:] }
    }

    /// The value of a state key at the tip; nil when there is none.
    func state(_ key: Bytes) throws -> Bytes? {
        let parameters: JSON = ["path": "/key", "data": .string(Hex.lower(key))]
        let response = try client.call("abci_query", parameters).member("response")
        guard case .string(let text)? = response["value"] else { return nil }
        return Data(base64Encoded: text).map(Bytes.init)
    }

    /// All rows of a settled epoch's tables.
    func rewards(_ epoch: UInt64) throws -> [RewardRow] { try rows("rewards", epoch) { try $0.rewardRow } }
    func slashes(_ epoch: UInt64) throws -> [SlashRow] { try rows("slashes", epoch) { try SlashRow(json: $0) } }

    private func rows<Row>(_ method: String, _ epoch: UInt64, _ read: (JSON) throws -> Row) throws -> [Row] {
        let pageRows = 100
        var rows: [Row] = []
        while true {
            let parameters: JSON = [
                "epoch": .string("\(epoch)"), "page": .string("\(rows.count / pageRows + 1)"),
                "per_page": .string("\(pageRows)"),
            ]
            let answer = try client.call(method, parameters)
            let page = try answer.elements("rows", max: pageRows).map(read)
            rows += page
            let total: Int = try answer.decimal("total")
            if page.isEmpty || rows.count >= total { return rows }
        }
    }
}

extension JSON {
    fileprivate func account() throws -> Address {
        let text = try text("account")
        guard let account = Address(bech32: text) else { throw LocalnetError.child("\(text) is no account") }
        return account
    }

    fileprivate func amount(_ name: String) throws -> Amount { Amount(try decimal(name)) }

    fileprivate var rewardRow: RewardRow {
        get throws {
            let (kind, asset) = (try text("kind"), try text("asset"))
            let code: UInt32 = try number("code")
            guard let kind = RewardKind.allCases.first(where: { $0.label == kind }), let reason = Reason(rawValue: code)
            else { throw LocalnetError.child("a reward row of kind \(kind) for reason \(code)") }
            return RewardRow(
                key: RewardKey(account: try account(), kind: kind, asset: asset == "credits" ? .credits : .token),
                amount: try amount("amount"), reason: reason, evidence: try optionalHex("evidence"))
        }
    }
}
