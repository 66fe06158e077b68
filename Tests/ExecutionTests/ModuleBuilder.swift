// Writes WebAssembly modules byte by byte for the tests, starting from the smallest module that the scan accepts.
// Function 0 is `alloc`, function 1 is `run`; added functions follow.

import Execution
import Foundation
import Primitives

/// Unsigned LEB128.
func leb(_ value: Int) -> Bytes {
    var (rest, bytes) = (value, Bytes())
    repeat {
        bytes.append(UInt8(rest & 0x7F) | (rest > 0x7F ? 0x80 : 0))
        rest >>= 7
    } while rest > 0
    return bytes
}

/// Signed LEB128.
func signedLEB(_ value: Int64) -> Bytes {
    var (rest, bytes) = (value, Bytes())
    while true {
        let byte = UInt8(truncatingIfNeeded: rest & 0x7F)
        rest >>= 7
        if (rest == 0 && byte & 0x40 == 0) || (rest == -1 && byte & 0x40 != 0) { return bytes + [byte] }
        bytes.append(byte | 0x80)
    }
}

func vector(_ items: [Bytes]) -> Bytes { leb(items.count) + items.flatMap { $0 } }

enum Code {
    static let (i32, i64, f32, f64, v128): (UInt8, UInt8, UInt8, UInt8, UInt8) = (0x7F, 0x7E, 0x7D, 0x7C, 0x7B)
    static func int(_ value: Int64) -> Bytes { [0x41] + signedLEB(value) }
    static func long(_ value: Int64) -> Bytes { [0x42] + signedLEB(value) }
    static func type(_ parameters: Bytes, _ results: Bytes) -> Bytes {
        [0x60] + leb(parameters.count) + parameters + leb(results.count) + results
    }
    static func export(_ name: String, _ kind: UInt8, _ index: Int) -> Bytes {
        leb(name.utf8.count) + Bytes(name.utf8) + [kind] + leb(index)
    }
    static func data(at address: Int64, _ bytes: Bytes) -> Bytes {
        [0] + int(address) + [0x0B] + leb(bytes.count) + bytes
    }
    static func elements(at index: Int64, _ functions: [Int]) -> Bytes {
        [0] + int(index) + [0x0B] + vector(functions.map(leb))
    }
    static let (drop, end, unreachable): (UInt8, UInt8, UInt8) = (0x1A, 0x0B, 0x00)
}

struct ModuleBuilder {
    var types = [
        Code.type([Code.i32], [Code.i32]), Code.type([Code.i32, Code.i32, Code.i32], [Code.i64]), Code.type([], []),
    ]
    var functions = [0, 1]
    /// Each with its locals, without its length.
    var bodies = [[0] + Code.int(1024) + [Code.end], [0] + Code.long(0) + [Code.end]]
    var memories: [Bytes] = [[1, 1, 1]]
    var tables: [Bytes] = []
    var globals: [Bytes] = []
    var exports = [Code.export("memory", 2, 0), Code.export("alloc", 0, 0), Code.export("run", 0, 1)]
    var elements: [Bytes] = []
    var data: [Bytes] = []

    /// `code` without the final `end`.
    @discardableResult
    mutating func add(type: Int = 2, locals: [Bytes] = [], _ code: Bytes) -> Int {
        functions.append(type)
        bodies.append(vector(locals) + code + [Code.end])
        return functions.count - 1
    }

    var sections: [(id: UInt8, content: Bytes)] {
        let all: [(UInt8, [Bytes])] = [
            (1, types), (3, functions.map(leb)), (4, tables), (5, memories), (6, globals), (7, exports), (9, elements),
            (10, bodies.map { leb($0.count) + $0 }), (11, data),
        ]
        return all.filter { !$0.1.isEmpty }.map { (id: $0.0, content: vector($0.1)) }
    }

    var bytes: Bytes { Self.bytes(sections) }

    static func bytes(_ sections: [(id: UInt8, content: Bytes)]) -> Bytes {
        [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0] + sections.flatMap { [$0.id] + leb($0.content.count) + $0.content }
    }

    // MARK: shorthands

    static func with(_ change: (inout ModuleBuilder) -> Void) -> Bytes {
        var module = ModuleBuilder()
        change(&module)
        return module.bytes
    }

    /// The smallest module and one function of no parameters and results.
    static func function(locals: [Bytes] = [], _ code: Bytes) -> Bytes { with { $0.add(locals: locals, code) } }

    /// A program whose `run` has this code (without `end`).
    static func run(locals: [Bytes] = [], _ code: Bytes) -> Bytes {
        with { $0.bodies[1] = vector(locals) + code + [Code.end] }
    }

    /// The smallest module with its sections rewritten.
    static func rewritten(_ change: (inout [(id: UInt8, content: Bytes)]) -> Void) -> Bytes {
        var sections = ModuleBuilder().sections
        change(&sections)
        return bytes(sections)
    }
}

enum ShippedProgram: String, CaseIterable {
    case matmul, montecarlo, transformer, sgd

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/Programs")

    var bytes: Bytes {
        get throws { Bytes(try Data(contentsOf: Self.folder.appending(path: "wasm/\(rawValue).wasm"))) }
    }

    var pages: Int {
        switch self {
        case .matmul: 32
        case .montecarlo, .sgd: 4
        case .transformer: 9
        }
    }
}

/// The rows of Tables/`name`.txt: lines without `#`, cut into cells at ` | `.
func tableRows(_ name: String) throws -> [[String]] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Tables/\(name).txt")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
        .map { $0.components(separatedBy: " | ").map { $0.trimmingCharacters(in: .init(charactersIn: "\t")) } }
}

extension FixedWidthInteger {
    var littleEndianBytes: Bytes { withUnsafeBytes(of: littleEndian) { Bytes($0) } }
}
