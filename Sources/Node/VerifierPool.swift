// Threads that check signatures, so that the core's thread never does. Statements go before batches and items. What
// does not fit is dropped: repeats bring votes again, pulls bring batches, and an item's client is told to come back.
import Chain
import Cryptography
import Foundation
import NodeCore
import Primitives

final class VerifierPool: @unchecked Sendable {
    private let condition = NSCondition()
    private var statements: [VerifyRequest] = []
    private var bulk: [(request: VerifyRequest, bytes: Int)] = []
    private var bulkBytes = 0
    private var isStopped = false
    private let deliver: @Sendable (Event) -> Void

    init(threads: Int, deliver: @escaping @Sendable (Event) -> Void) {
        self.deliver = deliver
        for number in 0..<max(1, min(threads, RuntimeLimits.verifiersMax)) {
            let thread = Thread { [self] in run() }
            thread.name = "verifier-\(number)"
            thread.start()
        }
    }

    func submit(_ request: VerifyRequest) {
        if !enqueue(request), case .item(let claim, let source) = request { deliver(.itemPutBack(claim, source)) }
    }

    /// False when its lane is full.
    private func enqueue(_ request: VerifyRequest) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        switch request {
        case .vote, .proposal:
            guard statements.count < RuntimeLimits.statementChecksMax else { return false }
            statements.append(request)
        case .batch(let bytes, _, _, _): return enqueue(request, bytes: bytes.count)
        case .item(let claim, _): return enqueue(request, bytes: claim.bytes.count)
        }
        condition.signal()
        return true
    }

    /// With the condition locked.
    private func enqueue(_ request: VerifyRequest, bytes: Int) -> Bool {
        guard bulkBytes + bytes <= RuntimeLimits.bulkCheckBytesMax else { return false }
        bulk.append((request, bytes))
        bulkBytes += bytes
        condition.signal()
        return true
    }

    /// The threads end after what they are doing.
    func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        condition.unlock()
    }

    private func run() {
        while let request = next() {
            deliver(request.perform())
        }
    }

    private func next() -> VerifyRequest? {
        condition.lock()
        defer { condition.unlock() }
        while !isStopped, statements.isEmpty, bulk.isEmpty { condition.wait() }
        if isStopped { return nil }
        if !statements.isEmpty { return statements.removeFirst() }
        let (request, bytes) = bulk.removeFirst()
        bulkBytes -= bytes
        return request
    }
}
