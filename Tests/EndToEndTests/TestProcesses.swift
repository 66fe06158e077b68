// Real processes of the built program, watched as a stranger watches them: exit codes, logs, RPC.
import Client
import Foundation
import Primitives
import RPC
import Testing

@testable import merit

enum TestFailure: Error {
    case late(String)
    case ended(String)
}

/// The built program.
enum Program {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let path = root.appendingPathComponent(".build/debug/merit").path

    /// What it wrote, and the exit code.
    static func run(_ arguments: [String]) throws -> (output: Data, complaint: String, code: Int32) {
        try run(path, arguments)
    }

    static func run(_ program: String, _ arguments: [String]) throws -> (output: Data, complaint: String, code: Int32) {
        var output = try SpawnPipe()
        var errors = try SpawnPipe()
        let id = try Spawn.start(program, arguments, output: output.writer, errors: errors.writer)
        output.closeWriter()
        errors.closeWriter()
        let (answer, words) = SpawnPipe.drain(output, errors)
        return (Data(answer), String(decoding: words, as: UTF8.self), Spawn.wait(for: id))
    }
}

/// The built program at work in the background; killed when nobody holds it any more.
final class TestProcess {
    let id: pid_t
    private var code: Int32?

    init(_ arguments: [String]) throws { id = try Spawn.start(Program.path, arguments) }

    deinit { stop(SIGKILL) }

    /// The exit code; 128 and the signal's number where one ended it.
    @discardableResult
    func stop(_ signal: Int32) -> Int32 {
        if let code { return code }
        kill(id, signal)
        let ended = Spawn.wait(for: id)
        code = ended
        return ended
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
    private(set) var process: TestProcess?

    init(home: String, rpc: String) { (self.home, self.rpc) = (home, rpc) }

    func start() throws { process = try TestProcess(["start", "--home", home]) }

    /// The exit code.
    @discardableResult
    func stop(_ signal: Int32) -> Int32 {
        defer { process = nil }
        return process?.stop(signal) ?? -1
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

    /// Consensus addresses whose precommits for the newest block the node has.
    func signers() throws -> [String] {
        let answer = try #require(try client?.call("commit"))
        let commit = try answer.member("signed_header").member("commit")
        return try commit.elements("signatures", max: 100).filter { $0["block_id_flag"] == .number(2) }
            .map { try $0.text("validator_address") }
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
