// Broken homes and hostile strangers against the real program: one line that says why and the way out, one exit code,
// and nothing lost.
import Foundation
import Testing

@Suite("Refusals of the real program", .serialized)
struct RefusalTests {
    /// Cells of the rows of Tables/`name`.txt.
    static func rows(_ name: String, cells: Int) throws -> [[String]] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Tables/\(name).txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { line in
                let found = line.split(separator: "|", omittingEmptySubsequences: false)
                    .map { $0.trimmingCharacters(in: .whitespaces) }
                try #require(found.count == cells, "\(line)")
                return found
            }
    }

    /// Standard output and error together, and the exit code.
    static func shell(_ line: String, in folder: String) throws -> (text: String, code: Int32) {
        let script = "cd '\(folder)'; export merit='\(Program.path)'; exec 2>&1\n\(line)"
        let (output, _, code) = try Program.run("/bin/sh", ["-c", script])
        return (String(decoding: output, as: UTF8.self), code)
    }

    /// A folder with the homes that rows begin from; removed at the end.
    final class Homes {
        let folder: String

        init() throws {
            folder = NSTemporaryDirectory() + "merit-refusals-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let flags = "--listen 127.0.0.1:0 --rpc 127.0.0.1:0 --chain-id merit-one"
            let made = try RefusalTests.shell(
                """
                echo right > right && echo wrong > wrong
                "$merit" init --home fresh \(flags) && "$merit" init --home fresh-other \(flags)
                "$merit" init --home sealed \(flags) --passphrase-file right
                cp -r fresh used
                """, in: folder)
            try #require(made.code == 0, "\(made.text)")
            let node = TestNode(home: folder + "/used", rpc: "")
            try node.start()
            try wait(for: "a chain") { try RefusalTests.blocks(folder + "/used") >= 2 }
            #expect(node.stop(SIGTERM) == 0)
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        func copy(_ name: String, to other: String) throws -> String {
            let path = "\(folder)/\(other)"
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
            try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: path)
            return path
        }
    }

    /// Lines of the node's log that say a block was committed.
    static func blocks(_ home: String) throws -> Int {
        guard let log = FileManager.default.contents(atPath: home + "/log/node.log") else { return 0 }
        return String(decoding: log, as: UTF8.self).components(separatedBy: "committed block").count - 1
    }

    /// Names and contents of a home, without its log and its lock.
    static func contents(_ home: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: home) {
            let isNoise = name.hasPrefix("log") || name.contains("lock")
            if !isNoise, let data = FileManager.default.contents(atPath: "\(home)/\(name)") { found[name] = data }
        }
        return found
    }

    @Test("a home that something happened to is refused in one line with the way out, and is left as it was")
    func homes() throws {
        let homes = try Homes()
        let rows = try Self.rows("homes", cells: 5)
        for row in rows {
            let home = try homes.copy(row[0], to: "row")
            _ = try Self.shell(row[1], in: home)
            let before = try Self.contents(home)
            let ended = try Self.shell("timeout 20 \"$merit\" start --home . \(row[2])", in: home)
            let name = "\(row[0]) | \(row[1]) | \(row[2])"
            #expect("\(ended.code)" == row[3], "\(name): \(ended.text)")
            #expect(ended.text.contains(row[4]), "\(name): \(ended.text)")
            #expect(ended.text.split(separator: "\n").count == 1, "\(name): \(ended.text)")
            let after = try Self.contents(home)
            let names = Set(before.keys).union(after.keys)
            #expect(names.filter { before[$0] != after[$0] }.sorted() == [], "\(name)")
        }
        print("broken homes: \(rows.count) rows")
    }

    @Test("a second process on one home is refused with the first one's id, and the first goes on")
    func secondProcess() throws {
        let homes = try Homes()
        let home = try homes.copy("used", to: "shared")
        let node = TestNode(home: home, rpc: "")
        let start = try Self.blocks(home)
        try node.start()
        try wait(for: "a block") { try Self.blocks(home) > start }
        let id = try #require(node.process?.id)
        let second = try Self.shell("timeout 20 \"$merit\" start --home .", in: home)
        #expect(second.code == 3 && second.text.contains("\(id)"), "\(second)")
        #expect(second.text.split(separator: "\n").count == 1)
        let now = try Self.blocks(home)
        try wait(for: "two more blocks") { try Self.blocks(home) >= now + 2 }
        #expect(node.stop(SIGTERM) == 0)
    }

    @Test("where files may not grow the node ends with 5 and one line, and with room again it goes on from its tip")
    func fullDisk() throws {
        let homes = try Homes()
        for (name, kibibytes) in [("fresh", 8), ("used", 8), ("fresh", 60), ("used", 120)] {
            let home = try homes.copy(name, to: "small")
            // No file may grow beyond so many blocks of 512 bytes; with the signal ignored a write fails instead.
            let command = "trap '' XFSZ; ulimit -f \(kibibytes * 2); exec timeout 60 \"$merit\" start --home ."
            let ended = try Self.shell(command, in: home)
            let last = ended.text.split(separator: "\n").last ?? ""
            #expect(ended.code == 5, "\(name) with \(kibibytes) KiB: \(ended)")
            // A file of ours knows the limit; LMDB says of a page that it wrote in part only that the disk failed.
            let isLimit = last.contains("raise the limit") && last.hasSuffix("start again; nothing is lost")
            let isDisk = last.hasPrefix("cannot ") && last.hasSuffix("check the disk and start again")
            #expect(isLimit || isDisk, "\(last)")

            let node = TestNode(home: home, rpc: "")
            let before = try Self.blocks(home)
            try node.start()
            try wait(for: "two more blocks") { try Self.blocks(home) >= before + 2 }
            #expect(node.stop(SIGTERM) == 0)
        }
    }

    private func shown(_ answer: [UInt8]) -> String { String(decoding: answer, as: UTF8.self) }

    /// One TLS alert and nothing else.
    private func isAlert(_ answer: [UInt8]) -> Bool { answer.count == 7 && answer.starts(with: [21, 3]) }

    @Test("what strangers send to a node's ports is answered or cut off, and the node goes on")
    func strangers() throws {
        let homes = try Homes()
        let home = try homes.copy("used", to: "open")
        let (peer, rpc) = (20_000 + Int.random(in: 0..<10_000), 30_000 + Int.random(in: 0..<10_000))
        let text = try String(contentsOfFile: home + "/config.toml", encoding: .utf8)
        try text.replacingOccurrences(of: "listen = \"127.0.0.1:0\"", with: "listen = \"127.0.0.1:\(peer)\"")
            .replacingOccurrences(of: "rpc = \"127.0.0.1:0\"", with: "rpc = \"127.0.0.1:\(rpc)\"")
            .write(toFile: home + "/config.toml", atomically: true, encoding: .utf8)
        let node = TestNode(home: home, rpc: "127.0.0.1:\(rpc)")
        try node.start()
        try wait(for: "an answer") { node.height != nil }
        let rows = try Self.rows("strangers", cells: 3)
        for row in rows {
            let answer = try Stranger.send(Stranger.bytes(row[1]), port: row[0] == "rpc" ? rpc : peer)
            let isExpected = row[2] == "cut" ? answer.isEmpty || isAlert(answer) : shown(answer).contains(row[2])
            #expect(isExpected, "\(row[0]) | \(row[1].prefix(80)): \(shown(answer).prefix(300))")
        }
        let height = try #require(node.height)
        try wait(for: "two more blocks") { (node.height ?? 0) >= height + 2 }
        #expect(node.stop(SIGTERM) == 0)
        print("strangers: \(rows.count) rows")
    }
}
