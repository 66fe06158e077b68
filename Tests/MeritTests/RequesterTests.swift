// Which nodes a requester asks for one command, by what each of them answers.
import Foundation
import Synchronization
import Testing

@testable import merit

@Suite("The requester of a local network")
struct RequesterTests {
    /// Exit codes in order | the first turn | the nodes asked | the end: "ok", or a part of the error.
    static let rows: [(codes: [Int32], turn: UInt64, asked: [String], end: String)] = [
        ([0], 0, ["a"], "ok"),
        ([0], 2, ["c"], "ok"),
        ([4, 0], 1, ["b", "c"], "ok"),
        ([4, 0], 2, ["c", "a"], "ok"),
        ([4, 4, 0], 0, ["a", "b", "c"], "ok"),
        // A refusal is one for good, unless a node was lost that may have taken the command.
        ([1], 0, ["a"], "merit job submit: complaint 1"),
        ([3], 1, ["b"], "merit job submit: complaint 3"),
        ([70], 1, ["b"], "merit job submit: complaint 70"),
        ([4, 1, 0], 0, ["a", "b", "c"], "ok"),
        ([4, 1, 1, 0], 0, ["a", "b", "c", "a"], "ok"),
        // Each is asked once, and the first once more; the last answer counts as it is.
        ([4, 4, 4, 4], 0, ["a", "b", "c", "a"], "ended with 4"),
        ([4, 1, 1, 1], 1, ["b", "c", "a", "b"], "ended with 1"),
    ]

    @Test("an unreachable node is passed over, a refusal is not, and every node is asked once", arguments: rows)
    func turns(codes: [Int32], turn: UInt64, asked: [String], end: String) {
        let calls = Mutex<[[String]]>([])
        let requester = Requester([], programs: "", home: "", nodes: ["a", "b", "c"]) { arguments, mayFail in
            let number = calls.withLock { calls in
                calls.append(arguments)
                return calls.count - 1
            }
            guard codes.indices.contains(number) else { throw LocalnetError.child("asked too often") }
            let code = codes[number]
            if code != 0, !mayFail { throw LocalnetError.child("ended with \(code)") }
            return Child.Result(code: code, output: Data("\(number)".utf8), complaint: "complaint \(code)")
        }
        do {
            let result = try requester.atSomeNode(["job", "submit"], first: turn)
            #expect(end == "ok" && result.code == 0)
            #expect(String(decoding: result.output, as: UTF8.self) == "\(codes.count - 1)")
        } catch {
            #expect("\(error)".contains(end))
        }
        #expect(calls.withLock { $0 } == asked.map { ["job", "submit", "--node", $0] })
    }
}
