// The sections of a module, one function each.

import Primitives

extension ModuleScan {
    mutating func types(_ section: inout ModuleReader) throws(ScanError) {
        let count = try section.u32()
        if count > ExecutionLimits.typesMax { throw .tooManyTypes(count) }
        for index in 0..<Int(count) {
            let form = try section.byte()
            if form != 0x60 { throw .typeForm(form) }
            let parameterCount = try section.u32()
            if parameterCount > ExecutionLimits.parametersMax { throw .tooManyParameters(parameterCount) }
            var parameters: [ValueType] = []
            for _ in 0..<parameterCount { parameters.append(try section.valueType()) }
            let resultCount = try section.u32()
            if resultCount > 1 { throw .tooManyResults(resultCount) }
            let type = FunctionType(parameters: parameters, result: resultCount == 1 ? try section.valueType() : nil)
            scope.canonical.append(scope.types.firstIndex(of: type) ?? index)
            scope.types.append(type)
        }
    }

    mutating func functions(_ section: inout ModuleReader) throws(ScanError) {
        let count = try section.u32()
        if count > ExecutionLimits.functionsMax { throw .tooManyFunctions(count) }
        for _ in 0..<count {
            let type = Int(try section.u32())
            if type >= scope.types.count { throw .unknownIndex(offset: section.offset) }
            scope.functions.append(type)
        }
        entries = [Bool](repeating: false, count: scope.functions.count)
    }

    mutating func table(_ section: inout ModuleReader) throws(ScanError) {
        let count = try section.u32()
        if count > 1 { throw .tableCount(count) }
        if count == 0 { return }
        let type = try section.byte()
        if type != 0x70 { throw .tableType(type) }
        guard let entries = try section.fixedSize() else { throw .tableNotFixed }
        if entries > ExecutionLimits.tableEntriesMax { throw .tableTooLarge(entries: entries) }
        (tableEntries, scope.hasTable) = (entries, true)
    }

    mutating func memory(_ section: inout ModuleReader) throws(ScanError) {
        let count = try section.u32()
        if count != 1 { throw .memoryCount(count) }
        guard let size = try section.fixedSize() else { throw .memoryNotFixed }
        if size > ExecutionLimits.pagesMax { throw .memoryTooLarge(pages: size) }
        pages = size
    }

    mutating func globals(_ section: inout ModuleReader) throws(ScanError) {
        let count = try section.u32()
        if count > ExecutionLimits.globalsMax { throw .tooManyGlobals(count) }
        for _ in 0..<count {
            let type = try section.valueType()
            let mutability = try section.byte()
            if mutability > 1 { throw .globalMutability(mutability) }
            try section.constant(type)
            scope.globals.append((type: type, mutable: mutability == 1))
        }
    }

    mutating func exports(_ section: inout ModuleReader) throws(ScanError) {
        let count = try section.u32()
        if count != 3 { throw .exportCount(count) }
        for _ in 0..<count { try export(&section) }
    }

    private mutating func export(_ section: inout ModuleReader) throws(ScanError) {
        let start = section.offset
        let names: [(name: String, kind: UInt8)] = [("memory", 2), ("alloc", 0), ("run", 0)]
        let found = names.firstIndex { entry in section.take([UInt8(entry.name.utf8.count)] + Bytes(entry.name.utf8)) }
        guard let found else { throw .exportUnknown(offset: start) }
        if exports[found] { throw .exportRepeated(offset: start) }
        exports[found] = true
        let kind = try section.byte()
        let index = Int(try section.u32())
        if kind != names[found].kind { throw .exportSignature(offset: start) }
        if kind == 2 {
            if index != 0 || pages == nil { throw .unknownIndex(offset: start) }
            return
        }
        if index >= scope.functions.count { throw .unknownIndex(offset: start) }
        let type = scope.types[scope.functions[index]]
        let expected =
            found == 1
            ? FunctionType(parameters: [.i32], result: .i32)
            : FunctionType(parameters: [.i32, .i32, .i32], result: .i64)
        if type != expected { throw .exportSignature(offset: start) }
    }

    mutating func elements(_ section: inout ModuleReader) throws(ScanError) {
        let count = try section.u32()
        if count > ExecutionLimits.segmentsMax { throw .tooManySegments(count) }
        for _ in 0..<count {
            if try section.u32() != 0 || !scope.hasTable { throw .segmentNotActive }
            let start = try section.offsetConstant()
            let length = try section.u32()
            if UInt64(start) + UInt64(length) > UInt64(tableEntries) {
                throw .segmentOutOfRange(offset: section.offset)
            }
            for _ in 0..<length {
                let function = Int(try section.u32())
                if function >= entries.count { throw .unknownIndex(offset: section.offset) }
                entries[function] = true
            }
        }
    }

    mutating func bodies(_ section: inout ModuleReader) throws(ScanError) {
        let count = try section.u32()
        if Int(count) != scope.functions.count { throw .functionCount(declared: scope.functions.count, bodies: count) }
        for function in 0..<Int(count) {
            let size = try section.u32()
            if size > ExecutionLimits.bodyBytesMax { throw .bodyTooLarge(function: function, bytes: size) }
            var scan = BodyScan(scope, function: function, body: try section.part(size))
            frames.append(try scan.run())
        }
    }

    mutating func data(_ section: inout ModuleReader) throws(ScanError) {
        let count = try section.u32()
        if count > ExecutionLimits.segmentsMax { throw .tooManySegments(count) }
        for _ in 0..<count {
            if try section.u32() != 0 { throw .segmentNotActive }
            let start = try section.offsetConstant()
            let length = try section.u32()
            let size = UInt64(pages ?? 0) * UInt64(ExecutionLimits.pageBytes)
            if UInt64(start) + UInt64(length) > size { throw .segmentOutOfRange(offset: section.offset) }
            try section.skip(length)
        }
    }
}

extension ModuleReader {
    /// Limits with a maximum equal to the minimum; nil for every other form.
    fileprivate mutating func fixedSize() throws(ScanError) -> UInt32? {
        if try byte() != 1 { return nil }
        let minimum = try u32()
        return try u32() == minimum ? minimum : nil
    }

    /// One constant instruction of `type` and `end`.
    fileprivate mutating func constant(_ type: ValueType) throws(ScanError) {
        let start = offset
        let opcode = try byte()
        switch (opcode, type) {
        case (0x41, .i32): _ = try s32()
        case (0x42, .i64): _ = try s64()
        case (0x43, .f32): try skip(4)
        case (0x44, .f64): try skip(8)
        case (0xFD, .v128):
            if try u32() != 12 { throw .constantExpression(offset: start) }
            try skip(16)
        default: throw .constantExpression(offset: start)
        }
        if try byte() != 0x0B { throw .constantExpression(offset: start) }
    }

    /// An i32 constant and `end`, read as an address.
    fileprivate mutating func offsetConstant() throws(ScanError) -> UInt32 {
        let start = offset
        if try byte() != 0x41 { throw .constantExpression(offset: start) }
        let value = try s32()
        if try byte() != 0x0B { throw .constantExpression(offset: start) }
        return UInt32(bitPattern: value)
    }
}
