// The pre-scan: what a module must look like before a job may name it. A pure function of the bytes, one pass and no
// recursion, so that every node gives the same verdict in time linear in the module, without the engine.
// Beyond WebAssembly's own validity it demands what makes fuel a fair and equal measure: no imports, fixed memory and
// table, instructions that every compiler charges alike, bounded bodies, and a static bound on the stack.

package import Primitives

package enum ProgramScan {
    /// Throws the first rule that the module breaks.
    package static func check(_ module: Bytes) throws(ScanError) -> ProgramInfo {
        if module.count > ExecutionLimits.moduleBytesMax { throw .moduleTooLarge(bytes: module.count) }
        var scan = ModuleScan(module)
        return try scan.run()
    }
}

struct ModuleScan {
    static let header: Bytes = [0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00]

    var reader: ModuleReader
    var scope = ModuleScope()
    var pages: UInt32?
    var tableEntries: UInt32 = 0
    /// Functions that an element segment names.
    var entries: [Bool] = []
    var frames: [Frame] = []
    var exports: [Bool] = [false, false, false]

    init(_ module: Bytes) { reader = ModuleReader(module) }

    mutating func run() throws(ScanError) -> ProgramInfo {
        if !reader.take(Self.header) { throw .notAModule }
        var last: UInt8 = 0
        while !reader.isAtEnd {
            let id = try reader.byte()
            guard [1, 3, 4, 5, 6, 7, 9, 10, 11].contains(id) else { throw .sectionNotAllowed(id: id) }
            if id <= last { throw .sectionOutOfOrder(id: id) }
            last = id
            var section = try reader.part(try reader.u32())
            try check(id, &section)
            if !section.isAtEnd { throw .sectionSize(id: id) }
        }
        if frames.count != scope.functions.count { throw .functionCount(declared: scope.functions.count, bodies: 0) }
        guard let pages else { throw .memoryCount(0) }
        if exports.contains(false) { throw .exportCount(UInt32(exports.count { $0 })) }
        return try info(pages: Int(pages))
    }

    private func info(pages: Int) throws(ScanError) -> ProgramInfo {
        let graph = CallGraph(
            frames: frames, types: scope.types.count, entries: entries.indices.filter { entries[$0] },
            typeOf: { scope.canonical[scope.functions[$0]] })
        let (depth, bytes) = try graph.bounds()
        if depth > ExecutionLimits.callDepthMax { throw .callDepth(depth) }
        if bytes > ExecutionLimits.stackBoundMax { throw .stackBound(bytes: bytes) }
        return ProgramInfo(
            pages: pages, tableEntries: Int(tableEntries), functions: frames.count, callDepth: depth, stackBound: bytes)
    }

    private mutating func check(_ id: UInt8, _ section: inout ModuleReader) throws(ScanError) {
        switch id {
        case 1: try types(&section)
        case 3: try functions(&section)
        case 4: try table(&section)
        case 5: try memory(&section)
        case 6: try globals(&section)
        case 7: try exports(&section)
        case 9: try elements(&section)
        case 10: try bodies(&section)
        default: try data(&section)
        }
    }
}
