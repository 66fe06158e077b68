// One request of a POST body, read as far as JSON-RPC goes: what is asked, and under which id the answer goes back.
import RPC

enum Question: Sendable {
    /// Without an id: it has no answer.
    case notification
    case malformed(id: JSON, RPCError)
    case call(id: JSON, name: String, parameters: JSON?)

    init(_ call: JSON) {
        guard case .object = call else {
            self = .malformed(id: .number(-1), .invalidRequest("a request is an object"))
            return
        }
        let id: JSON
        switch call["id"] {
        case nil, .null?:
            self = .notification
            return
        case .string(let text)?: id = .string(text)
        case .number(let text)? where Int64(text) != nil: id = .number(text)
        default:
            self = .malformed(id: .number(-1), .invalidRequest("an id is an integer or a string"))
            return
        }
        guard call["jsonrpc"] == "2.0" else {
            self = .malformed(id: id, .invalidRequest("jsonrpc is \"2.0\""))
            return
        }
        guard case .string(let name)? = call["method"] else {
            self = .malformed(id: id, .invalidRequest("method is a string"))
            return
        }
        self = .call(id: id, name: name, parameters: call["params"])
    }

    /// Hands in an item and waits for the core's word alone.
    var isBroadcast: Bool {
        guard case .call(_, Method.broadcastSync.rawValue, _) = self else { return false }
        return true
    }
}
