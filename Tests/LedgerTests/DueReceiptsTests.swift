// What is due: records of many receipts, each of which leaves alone.
import Chain
import Codec
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("Due receipts")
struct DueReceiptsTests {
    private static let job = Hash32.of(7)

    private static func receipt(_ index: UInt32, job: Digest = Hash32.of(7)) -> DueReceipt {
        DueReceipt(
            provider: MarketChain.address(20), place: TaskPlace(job: job, index: index),
            work: (16, Pace(used: 1, budget: 3)), auditRate: 400_000)
    }

    private enum Hash32 {
        static func of(_ byte: UInt8) -> Digest { Digest(Bytes(repeating: byte, count: 32)) ?? .zero }
    }

    @Test("a job is named once for receipts that follow each other, and every record decodes to itself")
    func jobs() throws {
        let other = Hash32.of(9)
        let mixed = [Self.receipt(0), Self.receipt(1), Self.receipt(1, job: other), Self.receipt(2)]
        let record = DueReceipts(mixed)
        #expect(try DueReceipts(decoding: record.encoded) == record)
        let size = { (receipts: [DueReceipt]) in DueReceipts(receipts).encoded.count }
        #expect(size([Self.receipt(1), Self.receipt(2)]) == 2 * size([Self.receipt(1)]) - 34)
    }

    /// An entry of provider, job where one is given, and index.
    private static func entry(_ job: Digest?, _ index: UInt64) -> Bytes {
        var entry = Encoder()
        entry.data(1, MarketChain.address(20))
        if let job { entry.data(2, job) }
        entry.unsigned(3, index)
        return entry.bytes
    }

    @Test(
        "refused are records without receipts, too many of them, a first one without a job, and a job named again",
        arguments: [
            ("one", [entry(job, 1)], true), ("none", [], false), ("no job", [entry(nil, 1)], false),
            ("two of a job", [entry(job, 1), entry(nil, 2)], true),
            ("the job again", [entry(job, 1), entry(job, 2)], false),
            ("256", [entry(job, 0)] + (1..<256).map { entry(nil, $0) }, true),
            ("257", [entry(job, 0)] + (1..<257).map { entry(nil, $0) }, false),
        ] as [(String, [Bytes], Bool)])
    func refusals(name: String, entries: [Bytes], isRead: Bool) {
        var record = Encoder()
        for entry in entries { record.element(1, entry) }
        #expect((DueReceipts.decoded(record.bytes) != nil) == isRead, "\(name)")
    }

    @Test("more receipts of a block than one record holds stand in several, and each is paid once")
    func parts() throws {
        var chain = try AuditChain(settings: AuditChain.settings, stakes: [])
        let job = "30 job tasks=100 fuel=100000000 cu=116 -> ok\n"
        try chain.market.run("30 publish -> ok\n20 provide mrt=3500 -> ok\n21 provide mrt=3500 -> ok")
        try chain.market.run(job + job + job + "block 2")
        try chain.deliver([20, 21])
        let lists = WorkingState(chain.store).dueLists()
        #expect(lists.map(\.receipts.count) == [256, 44] && Set(lists.map(\.height)).count == 1)
        #expect(Set(lists.flatMap(\.receipts).map(\.place)).count == 300)
        #expect(Ledger.dueReceipts(of: 0, on: chain.store) == lists.flatMap(\.receipts))
        try chain.begin(epoch: 2)
        #expect(WorkingState(chain.store).dueLists().isEmpty && chain.view.supply.escrow == .zero)
        #expect((0..<3).allSatisfy { chain.market.job($0)?.closed == 100 })
        try chain.market.checkMoney()
    }

    @Test("a record goes with its last receipt, and is not written where nothing leaves")
    func leaving() throws {
        var state = WorkingState(EmptySnapshot())
        let key = StateKey.due(3, .first, part: 0)
        state.store(DueReceipts([Self.receipt(0), Self.receipt(1)]), at: key)
        let list = try #require(state.dueLists(upTo: 3).first)
        #expect(list.epoch == 3 && list.height == .first && list.key == key && list.receipts.count == 2)
        #expect(state.dueLists(upTo: 2).isEmpty)
        state.keep([Self.receipt(1)], of: list)
        let left = try #require(state.dueLists().first)
        #expect(left.receipts == [Self.receipt(1)])
        state.keep([], of: left)
        #expect(state.dueLists().isEmpty)
    }
}
