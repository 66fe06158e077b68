// Tables/programs.txt: every hostile program of these tests by name, what its requester is told and which fuel is
// charged. All of them go through one child process, which answers an honest task after each.
import Execution
import Foundation
import Primitives
import ProgramRules
import Testing

@Suite struct ProgramTableTests {
    static let memoryPages = 1_024

    /// Programs that pass the scan, or stay just outside, and try to take what is not theirs.
    static let attacks: [(name: String, program: Bytes)] = [
        ("an empty file", []),
        ("a text", Bytes("#!/bin/sh\nrm -rf /\n".utf8)),
        ("a program cut in half", Bytes(ModuleBuilder().bytes.prefix(ModuleBuilder().bytes.count / 2))),
        ("a million zeros", Bytes(repeating: 0, count: 1_000_000)),
        ("compile bomb: 21,666 empty loops in seven bodies", bomb([0x03, 0x40, 0x0B])),
        ("compile bomb: empty branches", bomb(Code.int(0) + [0x04, 0x40, 0x0B])),
        ("compile bomb: 2,040 functions of 80 loops", crowd),
        ("memory bomb: every page of 64 MiB is written", writer(pages: memoryPages)),
        ("memory bomb: an output of 4 GiB", ModuleBuilder.run(Code.long(0xFFFF_FFFF))),
        ("memory bomb: alloc answers the last byte", alloc(65_535)),
    ]

    private static func bomb(_ piece: Bytes) -> Bytes {
        let body = (0..<(65_000 / piece.count)).flatMap { _ in piece }
        return ModuleBuilder.with { for _ in 0..<7 { $0.add(body) } }
    }

    private static let crowd: Bytes = {
        let body = (0..<80).flatMap { _ in [0x03, 0x40, 0x0B] as Bytes }
        return ModuleBuilder.with { for _ in 0..<2_040 { $0.add(body) } }
    }()

    private static func alloc(_ answer: Int64) -> Bytes {
        ModuleBuilder.with { $0.bodies[0] = [0] + Code.int(answer) + [Code.end] }
    }

    /// Stores into each page and returns nothing: local 3 counts addresses down from the last page.
    private static func writer(pages: Int) -> Bytes {
        let loop: Bytes =
            Code.int(Int64(pages * 65_536 - 65_536)) + [0x21, 3, 0x03, 0x40, 0x20, 3, 0x20, 3, 0x36, 2, 0, 0x20, 3]
            + Code.int(65_536) + [0x6B, 0x22, 3, 0x0D, 0, 0x0B] + Code.long(0)
        return ModuleBuilder.with {
            $0.memories = [[1] + leb(pages) + leb(pages)]
            $0.bodies[1] = [1, 1, Code.i32] + loop + [Code.end]
        }
    }

    static var all: [(name: String, program: Bytes)] {
        attacks + TrapRow.all.map { ($0.name, $0.program) } + ScanRows.all.map { ($0.name, $0.refused) }
    }

    /// `program | what the requester is told | fuel charged`.
    private static func line(_ name: String, _ outcome: Outcome) -> String {
        switch outcome {
        case .abstained(.refused(let reason)): "\(name) | refused: \(reason) | none"
        case .abstained(let reason): "\(name) | no result: \(reason) | none"
        case .result(let result):
            switch result.ending {
            case .trapped(let trap): "\(name) | trapped: \(trap) | \(result.fuel)"
            case .returned(let output): "\(name) | returned \(output.count) bytes | \(result.fuel)"
            }
        }
    }

    @Test("every hostile program ends as its row says, and the child that ran it serves on")
    func table() throws {
        let executor = try ExecutorProcessTests.executor("serve")
        let honest = RunTests.request(RunTests.echo)
        let answer = executor.run(honest)
        let found = Self.all.map { name, program in
            let line = Self.line(name, executor.run(RunTests.request(program)))
            #expect(executor.run(honest) == answer, "\(name)")
            return line
        }
        let rows = try tableRows("programs").map { $0.joined(separator: " | ") }
        #expect(Set(Self.all.map(\.name)).count == found.count)
        for line in found where !rows.contains(line) { Issue.record("not in the table:\n\(line)") }
        #expect(rows.count == found.count)
        print("hostile programs: \(rows.count) rows")
    }
}
