// What a stranger can ask of a node: JSON-RPC over HTTP, answers bounded, errors with the node's own text.
import Foundation
#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

struct NodeClient: Sendable {
    let url: URL

    static let answerBytesMax = 16 << 20
    static let patience: TimeInterval = 10

    /// `address`: `http://host:port` or `host:port`.
    init(_ address: String) throws {
        let text = address.contains("://") ? address : "http://" + address
        guard let url = URL(string: text), url.host != nil else { throw NodeClientError.address(address) }
        self.url = url
    }

    struct Tip: Sendable {
        let height: UInt64
        let appHash: String
        let address: String
    }

    func tip() async throws -> Tip {
        struct Status: Decodable {
            struct Sync: Decodable {
                let latest_block_height: String
                let latest_app_hash: String
            }
            struct Validator: Decodable { let address: String }
            let sync_info: Sync
            let validator_info: Validator
        }
        let status: Status = try await call("status", [:])
        return Tip(
            height: UInt64(status.sync_info.latest_block_height) ?? 0, appHash: status.sync_info.latest_app_hash,
            address: status.validator_info.address)
    }

    func call<Answer: Decodable>(_ method: String, _ parameters: [String: String]) async throws -> Answer {
        struct Envelope<Value: Decodable>: Decodable {
            struct Fault: Decodable {
                let message: String
                let data: String?
            }
            let result: Value?
            let error: Fault?
        }
        let body: [String: Any] = ["jsonrpc": "2.0", "id": 1, "method": method, "params": parameters]
        var request = URLRequest(url: url, timeoutInterval: Self.patience)
        request.httpMethod = "POST"
        request.httpBody = try JSONSerialization.data(withJSONObject: body)
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        let data: Data
        do { (data, _) = try await URLSession.shared.data(for: request) } catch {
            throw NodeClientError.unreachable(url.absoluteString)
        }
        guard data.count <= Self.answerBytesMax else { throw NodeClientError.tooLong(method) }
        let envelope: Envelope<Answer>
        do { envelope = try JSONDecoder().decode(Envelope<Answer>.self, from: data) } catch {
            throw NodeClientError.unreadable(method)
        }
        if let fault = envelope.error { throw NodeClientError.refused(fault.data ?? fault.message) }
        guard let result = envelope.result else { throw NodeClientError.unreadable(method) }
        return result
    }
}

enum NodeClientError: Error, CustomStringConvertible {
    case address(String)
    case unreachable(String)
    case unreadable(String)
    case refused(String)
    case tooLong(String)

    var description: String {
        switch self {
        case .address(let text): "'\(text)' is no node address; write http://127.0.0.1:26657"
        case .unreachable(let url): "no node answers at \(url)"
        case .unreadable(let method): "the node's answer to \(method) is not what the interface promises"
        case .refused(let text): "the node refused: \(text)"
        case .tooLong(let method): "the node's answer to \(method) is longer than \(NodeClient.answerBytesMax) bytes"
        }
    }
}
