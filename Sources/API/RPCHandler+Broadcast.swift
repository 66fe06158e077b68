// Items from clients: handed to the core, and on wish followed until they stand in a block.
import Chain
import Cryptography
import NodeCore
import Primitives
import RPC

extension RPCHandler {
    private func item(_ arguments: Arguments) throws(RPCError) -> Bytes {
        guard let item = try arguments.bytes("tx", .base64), !item.isEmpty else {
            throw .badParameters("tx is missing")
        }
        guard item.count <= Item.bytesMax else {
            throw .badParameters("tx has \(item.count) bytes, at most \(Item.bytesMax) are taken")
        }
        return item
    }

    /// The core's word: 0 and nothing, or the rule that refuses the item.
    private func submit(_ item: Bytes) async throws(RPCError) -> (code: UInt32, log: String) {
        try Self.word(await node.submit([item])[0])
    }

    private static func word(_ answer: Reply.Answer) throws(RPCError) -> (code: UInt32, log: String) {
        switch answer {
        case .admitted: return (0, "")
        case .refused(let code, let reason): return (code, reason)
        case .busy: throw .failed("mempool is full")
        case .unready(let reason): throw .failed(reason)
        }
    }

    private static func answer(_ item: Bytes, _ word: (code: UInt32, log: String)) -> JSON {
        [
            "code": .number(word.code), "data": "", "log": .string(word.log),
            "codespace": .string(word.code == 0 ? "" : "merit"), "hash": .hex(Hash.sha256(item)),
        ]
    }

    func broadcast(_ arguments: Arguments) async throws(RPCError) -> JSON {
        let item = try item(arguments)
        return Self.answer(item, try await submit(item))
    }

    /// Says nothing about the outcome; it is still waited for, so that a client cannot pile items up.
    func broadcastAsync(_ arguments: Arguments) async throws(RPCError) -> JSON {
        let item = try item(arguments)
        _ = await node.submit([item])
        return Self.answer(item, (0, ""))
    }

    /// The answers to several `broadcast_tx_sync`, in order; the node is given all items before one is waited for.
    func broadcast(_ questions: some Collection<Question>) async -> [JSON] {
        var calls: [(id: JSON, item: Result<Bytes, RPCError>)] = []
        for case .call(let id, _, let parameters) in questions {
            metrics.count(.broadcastSync)
            do throws(RPCError) {
                let arguments = try Arguments(json: parameters, names: Method.broadcastSync.parameters)
                calls.append((id, .success(try item(arguments))))
            } catch {
                calls.append((id, .failure(error)))
            }
        }
        var words = await node.submit(calls.compactMap { try? $0.item.get() })[...]
        var answers: [JSON] = []
        for call in calls {
            do throws(RPCError) {
                let item = try call.item.get()
                guard let word = words.popFirst() else { preconditionFailure("an item without an answer") }
                answers.append(Self.envelope(call.id, "result", Self.answer(item, try Self.word(word))))
            } catch {
                answers.append(Self.envelope(call.id, "error", error.json))
            }
        }
        return answers
    }

    func broadcastCommit(_ arguments: Arguments) async throws(RPCError) -> JSON {
        let item = try item(arguments)
        let hash = Hash.sha256(item)
        let start = node.commits.tip
        let word = try await submit(item)
        let check = Self.outcome(word.code, word.log)
        guard word.code == 0 else {
            return ["check_tx": check, "tx_result": Self.outcome(0, ""), "hash": .hex(hash), "height": "0"]
        }
        let deadline = ContinuousClock.now.advanced(by: APILimits.commitTimeout)
        var seen = start
        while true {
            if let found = try committed(hash) {
                return ["check_tx": check, "tx_result": found.result, "hash": .hex(hash), "height": found.height]
            }
            let rest = ContinuousClock.now.duration(to: deadline)
            guard rest > .zero, let next = await node.commits.next(after: seen, within: rest) else {
                throw .failed("timed out waiting for tx to be included in a block")
            }
            seen = next
        }
    }

    private func committed(_ hash: Digest) throws(RPCError) -> (result: JSON, height: JSON)? {
        let chain = try ChainReader(node.snapshot())
        guard let place = chain.place(ofItem: hash) else { return nil }
        let results = try chain.results(at: place.height)
        guard results.indices.contains(Int(place.index)) else { return nil }
        let result = results[Int(place.index)]
        return (result.json(log: result.log), .decimal(place.height))
    }

    private static func outcome(_ code: UInt32, _ log: String) -> JSON { ItemResult(code: code).json(log: log) }
}
