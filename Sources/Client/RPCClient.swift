// Asks a node over JSON-RPC. Nothing a node says is believed here; what is believed is decided by LightClient.
package import Primitives
package import RPC

package enum ClientError: Error, Equatable, Sendable {
    case exchange(ExchangeError)
    /// No JSON, or no answer to the question.
    case notJSON
    case shape(ShapeError)
    /// The node answered with an error.
    case refused(RPCError)
}

/// One question and its answer; a socket in the real client, a table in tests.
package protocol RPCLink: Sendable {
    /// The body of the answer to a POST of `body`.
    func exchange(_ body: Bytes) throws(ExchangeError) -> Bytes
}

extension NodeURL: RPCLink {
    package func exchange(_ body: Bytes) throws(ExchangeError) -> Bytes { try HTTPExchange(self).post(body, to: self) }
}

/// A node that must answer soon, because others can be asked instead.
package struct ImpatientLink: RPCLink {
    private let url: NodeURL
    private let stepSeconds: Int

    /// `stepSeconds`: how long connecting and each wait for more bytes may take.
    package init(_ url: NodeURL, stepSeconds: Int) { (self.url, self.stepSeconds) = (url, stepSeconds) }

    package func exchange(_ body: Bytes) throws(ExchangeError) -> Bytes {
        try HTTPExchange(url, stepSeconds: stepSeconds).post(body, to: url)
    }
}

package struct RPCClient: Sendable {
    private let link: any RPCLink

    package init(_ link: some RPCLink) { self.link = link }

    /// The results of calls of one method in one request, in their order; at most as many as a node takes.
    package func call(_ method: String, each parameters: [JSON]) throws(ClientError) -> [JSON] {
        let requests = parameters.enumerated().map { number, parameters -> JSON in
            ["jsonrpc": "2.0", "id": .number(number), "method": .string(method), "params": parameters]
        }
        let body: Bytes
        do { body = try link.exchange(JSON.array(requests).encoded) } catch { throw .exchange(error) }
        let answer: JSON
        do { answer = try JSON(parsing: body, max: ClientLimits.answerBytesMax) } catch { throw .notJSON }
        guard case .array(let answers) = answer, answers.count == parameters.count else { throw .notJSON }
        var results: [JSON] = []
        for answer in answers {
            guard let result = answer["result"], answer["id"] == .number(results.count) else { throw .notJSON }
            results.append(result)
        }
        return results
    }

    /// The result of a call.
    package func call(_ method: String, _ parameters: JSON = [:]) throws(ClientError) -> JSON {
        let request: JSON = [
            "jsonrpc": "2.0", "id": .number(1), "method": .string(method), "params": parameters,
        ]
        let body: Bytes
        do { body = try link.exchange(request.encoded) } catch { throw .exchange(error) }
        let answer: JSON
        do { answer = try JSON(parsing: body, max: ClientLimits.answerBytesMax) } catch { throw .notJSON }
        if let result = answer["result"], answer["id"] == .number(1) { return result }
        guard let error = answer["error"] else { throw .notJSON }
        let refusal: RPCError
        do throws(ShapeError) {
            let data = error["data"] == nil ? "" : try error.text("data")
            refusal = RPCError(code: try error.number("code"), message: try error.text("message"), data: data)
        } catch {
            throw .shape(error)
        }
        throw .refused(refusal)
    }
}
