// One row per rule of the pre-scan: a module that breaks it and a twin, as close as possible, that does not.

import Execution
import Primitives
import ProgramRules
import Testing

struct ScanRow: Sendable, CustomTestStringConvertible {
    let name: String
    /// Only the case counts, not the values in it.
    let error: ScanError
    let refused: Bytes
    let twin: Bytes

    init(_ name: String, _ error: ScanError, _ refused: Bytes, twin: Bytes = ModuleBuilder().bytes) {
        (self.name, self.error, self.refused, self.twin) = (name, error, refused, twin)
    }

    var testDescription: String { name }
}

/// The name of the rule.
private func rule(_ error: ScanError) -> String {
    Mirror(reflecting: error).children.first?.label ?? error.description
}

private func violation(_ module: Bytes) -> ScanError? {
    do throws(ScanError) {
        _ = try ProgramScan.check(module)
        return nil
    } catch {
        return error
    }
}

@Suite struct ScanTests {
    @Test(
        "a module that breaks a rule is refused by that rule, and its twin is accepted by scan and engine",
        arguments: ScanRows.all)
    func rules(row: ScanRow) throws {
        let found = violation(row.refused)
        #expect(found.map(rule) == rule(row.error))
        #expect(violation(row.twin) == nil)
        #expect(try Engine.shared().objection(to: row.twin) == nil)
    }

    @Test("every rule has a row")
    func coverage() {
        #expect(Set(ScanRows.all.map { rule($0.error) }).count == 48)
    }

    @Test("a refusal says what to change, without the names of the code")
    func texts() {
        for row in ScanRows.all {
            let text = violation(row.refused)?.description ?? ""
            #expect(text.contains(" ") && !text.contains("ScanError") && !text.contains(":"), "\(row.name): \(text)")
        }
    }

    @Test("every prefix of a program is refused but the one that ends before its data, and none traps")
    func prefixes() throws {
        let program = try ShippedProgram.matmul.bytes
        #expect((0..<program.count).filter { violation(Bytes(program.prefix($0))) == nil }.count == 1)
    }

    @Test("the shipped programs pass, with shallow stacks", arguments: ShippedProgram.allCases)
    func shipped(program: ShippedProgram) throws {
        let info = try ProgramScan.check(try program.bytes)
        #expect(info.callDepth <= 16)
        #expect(info.stackBound <= 32 * 1024)
        #expect(info.pages == program.pages)
    }

    @Test(
        "2,000 mutations of each shipped program never trap the scan; those it accepts run in a child to some result",
        arguments: ShippedProgram.allCases)
    func mutations(program: ShippedProgram) throws {
        let original = try program.bytes
        let engine = try Engine.shared()
        let executor = try ExecutorProcessTests.executor("serve")
        let input = program.sampleInput
        var random = Random(seed: 5)
        var accepted = 0
        for _ in 0..<2_000 {
            var module = original
            for _ in 0...random.below(3) {
                let index = Int(random.below(UInt64(module.count)))
                switch random.below(4) {
                case 0: module[index] = UInt8(truncatingIfNeeded: random.next())
                case 1: module[index] ^= 1 << UInt8(random.below(8))
                case 2: module.remove(at: index)
                default: module.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
                }
            }
            if violation(module) != nil { continue }
            accepted += 1
            #expect(engine.objection(to: module) == nil)
            let outcome = executor.run(RunTests.request(module, input: input, fuel: 10_000_000))
            if case .abstained(let reason) = outcome { Issue.record("\(reason): \(Hex.lower(module))") }
        }
        print("mutations of \(program.rawValue): \(accepted) of 2000 accepted by the scan")
        #expect(accepted > 0)
    }
}
