import Foundation
import Primitives
import Testing

@testable import Storage

@Suite("append-only log")
struct AppendLogTests {
    static let identity = AppendLog.Identity(kind: "journal", version: 1, owner: [1, 2, 3])
    static let repair = "merit store repair-journal"
    static let records: [Bytes] = [
        text("first"), [], Bytes(repeating: 0, count: 20), [0x0A, 0x0A], text("the last one"),
    ]

    /// A log of all records; the bytes of the file and where each record ends.
    static func sample(_ path: String) throws -> (bytes: Bytes, ends: [Int]) {
        let log = try AppendLog.create(path, identity)
        var ends = [log.byteCount]
        for record in records {
            try log.append(record)
            ends.append(log.byteCount)
        }
        try log.sync()
        return (try File.read(path), ends)
    }

    @Test("a log cut at any byte opens with the records before the cut, and can be appended to")
    func tornTail() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        let (bytes, ends) = try Self.sample(path)
        #expect(bytes.count == ends.last)
        for cut in ends[0]...bytes.count {
            try File.write(bytes[..<cut], to: path)
            let whole = ends.lastIndex { $0 <= cut } ?? 0
            do {
                let (log, content) = try AppendLog.open(path, Self.identity, repair: Self.repair)
                #expect(content.records == Array(Self.records[..<whole]), "cut at \(cut)")
                #expect(content.tornBytes == cut - ends[whole])
                try log.append(text("more"))
                try log.sync()
            }
            let again = try AppendLog.read(path, Self.identity, repair: Self.repair)
            #expect(again.records == Self.records[..<whole] + [text("more")])
        }
    }

    @Test("zeros that a crash leaves instead of the end of the last append are a torn tail")
    func zeroTail() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        let (bytes, ends) = try Self.sample(path)
        let last = ends[ends.count - 2]
        for cut in last..<bytes.count {
            try File.write(bytes[..<cut] + Bytes(repeating: 0, count: bytes.count - cut + 7), to: path)
            let content = try AppendLog.read(path, Self.identity, repair: Self.repair)
            #expect(content.records == Array(Self.records.dropLast()), "zeros from \(cut)")
        }
    }

    @Test("a flipped bit anywhere is refused with the offset of its record and the repair command")
    func flippedBit() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        let (bytes, ends) = try Self.sample(path)
        for index in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[index] ^= 1 << UInt8(bit)
                try File.write(damaged, to: path)
                let offset = ends.last { $0 <= index } ?? 0
                #expect(throws: StorageError.corruptLog(path: path, offset: offset, repair: Self.repair)) {
                    try AppendLog.open(path, Self.identity, repair: Self.repair)
                }
            }
        }
    }

    @Test("damage before records that are whole is no torn tail, even when the file ends in zeros")
    func holeInTheMiddle() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        let (bytes, ends) = try Self.sample(path)
        var damaged = bytes
        for index in ends[0]..<ends[1] { damaged[index] = 0 }
        try File.write(damaged + [0, 0, 0], to: path)
        #expect(throws: StorageError.corruptLog(path: path, offset: ends[0], repair: Self.repair)) {
            try AppendLog.open(path, Self.identity, repair: Self.repair)
        }
    }

    @Test("cutting at the damage keeps the records before it and a copy of the file")
    func cutAtDamage() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        let (bytes, ends) = try Self.sample(path)
        var damaged = bytes
        damaged[ends[2] + 3] ^= 1
        try File.write(damaged, to: path)
        #expect(try AppendLog.cutAtDamage(path, Self.identity) == bytes.count - ends[2])
        #expect(try AppendLog.read(path, Self.identity, repair: "").records == Array(Self.records[..<2]))
        #expect(try File.read(path + ".damaged") == damaged)
    }

    @Test("a log of another kind, version or owner is refused, and an existing one is not replaced")
    func identities() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        _ = try Self.sample(path)
        for other in [
            AppendLog.Identity(kind: "signing", version: 1, owner: [1, 2, 3]),
            AppendLog.Identity(kind: "journal", version: 2, owner: [1, 2, 3]),
            AppendLog.Identity(kind: "journal", version: 1, owner: [1, 2, 4]),
        ] {
            let error = #expect(throws: StorageError.self) { try AppendLog.open(path, other, repair: Self.repair) }
            guard case .foreignLog? = error else {
                Issue.record("\(String(describing: error)) for \(other)")
                continue
            }
        }
        #expect(throws: StorageError.recordExists(path: path)) { try AppendLog.create(path, Self.identity) }
    }

    @Test("a reset log holds the kept records alone and goes on")
    func reset() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("log")
        _ = try Self.sample(path)
        let (log, _) = try AppendLog.open(path, Self.identity, repair: Self.repair)
        try log.reset(keeping: [text("kept")])
        try log.append(text("after"))
        try log.sync()
        #expect(try AppendLog.read(path, Self.identity, repair: "").records == [text("kept"), text("after")])
        #expect(try File.read(path).count == log.byteCount)
    }

    @Test("a record over the limit and a full disk are refused by name")
    func limits() throws {
        let folder = try TemporaryFolder()
        let log = try AppendLog.create(folder.file("log"), Self.identity)
        let max = StorageLimits.logRecordBytesMax
        let error = StorageError.recordTooLong(path: folder.file("log"), bytes: max + 1, max: max)
        #expect(throws: error) { try log.append(Bytes(repeating: 1, count: max + 1)) }
        try log.append(Bytes(repeating: 1, count: max))
        // The device that is always full.
        try FileManager.default.createSymbolicLink(atPath: folder.file("full.fresh"), withDestinationPath: "/dev/full")
        #expect(throws: StorageError.diskFull(path: folder.file("full.fresh"))) {
            try AppendLog.create(folder.file("full"), Self.identity)
        }
    }

    @Test("a journal gives back the rows above the durable height and drops the others when it is long")
    func journal() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("data/journal")
        func open(above height: UInt64) throws -> (journal: Journal, rows: [Journal.Row], tornBytes: Int) {
            try Journal.open(path, owner: [9], above: height, repair: Self.repair, bytesMax: 400)
        }
        do {
            let (journal, rows, _) = try open(above: 0)
            #expect(rows.isEmpty)
            for height in UInt64(1)...3 {
                for index in UInt8(0)..<2 { try journal.append([index], height: height) }
                try journal.sync()
            }
        }
        let (journal, rows, torn) = try open(above: 2)
        #expect(rows == [Journal.Row(height: 3, content: [0]), Journal.Row(height: 3, content: [1])])
        #expect(torn == 0)
        let short = journal.byteCount
        try journal.drop(upTo: 2)
        #expect(journal.byteCount == short)
        try journal.append(Bytes(repeating: 7, count: 400), height: 4)
        try journal.drop(upTo: 2)
        #expect(journal.byteCount < short + 400)
        #expect(try open(above: 0).rows.map(\.height) == [3, 3, 4])
        try journal.drop(upTo: 4)
        #expect(try open(above: 0).rows.isEmpty)
    }
}
