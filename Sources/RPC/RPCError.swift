// What a JSON-RPC answer says when it has no result (formats A11).

package struct RPCError: Error, Hashable, Sendable {
    package let code: Int32
    package let message: String
    /// The text that clients match.
    package let data: String

    package init(code: Int32, message: String, data: String) {
        (self.code, self.message, self.data) = (code, message, data)
    }

    package static func unparsable(_ data: String) -> RPCError {
        RPCError(code: -32700, message: "Parse error. Invalid JSON", data: data)
    }
    package static func invalidRequest(_ data: String) -> RPCError {
        RPCError(code: -32600, message: "Invalid Request", data: data)
    }
    package static let unknownMethod = RPCError(code: -32601, message: "Method not found", data: "")
    package static func badParameters(_ data: String) -> RPCError {
        RPCError(code: -32602, message: "Invalid params", data: data)
    }
    package static func failed(_ data: String) -> RPCError {
        RPCError(code: -32603, message: "Internal error", data: data)
    }

    package var json: JSON {
        let fields: JSON = ["code": .number(code), "message": .string(message)]
        return data.isEmpty ? fields : fields.adding("data", .string(data))
    }
}
