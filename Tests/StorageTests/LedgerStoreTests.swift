import Foundation
import Primitives
import Synchronization
import Testing

@testable import Storage

@Suite("ledger store")
struct LedgerStoreTests {
    static let chain = text("merit-test-1")

    static func open(_ folder: TemporaryFolder, mapBytes: Int = 1 << 20) throws -> LedgerStore {
        try LedgerStore(folder: folder.file("chain"), chainID: chain, mapBytes: mapBytes)
    }

    static func batch(_ entries: [(Table, Bytes, Bytes?)]) -> WriteBatch {
        var batch = WriteBatch()
        for (table, key, value) in entries {
            if let value { batch.put(table, key: key, value: value) } else { batch.delete(table, key: key) }
        }
        return batch
    }

    @Test("a batch is seen by later snapshots and not by earlier ones, a later write to a key wins")
    func commitAndSnapshot() throws {
        let folder = try TemporaryFolder()
        let store = try Self.open(folder)
        let before = store.snapshot()
        try store.commit(Self.batch([(.state, [1], [10]), (.state, [1], [11]), (.blobs, [1], []), (.state, [2], nil)]))
        #expect(before.load(.state, key: [1]) == nil)
        let after = store.snapshot()
        #expect(after.load(.state, key: [1]) == [11])
        #expect(after.load(.blobs, key: [1]) == [])
        #expect(after.load(.state, key: [2]) == nil)
        #expect(after.load(.state, key: []) == nil)
        #expect(after.load(.state, key: Bytes(repeating: 1, count: 512)) == nil)
    }

    @Test("a batch may go beyond the last key, back below it, and over it again")
    func appending() throws {
        let folder = try TemporaryFolder()
        let store = try Self.open(folder)
        try store.commit(Self.batch([(.state, [5], [1]), (.state, [9], [1])]))
        try store.commit(
            Self.batch([
                (.state, [10], [2]), (.state, [9], [2]), (.state, [12], [2]), (.tree, [1], [2]), (.state, [12], nil),
                (.state, [11], [2]), (.state, [13], [2]), (.state, [13], [3]), (.state, [3], [2]),
            ]))
        let snapshot = store.snapshot()
        let expected: [(Bytes, Bytes?)] = [
            ([3], [2]), ([5], [1]), ([9], [2]), ([10], [2]), ([11], [2]), ([12], nil), ([13], [3]),
        ]
        for (key, value) in expected { #expect(snapshot.load(.state, key: key) == value) }
        #expect(snapshot.last(.state, upTo: [255])?.key == [13])
        #expect(try store.verify() == 7)
    }

    @Test("threads that read one snapshot at once each find what is there")
    func threads() throws {
        let folder = try TemporaryFolder()
        let store = try Self.open(folder)
        let keys = (0..<2000).map { UInt64($0).bigEndianBytes }
        try store.commit(Self.batch(keys.map { (.state, $0, $0 + [1]) }))
        let snapshot = store.snapshot()
        let parts = (0..<64).map { part in keys.indices.filter { $0 % 64 == part } }
        let found = snapshot.parts(64, isLarge: true) { part in
            parts[part].map { index in
                [snapshot.load(.state, key: keys[index]), snapshot.first(.state, from: keys[index])?.key]
            }
        }
        #expect(found == parts.map { $0.map { [keys[$0] + [1], keys[$0]] } })
    }

    @Test("a snapshot whose transactions a commit came between reads the moment of the first alone")
    func lanes() throws {
        let folder = try TemporaryFolder()
        let store = try Self.open(folder)
        let keys = (0..<500).map { UInt64($0).bigEndianBytes }
        try store.commit(Self.batch(keys.map { (.state, $0, [1]) }))
        let snapshot = store.snapshot {
            do { try store.commit(Self.batch(keys.map { (.state, $0, [2]) })) } catch { Issue.record(error) }
        }
        let found = snapshot.parts(64, isLarge: true) { _ in
            keys.allSatisfy { snapshot.load(.state, key: $0) == [1] && snapshot.first(.state, from: $0)?.value == [1] }
        }
        #expect(found == [Bool](repeating: true, count: 64))
        #expect(snapshot.laneCount == 1)
        let next = store.snapshot()
        #expect(next.laneCount >= 2 && next.load(.state, key: keys[0]) == [2])
    }

    @Test("a part that reads another snapshot reads that one's moment, and parts of parts find everything")
    func nested() throws {
        let folder = try TemporaryFolder()
        let store = try Self.open(folder)
        try store.commit(Self.batch([(.state, [7], [1])]))
        let old = store.snapshot()
        try store.commit(Self.batch([(.state, [7], [2])]))
        let new = store.snapshot()
        let found = old.parts(32, isLarge: true) { _ in
            let own = old.parts(4, isLarge: true) { _ in old.load(.state, key: [7]) } + [old.load(.state, key: [7])]
            return own + [new.load(.state, key: [7]), new.first(.state, from: [7])?.value]
        }
        #expect(found == Array(repeating: Array(repeating: [1], count: 5) + [[2], [2]], count: 32))
    }

    @Test("random writes, searches and reopenings agree with a sorted list")
    func model() throws {
        let folder = try TemporaryFolder()
        var random = Random(seed: 42)
        var store: LedgerStore? = try Self.open(folder)
        var model: [Table: [(key: Bytes, value: Bytes)]] = [.state: [], .tree: []]
        for _ in 0..<150 {
            var batch = WriteBatch()
            for _ in 0..<random.below(12) {
                let table: Table = random.chance(ppm: 500_000) ? .state : .tree
                let key = [UInt8(random.below(4))] + random.bytes(Int(random.below(3)))
                let value = random.chance(ppm: 600_000) ? random.bytes(Int(random.below(40))) : nil
                if let value { batch.put(table, key: key, value: value) } else { batch.delete(table, key: key) }
                var rows = (model[table] ?? []).filter { $0.key != key }
                if let value { rows.append((key, value)) }
                model[table] = rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            }
            try store?.commit(batch)
            if random.chance(ppm: 100_000) {
                store = nil
                store = try Self.open(folder)
            }
            let snapshot = try #require(store).snapshot()
            for (table, rows) in model {
                for _ in 0..<6 {
                    let key = [UInt8(random.below(5))] + random.bytes(Int(random.below(3)))
                    #expect(snapshot.load(table, key: key) == rows.first { $0.key == key }?.value)
                    let first = rows.first { !$0.key.lexicographicallyPrecedes(key) }
                    let found = snapshot.first(table, from: key)
                    #expect(found?.key == first?.key && found?.value == first?.value)
                    let last = rows.last { !key.lexicographicallyPrecedes($0.key) }
                    let below = snapshot.last(table, upTo: key)
                    #expect(below?.key == last?.key && below?.value == last?.value)
                }
                #expect(snapshot.first(table, from: [])?.key == rows.first?.key)
                #expect(snapshot.last(table, upTo: []) == nil)
            }
        }
        #expect(try store?.verify() == model.values.map(\.count).reduce(0, +))
    }

    @Test("readers on many threads see whole batches while commits go on")
    func concurrentReaders() throws {
        let folder = try TemporaryFolder()
        let store = try Self.open(folder)
        try store.commit(Self.batch([(.state, [1], [0]), (.rows, [1], [0])]))
        let torn = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            for round in 1...100 {
                if worker == 0 {
                    let value = [UInt8(round)]
                    try? store.commit(Self.batch([(.state, [1], value), (.rows, [1], value)]))
                } else {
                    let snapshot = store.snapshot()
                    if snapshot.load(.state, key: [1]) != snapshot.load(.rows, key: [1]) { torn.withLock { $0 += 1 } }
                }
            }
        }
        #expect(torn.withLock { $0 } == 0)
        #expect(store.snapshot().load(.state, key: [1]) == [100])
    }

    static let large = (0..<64).map { (Table.blobs, UInt16($0).bigEndianBytes, Bytes(repeating: 5, count: 1 << 16)) }

    @Test("a batch larger than the map makes the map grow, and a reopened store holds it")
    func growth() throws {
        let folder = try TemporaryFolder()
        do {
            let store = try Self.open(folder)
            #expect(store.mapBytes.size == 1 << 20)
            try store.commit(Self.batch(Self.large))
            #expect(store.mapBytes.size >= 4 << 20)
        }
        #expect(try Self.open(folder).verify() == 64)
    }

    @Test("growth waits for a held snapshot, which stays readable, and goes on when it is released")
    func growthUnderReader() throws {
        let folder = try TemporaryFolder()
        let store = try Self.open(folder)
        try store.commit(Self.batch([(.state, [1], [1])]))
        var held: StoreSnapshot? = store.snapshot()
        let failure = Mutex<StorageError?>(nil)
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            do throws(StorageError) { try store.commit(Self.batch(Self.large)) } catch {
                failure.withLock { $0 = error }
            }
            done.signal()
        }
        while !store.isWaitingToGrow { sched_yield() }
        #expect(held?.load(.state, key: [1]) == [1])
        #expect(store.mapBytes.size == 1 << 20)
        held = nil
        #expect(done.wait(timeout: .now() + 30) == .success)
        #expect(failure.withLock { $0 } == nil)
        #expect(try store.verify() == 65)
    }

    @Test("growth that no release allows in time fails by name, and the store stays as it was")
    func growthRefused() throws {
        let folder = try TemporaryFolder()
        let store = try LedgerStore(
            folder: folder.file("chain"), chainID: Self.chain, mapBytes: 1 << 20, growthWait: .milliseconds(1))
        do {
            let held = store.snapshot()
            #expect(throws: StorageError.snapshotsHeld(count: 1)) { try store.commit(Self.batch(Self.large)) }
            #expect(held.first(.blobs, from: []) == nil)
        }
        try store.commit(Self.batch(Self.large))
        #expect(try store.verify() == 64)
    }

    @Test("a half-full map grows when the last snapshot is released")
    func earlyGrowth() throws {
        let folder = try TemporaryFolder()
        let store = try Self.open(folder)
        let held = store.snapshot()
        try store.commit(Self.batch(Array(Self.large.prefix(10))))
        #expect(store.mapBytes.size == 1 << 20)
        _ = consume held
        #expect(store.mapBytes.size == 2 << 20)
    }

    @Test("a second opening is refused with the holder's process id, and allowed after the first is closed")
    func oneProcess() throws {
        let folder = try TemporaryFolder()
        do {
            let store = try Self.open(folder)
            #expect(throws: StorageError.alreadyOpen(folder: folder.file("chain"), pid: getpid())) {
                try Self.open(folder)
            }
            try store.commit(Self.batch([(.meta, [1], [1])]))
        }
        #expect(try Self.open(folder).snapshot().load(.meta, key: [1]) == [1])
    }

    /// As a child of another thread has it for a moment, before it executes its program.
    @Test("a copy of the lock's descriptor holds nothing once the store is closed")
    func copiedLock() throws {
        let folder = try TemporaryFolder()
        var store: LedgerStore? = try Self.open(folder)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init)
        let copies = open.filter {
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            return target == folder.file("chain") + "/process.lock"
        }.map { dup($0) }
        defer { for copy in copies { close(copy) } }
        #expect(copies.count == 1 && store != nil)
        store = nil
        store = try Self.open(folder)
    }

    @Test("a store of another chain, one of another version and a file that is no store are refused")
    func foreign() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("chain")
        _ = try Self.open(folder)
        let other = text("other-1")
        #expect(throws: StorageError.foreignChain(path: path, expected: other, found: Self.chain)) {
            try LedgerStore(folder: path, chainID: other)
        }
        #expect(throws: StorageError.newerSchema(path: path, found: LedgerStore.schema, known: 0)) {
            try LedgerStore(folder: path, chainID: Self.chain, schema: 0)
        }
        let next = LedgerStore.schema + 1
        let older = StorageError.olderSchema(path: path, found: LedgerStore.schema, known: next)
        #expect(throws: older) { try LedgerStore(folder: path, chainID: Self.chain, schema: next) }
        #expect("\(older)".contains("remove that folder and start again"))
        #expect(!"\(older)".contains("\n"))
        try File.write(Bytes(repeating: 7, count: 8192), to: path + "/data.mdb")
        let error = #expect(throws: StorageError.self) { try Self.open(folder) }
        guard case .corruptStore? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// A store on disk whose value `needle-A` of key [1] has one bit flipped.
    static func damaged(_ folder: TemporaryFolder) throws {
        do {
            let store = try open(folder)
            try store.commit(batch([(.state, [1], text("needle-A")), (.state, [2], text("needle-B"))]))
        }
        let path = folder.file("chain/data.mdb")
        var bytes = try File.read(path)
        let places = File.offsets(of: text("needle-A"), in: bytes)
        #expect(!places.isEmpty)
        for place in places { bytes[place + 7] ^= 0x10 }
        try File.write(bytes, to: path)
    }

    @Test("a flipped bit in a value is found by the read and by the scrub; other keys stay readable")
    func flippedBit() throws {
        let folder = try TemporaryFolder()
        try Self.damaged(folder)
        let store = try Self.open(folder)
        let error = StorageError.corruptValue(table: .state, key: [1])
        let snapshot = store.snapshot()
        #expect(throws: error) { try snapshot.read(.state, key: [1]) }
        #expect(throws: error) { try snapshot.readFirst(.state, from: []) }
        #expect(throws: error) { try store.verify() }
        #expect(snapshot.load(.state, key: [2]) == text("needle-B"))
    }

    @Test("a load of a corrupt value ends the process with one line that names the key")
    func loadEndsProcess() async throws {
        let folder = try TemporaryFolder()
        try Self.damaged(folder)
        let result = await #expect(processExitsWith: .exitCode(74), observing: [\.standardErrorContent]) {
            [path = folder.file("chain") as String] in
            _ = try LedgerStore(folder: path, chainID: Self.chain).snapshot().load(.state, key: [1])
        }
        let line = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(line.contains("the value of 01 in table state is corrupt"))
    }

    @Test("two values that changed places are found, because the checksum covers the key")
    func swappedValues() throws {
        let folder = try TemporaryFolder()
        do {
            let store = try Self.open(folder)
            try store.commit(Self.batch([(.state, [1], text("needle-A")), (.state, [2], text("needle-B"))]))
        }
        let path = folder.file("chain/data.mdb")
        var bytes = try File.read(path)
        let first = try #require(File.offsets(of: text("needle-A"), in: bytes).first) - 8
        let second = try #require(File.offsets(of: text("needle-B"), in: bytes).first) - 8
        for index in 0..<16 { bytes.swapAt(first + index, second + index) }
        try File.write(bytes, to: path)
        #expect(throws: StorageError.corruptValue(table: .state, key: [1])) { try Self.open(folder).verify() }
    }

    @Test("a copy holds what was committed, and is made only where nothing is")
    func copy() throws {
        let folder = try TemporaryFolder()
        let store = try Self.open(folder)
        try store.commit(Self.batch(Self.large))
        let target = folder.file("backups/one")
        try store.copy(to: target)
        try store.commit(Self.batch([(.state, [1], [1])]))
        #expect(try LedgerStore(folder: target, chainID: Self.chain).verify() == 64)
        #expect(throws: StorageError.notEmpty(folder: target)) { try store.copy(to: target) }
    }

    @Test("a key of 512 bytes ends the process: it is our defect")
    func longKey() async throws {
        let folder = try TemporaryFolder()
        await #expect(processExitsWith: .failure) { [path = folder.file("chain") as String] in
            let store = try LedgerStore(folder: path, chainID: Self.chain)
            try store.commit(Self.batch([(.state, Bytes(repeating: 1, count: 512), [1])]))
        }
        let store = try Self.open(folder)
        try store.commit(Self.batch([(.state, Bytes(repeating: 1, count: 511), [1])]))
        #expect(try store.verify() == 1)
    }

    @Test("on a full disk a commit fails by name and what was committed stays", .enabled(if: TinyDisk.isAllowed))
    func fullDisk() throws {
        let folder = try TemporaryFolder()
        let disk = try #require(TinyDisk(folder.path, mebibytes: 2))
        defer { withExtendedLifetime(disk) {} }
        do {
            let store = try Self.open(folder)
            try store.commit(Self.batch([(.state, [1], [1])]))
            #expect(throws: StorageError.diskFull(path: folder.file("chain"))) {
                try store.commit(Self.batch(Self.large))
            }
        }
        let store = try Self.open(folder)
        #expect(try store.verify() == 1)
        #expect(store.snapshot().load(.state, key: [1]) == [1])
    }
}

/// A file system of a few mebibytes over a folder; only root can make one.
final class TinyDisk {
    private let path: String

    static let isAllowed: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        return TinyDisk(folder.path, mebibytes: 1) != nil
    }()

    init?(_ path: String, mebibytes: Int) {
        self.path = path
        if mount("tmpfs", path, "tmpfs", 0, "size=\(mebibytes)m") != 0 { return nil }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }
}
