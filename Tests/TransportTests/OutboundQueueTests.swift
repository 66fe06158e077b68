// The pure parts beside the decoder: queue, budget, redial, seats, certificate.
import Cryptography
import NIOSSL
import Primitives
import Testing

@testable import Transport

@Suite("Outbound queue")
struct OutboundQueueTests {
    private static let cost = 1_000 + TransportLimits.frameOverheadBytes

    private func queue(total: Int = 64 * 1_024 * 1_024) -> OutboundQueue {
        OutboundQueue(budget: PerClass { $0.bytesMax + 2 * Self.cost }, total: total)
    }

    private func body(_ mark: UInt8, _ count: Int = 1_000) -> Bytes { Bytes(repeating: mark, count: count) }

    @Test("frames leave by class and within a class by age")
    func priority() {
        var queue = queue()
        for mark in 1...2 as ClosedRange<UInt8> {
            for kind in FrameClass.allCases.reversed() { #expect(queue.enqueue(body(mark), kind).isEmpty) }
        }
        var order: [String] = []
        while let frame = queue.popFirst() { order.append("\(frame.kind)\(frame.body[0])") }
        #expect(order == FrameClass.allCases.flatMap { ["\($0)1", "\($0)2"] })
        #expect(queue.bytes == 0)
    }

    @Test("a full class loses its own oldest frames")
    func classBudget() {
        var queue = queue()
        #expect(queue.enqueue(body(1), .batches).isEmpty)
        #expect(queue.enqueue(body(9, 10), .transactions).isEmpty)
        var dropped: [FrameClass] = []
        for mark in 2...5 as ClosedRange<UInt8> {
            dropped += queue.enqueue(body(mark, FrameClass.batches.bytesMax / 2), .batches)
        }
        #expect(dropped == [.batches, .batches, .batches])
        #expect(queue.bytes(of: .batches) <= FrameClass.batches.bytesMax + 2 * Self.cost)
        #expect(queue.popFirst()?.body[0] == 4)
        #expect(queue.popFirst()?.body[0] == 5)
        #expect(queue.popFirst()?.body == body(9, 10))
    }

    @Test("a full queue loses the oldest frames of the lowest class")
    func totalBudget() {
        let total = FrameClass.blocks.bytesMax + 3 * Self.cost
        var queue = queue(total: total)
        for mark in 1...3 as ClosedRange<UInt8> { #expect(queue.enqueue(body(mark), .transactions).isEmpty) }
        #expect(queue.enqueue(body(4), .votes).isEmpty)
        let dropped = queue.enqueue(body(5, FrameClass.blocks.bytesMax), .blocks)
        #expect(dropped == [.transactions, .transactions])
        #expect(queue.bytes <= total)
        let late = queue.enqueue(body(6, FrameClass.transactions.bytesMax), .transactions)
        #expect(late == [.transactions, .transactions])
        #expect(queue.popFirst()?.kind == .votes)
        #expect(queue.popFirst()?.kind == .blocks)
        #expect(queue.popFirst() == nil)
    }

    @Test("a batch ends with the frame that fills it")
    func take() {
        var queue = queue()
        for _ in 0..<2 { _ = queue.enqueue(body(1), .votes) }
        #expect(queue.take(upTo: Self.cost).count == 1)
        #expect(queue.take(upTo: Self.cost + 1).count == 1)
        #expect(queue.take(upTo: Self.cost).isEmpty)
    }

    @Test("random traffic keeps both budgets and loses no frame silently")
    func randomTraffic() {
        var random = Random(seed: 3)
        let total = FrameClass.blocks.bytesMax + 100
        var queue = OutboundQueue(budget: PerClass { $0.bytesMax + 100 }, total: total)
        var (entered, left, lost) = (0, 0, 0)
        for _ in 0..<5_000 {
            let kind = FrameClass.allCases[Int(random.below(5))]
            entered += 1
            lost += queue.enqueue(Bytes(repeating: 0, count: 1 + Int(random.below(UInt64(kind.bytesMax)))), kind).count
            if random.chance(ppm: 300_000), queue.popFirst() != nil { left += 1 }
            let sum = FrameClass.allCases.reduce(0) { $0 + queue.bytes(of: $1) }
            if queue.bytes > total || sum != queue.bytes { Issue.record("\(queue.bytes) bytes, classes \(sum)") }
        }
        while queue.popFirst() != nil { left += 1 }
        #expect(entered == left + lost && lost > 0 && queue.bytes == 0)
    }
}

@Suite("Budget and back-off")
struct BudgetTests {
    @Test("reading stops above the limit and goes on at half of it")
    func budget() {
        var budget = InboundBudget(limit: 100)
        #expect(budget.charge(100) == false)
        #expect(budget.charge(1) == true)
        #expect(budget.charge(50) == false)
        #expect(budget.release(100) == false)
        #expect(budget.isPaused)
        #expect(budget.release(1) == true)
        #expect(!budget.isPaused && budget.outstanding == 50)
    }

    @Test("delays double up to the maximum, lose at most half, and depend on the seed")
    func backOff() {
        var schedule = RedialSchedule(delayMin: .milliseconds(100), delayMax: .seconds(1), seed: 1)
        var same = RedialSchedule(delayMin: .milliseconds(100), delayMax: .seconds(1), seed: 1)
        var other = RedialSchedule(delayMin: .milliseconds(100), delayMax: .seconds(1), seed: 2)
        var different = 0
        for full in [100, 200, 400, 800] + Array(repeating: 1_000, count: 40) {
            let delay = schedule.next()
            #expect(delay >= .milliseconds(full) / 2 && delay <= .milliseconds(full))
            #expect(same.next() == delay)
            if other.next() != delay { different += 1 }
        }
        #expect(different > 30)
        schedule.reset()
        #expect(schedule.next() <= .milliseconds(100))
    }
}

@Suite("Identity certificates")
struct IdentityCertificateTests {
    private func key(_ seed: UInt8) throws -> SigningKey {
        try #require(SigningKey(seed: Bytes(repeating: seed, count: 32)))
    }

    @Test("BoringSSL reads our certificate and finds the key in it")
    func roundTrip() throws {
        let key = try key(1)
        let certificate = try NIOSSLCertificate(bytes: IdentityCertificate.der(for: key), format: .der)
        #expect(try IdentityCertificate.key(in: [certificate]) == key.publicKey)
        #expect(try TransportIdentity(signingKey: key).peer == key.address)
        #expect(IdentityCertificate.der(for: key) == IdentityCertificate.der(for: key))
    }

    @Test("no certificate and two certificates are refused")
    func chainLength() throws {
        let certificate = try NIOSSLCertificate(bytes: IdentityCertificate.der(for: try key(1)), format: .der)
        #expect(throws: CertificateError.notExactlyOne(0)) { try IdentityCertificate.key(in: []) }
        #expect(throws: CertificateError.notExactlyOne(2)) {
            try IdentityCertificate.key(in: [certificate, certificate])
        }
    }

    @Test("a key of small order is refused")
    func weakKey() throws {
        let key = try key(1)
        let honest = IdentityCertificate.der(for: key)
        let start = try #require(honest.indices.first { honest[$0...].starts(with: key.publicKey.bytes) })
        var forged = honest
        forged.replaceSubrange(start..<start + 32, with: [1] + Bytes(repeating: 0, count: 31))
        let certificate = try NIOSSLCertificate(bytes: forged, format: .der)
        #expect(throws: CertificateError.weakKey) { try IdentityCertificate.key(in: [certificate]) }
    }
}
