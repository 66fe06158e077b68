// From a request to the bytes of its answer, without any socket: the conventions of formats A11. A method error answers
// POST with 200; an error of GET and an unparsable body answer with 500.
package import Primitives
import RPC

package struct HTTPAnswer: Sendable, Equatable {
    package let status: Int
    package let body: Bytes
    package var contentType = "application/json"
}

package struct RPCHandler<Node: NodeFacade>: Sendable {
    let node: Node
    let metrics = MetricsBook()

    package init(_ node: Node) { self.node = node }

    // MARK: GET

    /// `target`: path and query as they stand in the request line.
    package func get(_ target: String) async -> HTTPAnswer {
        guard target.utf8.count <= APILimits.targetBytesMax else {
            return failed(.invalidRequest("a target of at most \(APILimits.targetBytesMax) bytes"), status: 500)
        }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].drop { $0 == "/" }
        if name == "metrics" { return await metricsAnswer() }
        if name.isEmpty { return HTTPAnswer(status: 200, body: Self.index.encoded) }
        do throws(RPCError) {
            let arguments = try parts.count > 1 ? Arguments(query: parts[1]) : .none
            let result = try await result(of: String(name)) { _ throws(RPCError) in arguments }
            return HTTPAnswer(status: 200, body: Self.envelope(.number(-1), "result", result).encoded)
        } catch {
            return failed(error, status: 500)
        }
    }

    private func metricsAnswer() async -> HTTPAnswer {
        let text = metrics.text(node.snapshot(), node.facts)
        return HTTPAnswer(status: 200, body: Bytes(text.utf8), contentType: "text/plain; version=0.0.4")
    }

    /// The routes, for a person who opens the address.
    private static var index: JSON {
        ["routes": .array(Method.allCases.map { .string("/\($0.rawValue)") } + ["/metrics"])]
    }

    // MARK: POST

    package func post(_ body: Bytes) async -> HTTPAnswer {
        let json: JSON
        do { json = try JSON(parsing: body, max: APILimits.bodyBytesMax) } catch {
            return failed(.unparsable("\(error)"), status: 500)
        }
        guard case .array(let calls) = json else {
            guard let answer = await answer(json) else { return HTTPAnswer(status: 200, body: []) }
            return HTTPAnswer(status: 200, body: answer.encoded)
        }
        guard !calls.isEmpty, calls.count <= APILimits.batchMax else {
            return failed(.invalidRequest("a batch has 1 to \(APILimits.batchMax) requests"), status: 500)
        }
        var answers: [JSON] = []
        for call in calls {
            if let answer = await answer(call) { answers.append(answer) }
        }
        return HTTPAnswer(status: 200, body: answers.isEmpty ? [] : JSON.array(answers).encoded)
    }

    /// nil for a notification.
    private func answer(_ call: JSON) async -> JSON? {
        guard case .object = call else {
            return Self.envelope(.number(-1), "error", RPCError.invalidRequest("a request is an object").json)
        }
        let id: JSON
        switch call["id"] {
        case nil, .null?: return nil
        case .string(let text)?: id = .string(text)
        case .number(let text)? where Int64(text) != nil: id = .number(text)
        default:
            let error = RPCError.invalidRequest("an id is an integer or a string")
            return Self.envelope(.number(-1), "error", error.json)
        }
        do throws(RPCError) {
            guard call["jsonrpc"] == "2.0" else { throw .invalidRequest("jsonrpc is \"2.0\"") }
            guard case .string(let name)? = call["method"] else { throw .invalidRequest("method is a string") }
            let result = try await result(of: name) { names throws(RPCError) in
                try Arguments(json: call["params"], names: names)
            }
            return Self.envelope(id, "result", result)
        } catch {
            return Self.envelope(id, "error", error.json)
        }
    }

    // MARK: Both

    private static func envelope(_ id: JSON, _ name: String, _ content: JSON) -> JSON {
        .object([.init("jsonrpc", "2.0"), .init("id", id), .init(name, content)])
    }

    func failed(_ error: RPCError, status: Int) -> HTTPAnswer {
        HTTPAnswer(status: status, body: Self.envelope(.number(-1), "error", error.json).encoded)
    }

    private func result(
        of name: String, _ arguments: ([String]) throws(RPCError) -> Arguments
    ) async throws(RPCError) -> JSON {
        guard let method = Method(rawValue: name) else {
            metrics.count(nil)
            throw .unknownMethod
        }
        metrics.count(method)
        let arguments = try arguments(method.parameters)
        switch method {
        case .broadcastSync: return try await broadcast(arguments)
        case .broadcastAsync: return try await broadcastAsync(arguments)
        case .broadcastCommit: return try await broadcastCommit(arguments)
        default: return try read(method, arguments)
        }
    }
}
