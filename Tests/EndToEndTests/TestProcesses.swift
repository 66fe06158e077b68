// Real processes of the built program, watched as a stranger watches them: exit codes, logs, RPC.
import Client
import Foundation
import Primitives
import RPC
import Testing

enum TestFailure: Error {
    case late(String)
    case ended(String)
}

/// The built program.
enum Program {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let path = root.appendingPathComponent(".build/debug/merit").path

    static func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    /// Standard output and the exit code.
    static func run(_ arguments: [String]) throws -> (output: Data, code: Int32) {
        let process = process(arguments)
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (data, process.terminationStatus)
    }
}

/// Asks until the answer is the wanted one; fails at the deadline.
func wait(for what: String, seconds: Double = 60, until condition: () throws -> Bool) throws {
    let deadline = Date().addingTimeInterval(seconds)
    let pause = DispatchSemaphore(value: 0)
    while Date() < deadline {
        if try condition() { return }
        _ = pause.wait(timeout: .now() + .milliseconds(50))
    }
    throw TestFailure.late(what)
}

final class TestNode {
    let home: String
    let rpc: String
    private(set) var process: Process?

    init(home: String, rpc: String) { (self.home, self.rpc) = (home, rpc) }

    func start() throws {
        let process = Program.process(["start", "--home", home])
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
    }

    /// The exit code.
    @discardableResult
    func stop(_ signal: Int32) -> Int32 {
        guard let process else { return -1 }
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        self.process = nil
        return process.terminationStatus
    }

    private var client: RPCClient? { NodeURL("http://" + rpc).map { RPCClient($0) } }

    /// nil while it cannot be reached.
    var height: UInt64? {
        do {
            let status = try client?.call("status")
            return try status.flatMap { UInt64(try $0.member("sync_info").text("latest_block_height")) }
        } catch {
            return nil
        }
    }

    func header(_ height: UInt64) throws -> String {
        let result = try #require(try client?.call("header", ["height": .string("\(height)")]))
        return try result.member("header").text
    }
}

/// A network in a folder of its own; everything is killed and removed at the end.
final class TestNetwork {
    struct Files: Decodable {
        struct Node: Decodable {
            let home: String
            let rpc: String
            let listen: String
            let peer_id: String
            let account: String
        }
        let genesis_hash: String
        let nodes: [Node]
    }

    let folder: String
    let files: Files
    let nodes: [TestNode]
    var guests: [TestNode] = []

    init(validators: Int, secondsPerEpoch: Int = 20, genesis: String? = nil) throws {
        folder = NSTemporaryDirectory() + "merit-end-to-end-\(UUID().uuidString)"
        let made = try Program.run(
            [
                "testnet", "--home", folder, "--validators", "\(validators)", "--base-port", "0", "--seconds-per-epoch",
                "\(secondsPerEpoch)", "--json",
            ] + (genesis.map { ["--genesis", $0] } ?? []))
        files = try JSONDecoder().decode(Files.self, from: made.output)
        nodes = files.nodes.map { TestNode(home: $0.home, rpc: $0.rpc) }
    }

    deinit {
        for node in nodes + guests { node.stop(SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    func waitUntilAll(reach height: UInt64, _ subset: [TestNode]? = nil) throws {
        try wait(for: "height \(height)") { (subset ?? nodes).allSatisfy { ($0.height ?? 0) >= height } }
    }

    var highest: UInt64 { nodes.compactMap(\.height).max() ?? 0 }
}
