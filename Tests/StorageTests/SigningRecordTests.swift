import Foundation
import Primitives
import Testing

@testable import Storage

@Suite("signing record")
struct SigningRecordTests {
    static let repair = "merit keys repair-signing"

    static func key(_ byte: UInt8 = 7) throws -> Address { try #require(Address(Bytes(repeating: byte, count: 20))) }

    static func digest(_ byte: UInt8) -> Digest {
        guard let digest = Digest(Bytes(repeating: byte, count: 32)) else { preconditionFailure("32 bytes") }
        return digest
    }

    static func entry(_ height: UInt64, _ round: UInt32, _ step: UInt8, _ byte: UInt8 = 1) -> SigningRecord.Entry {
        SigningRecord.Entry(height: height, round: round, step: step, digest: digest(byte))
    }

    @Test("a key without a record signs nothing until one is created, and none is created twice")
    func creation() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("data/signing")
        #expect(throws: StorageError.missingRecord(path: path)) {
            try SigningRecord.open(path, key: Self.key(), repair: Self.repair)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        _ = try SigningRecord.create(path, key: Self.key())
        #expect(try SigningRecord.open(path, key: Self.key(), repair: Self.repair).last == nil)
        #expect(throws: StorageError.recordExists(path: path)) { try SigningRecord.create(path, key: Self.key()) }
        let error = #expect(throws: StorageError.self) {
            try SigningRecord.open(path, key: Self.key(8), repair: Self.repair)
        }
        guard case .foreignLog? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("positions ascend strictly, the same digest may be signed again, another one never")
    func verdicts() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("signing")
        var record = try SigningRecord.create(path, key: Self.key())
        for signed in [Self.entry(5, 0, 0), Self.entry(5, 0, 1), Self.entry(5, 2, 1)] {
            #expect(try record.record(signed) == .fresh)
        }
        let last = Self.entry(5, 2, 1)
        let rows: [(SigningRecord.Entry, SigningRecord.Verdict)] = [
            (Self.entry(5, 2, 1), .same), (Self.entry(5, 0, 1), .same), (Self.entry(5, 0, 0), .same),
            (Self.entry(5, 2, 1, 9), .refused(.conflict(last))),
            (Self.entry(5, 0, 1, 9), .refused(.conflict(Self.entry(5, 0, 1)))),
            (Self.entry(5, 2, 0), .refused(.below(last))), (Self.entry(5, 0, 2), .refused(.below(last))),
            (Self.entry(5, 1, 2), .refused(.below(last))), (Self.entry(4, 9, 2), .refused(.below(last))),
            (Self.entry(5, 2, 2), .fresh), (Self.entry(5, 3, 0), .fresh), (Self.entry(6, 0, 0), .fresh),
        ]
        for _ in 0..<2 {
            for (entry, verdict) in rows { #expect(record.check(entry) == verdict, "\(entry)") }
            // The same verdicts after a restart.
            record = try SigningRecord.open(path, key: Self.key(), repair: Self.repair)
        }
        #expect(try record.record(Self.entry(5, 2, 1, 9)) == .refused(.conflict(last)))
        #expect(try record.record(Self.entry(5, 2, 1)) == .same)
        #expect(record.last == last)
    }

    @Test("an entry is on disk when record returns, and a cut of the file takes back unsynced bytes only")
    func durability() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("signing")
        let record = try SigningRecord.create(path, key: Self.key())
        var sizes: [Int] = []
        for height in UInt64(1)...4 {
            #expect(try record.record(Self.entry(height, 0, 2)) == .fresh)
            sizes.append(try File.read(path).count)
            let seen = try AppendLog.read(path, .init(kind: "signing", version: 1, owner: Self.key().bytes), repair: "")
            #expect(seen.records.last == Self.entry(height, 0, 2).bytes)
        }
        let bytes = try File.read(path)
        for cut in sizes[2]..<sizes[3] {
            try File.write(bytes[..<cut], to: path)
            #expect(try SigningRecord.open(path, key: Self.key(), repair: Self.repair).last == Self.entry(3, 0, 2))
        }
        var damaged = bytes
        damaged[sizes[1] + 20] ^= 4
        try File.write(damaged, to: path)
        #expect(throws: StorageError.corruptLog(path: path, offset: sizes[1], repair: Self.repair)) {
            try SigningRecord.open(path, key: Self.key(), repair: Self.repair)
        }
    }

    @Test("a long record is replaced by one that holds the last height and refuses the same")
    func rotation() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("signing")
        let record = try SigningRecord.create(path, key: Self.key(), bytesMax: 500)
        for height in UInt64(1)...40 {
            for step in UInt8(0)..<3 { #expect(try record.record(Self.entry(height, 0, step)) == .fresh) }
        }
        #expect(try File.read(path).count <= 500 + 62)
        let again = try SigningRecord.open(path, key: Self.key(), repair: Self.repair)
        #expect(again.entries == (0..<3).map { Self.entry(40, 0, $0) })
        #expect(again.check(Self.entry(39, 0, 2)) == .refused(.below(Self.entry(40, 0, 2))))
    }

    @Test("an exported record imported elsewhere refuses what the first refuses")
    func interchange() throws {
        let folder = try TemporaryFolder()
        let first = try SigningRecord.create(folder.file("a"), key: Self.key())
        for entry in [Self.entry(8, 0, 1), Self.entry(9, 0, 1), Self.entry(9, 1, 1)] { _ = try first.record(entry) }
        let text = first.exported()
        let second = try SigningRecord.create(folder.file("b"), key: Self.key())
        #expect(try second.import(text) == 2)
        #expect(second.exported() == text)
        #expect(try second.import(text) == 0)
        #expect(second.check(Self.entry(9, 1, 1, 3)) == .refused(.conflict(Self.entry(9, 1, 1))))
        // An older text takes nothing back.
        _ = try second.record(Self.entry(12, 0, 0))
        #expect(try second.import(text) == 0)
        #expect(second.last == Self.entry(12, 0, 0))
        let other = try SigningRecord.create(folder.file("c"), key: Self.key(8))
        let foreign = try StorageError.foreignInterchange(expected: Self.key(8), found: Self.key())
        #expect(throws: foreign) { try other.import(text) }
    }

    @Test(
        "interchange text that is not exactly the schema is refused and changes nothing",
        arguments: [
            ("merit.signing.1", "merit.signing.2"), ("\"height\":\"9\"", "\"height\":9"),
            ("\"height\":\"9\"", "\"height\":\"-9\""), ("\"round\":1", "\"round\":-1"),
            ("\"round\":1", "\"round\":1.5"),
            ("\"step\":1", "\"step\":3"), ("\"digest\":\"01", "\"digest\":\""), ("\"key\":\"07", "\"key\":\"zz"),
            ("\"entries\":", "\"entry\":"), ("\"step\":1", "\"more\":1,\"step\":1"), ("}", ""),
            ("\"round\":1", "\"round\":0"), ("\"step\":1,", ""),
        ])
    func malformedInterchange(part: String, replacement: String) throws {
        let folder = try TemporaryFolder()
        let first = try SigningRecord.create(folder.file("a"), key: Self.key())
        for entry in [Self.entry(9, 0, 1), Self.entry(9, 1, 1)] { _ = try first.record(entry) }
        let text = first.exported().replacingOccurrences(of: part, with: replacement)
        let second = try SigningRecord.create(folder.file("b"), key: Self.key())
        let error = #expect(throws: StorageError.self) { try second.import(text) }
        guard case .malformedInterchange? = error else {
            Issue.record("\(String(describing: error)) for \(text)")
            return
        }
        #expect(second.last == nil)
    }
}
