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
    let events: EventBook

    package init(_ node: Node, events: EventBounds = EventBounds()) {
        (self.node, self.events) = (node, EventBook(events))
    }

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
        let text = metrics.text(node.snapshot(), node.facts, events.counters)
        return HTTPAnswer(status: 200, body: Bytes(text.utf8), contentType: "text/plain; version=0.0.4")
    }

    /// The routes, for a person who opens the address.
    private static var index: JSON {
        let others: [JSON] = ["/metrics", .string(EventQuestion.path)]
        return ["routes": .array(Method.allCases.map { .string("/\($0.rawValue)") } + others)]
    }

    // MARK: POST

    package func post(_ body: Bytes) async -> HTTPAnswer {
        let json: JSON
        do { json = try JSON(parsing: body, max: APILimits.bodyBytesMax) } catch {
            return failed(.unparsable("\(error)"), status: 500)
        }
        guard case .array(let calls) = json else {
            guard let answer = await answer(to: Question(json)) else { return HTTPAnswer(status: 200, body: []) }
            return HTTPAnswer(status: 200, body: answer.encoded)
        }
        let questions = calls.prefix(APILimits.broadcastsPerBatchMax).map(Question.init)
        let max = questions.allSatisfy(\.isBroadcast) ? APILimits.broadcastsPerBatchMax : APILimits.batchMax
        guard !calls.isEmpty, calls.count <= max else {
            return failed(.invalidRequest("a batch has 1 to \(max) requests"), status: 500)
        }
        let answers = await answers(to: questions)
        return HTTPAnswer(status: 200, body: answers.isEmpty ? [] : JSON.array(answers).encoded)
    }

    /// In order, notifications left out. Neighbouring items are handed to the node together.
    private func answers(to questions: [Question]) async -> [JSON] {
        var answers: [JSON] = []
        var rest = questions[...]
        while let first = rest.first {
            let items = rest.prefix { $0.isBroadcast }
            if items.isEmpty {
                if let answer = await answer(to: first) { answers.append(answer) }
            } else {
                answers += await broadcast(items)
            }
            rest = rest.dropFirst(max(1, items.count))
        }
        return answers
    }

    /// nil for a notification.
    private func answer(to question: Question) async -> JSON? {
        switch question {
        case .notification: return nil
        case .malformed(let id, let error): return Self.envelope(id, "error", error.json)
        case .call(let id, let name, let parameters):
            do throws(RPCError) {
                let result = try await result(of: name) { names throws(RPCError) in
                    try Arguments(json: parameters, names: names)
                }
                return Self.envelope(id, "result", result)
            } catch {
                return Self.envelope(id, "error", error.json)
            }
        }
    }

    // MARK: Both

    static func envelope(_ id: JSON, _ name: String, _ content: JSON) -> JSON {
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
