// One function body: control flow, operand types and heights, calls. One pass, an explicit control stack, no recursion.
// Invariant: after every instruction operands.count >= controls.last.height and operands.count <= operandsMax.

/// What a body may refer to. Canonical types replace structurally equal ones by the first of them.
struct ModuleScope {
    var types: [FunctionType] = []
    var canonical: [Int] = []
    /// Type index of each function.
    var functions: [Int] = []
    var globals: [(type: ValueType, mutable: Bool)] = []
    var hasTable = false
}

struct FunctionType: Equatable {
    let parameters: [ValueType]
    let result: ValueType?
}

/// What the call graph needs to know of a function.
struct Frame {
    /// Bytes of native stack charged.
    let bytes: Int
    /// Functions called directly, each once.
    let callees: [Int]
    /// Canonical types called through the table, each once.
    let indirect: [Int]
}

struct BodyScan {
    enum Kind { case function, block, loop, condition, alternative }

    struct Control {
        let kind: Kind
        let result: ValueType?
        let height: Int
        var isUnreachable = false
        /// What a branch to this label carries.
        var label: ValueType? { kind == .loop ? nil : result }
    }

    let scope: ModuleScope
    let function: Int
    var reader: ModuleReader
    /// Offset of the instruction under scan, for errors.
    var at = 0
    private(set) var locals: [ValueType]
    private var operands: [ValueType?] = []
    private var controls: [Control] = []
    private var heightMax = 0
    private var callees: [Int] = []
    private var isCallee: [Bool]
    private var indirect: [Int] = []

    /// `function` must be an index into `scope.functions`.
    init(_ scope: ModuleScope, function: Int, body: ModuleReader) {
        (self.scope, self.function, reader) = (scope, function, body)
        locals = scope.types[scope.functions[function]].parameters
        isCallee = [Bool](repeating: false, count: scope.functions.count)
    }

    mutating func run() throws(ScanError) -> Frame {
        try declareLocals()
        let result = scope.types[scope.functions[function]].result
        controls.append(Control(kind: .function, result: result, height: 0))
        while !controls.isEmpty {
            at = reader.offset
            try step(try reader.byte())
        }
        if !reader.isAtEnd { throw .bodySize(function: function) }
        var bytes = ExecutionLimits.frameBytes + ExecutionLimits.frameBytesPerOperand * heightMax
        for type in locals {
            let isInteger = type == .i32 || type == .i64
            bytes += isInteger ? ExecutionLimits.frameBytesPerInteger : ExecutionLimits.frameBytesPerFloat
        }
        return Frame(bytes: bytes, callees: callees, indirect: indirect)
    }

    private mutating func declareLocals() throws(ScanError) {
        let groups = try reader.u32()
        var count: UInt64 = 0
        for _ in 0..<groups {
            let run = try reader.u32()
            // Counted before they are expanded: 2^31 locals fit in five bytes.
            count += UInt64(run)
            if count > UInt64(ExecutionLimits.localsMax) { throw .tooManyLocals(function: function) }
            let type = try reader.valueType()
            for _ in 0..<run { locals.append(type) }
        }
    }

    // MARK: operands

    mutating func push(_ type: ValueType?) throws(ScanError) {
        if operands.count >= ExecutionLimits.operandsMax { throw .tooManyOperands(offset: at) }
        operands.append(type)
        heightMax = max(heightMax, operands.count)
    }

    /// Takes one operand of `expected` type; behind a branch, where none is left, any type is there.
    @discardableResult
    mutating func pop(_ expected: ValueType? = nil) throws(ScanError) -> ValueType? {
        let control = controls[controls.count - 1]
        if operands.count == control.height {
            if control.isUnreachable { return expected }
            throw .mistyped(offset: at)
        }
        let actual = operands.removeLast()
        if let expected, let actual, expected != actual { throw .mistyped(offset: at) }
        return actual ?? expected
    }

    mutating func apply(_ operands: [ValueType], _ result: ValueType?) throws(ScanError) {
        for type in operands.reversed() { try pop(type) }
        if let result { try push(result) }
    }

    // MARK: control

    mutating func open(_ kind: Kind) throws(ScanError) {
        let result = try reader.blockType()
        if kind == .condition { try pop(.i32) }
        if controls.count > ExecutionLimits.nestingMax { throw .nestingTooDeep(offset: at) }
        controls.append(Control(kind: kind, result: result, height: operands.count))
    }

    private mutating func close() throws(ScanError) -> Control {
        if let result = controls[controls.count - 1].result { try pop(result) }
        guard let control = controls.last, operands.count == control.height else { throw .mistyped(offset: at) }
        controls.removeLast()
        return control
    }

    mutating func alternative() throws(ScanError) {
        let control = try close()
        if control.kind != .condition { throw .mistyped(offset: at) }
        controls.append(Control(kind: .alternative, result: control.result, height: control.height))
    }

    mutating func end() throws(ScanError) {
        let control = try close()
        if control.kind == .condition && control.result != nil { throw .mistyped(offset: at) }
        if control.kind != .function, let result = control.result { try push(result) }
    }

    mutating func leave() {
        let last = controls.count - 1
        operands.removeLast(operands.count - controls[last].height)
        controls[last].isUnreachable = true
    }

    private mutating func target() throws(ScanError) -> Control {
        let depth = try reader.u32()
        if Int(depth) >= controls.count { throw .unknownIndex(offset: at) }
        return controls[controls.count - 1 - Int(depth)]
    }

    mutating func branch(conditional: Bool) throws(ScanError) {
        let label = try target().label
        if conditional { try pop(.i32) }
        if let label { try pop(label) }
        if !conditional { return leave() }
        if let label { try push(label) }
    }

    mutating func branchTable() throws(ScanError) {
        let count = try reader.u32()
        if count > ExecutionLimits.branchTargetsMax { throw .tooManyBranchTargets(offset: at) }
        try pop(.i32)
        var labels: [ValueType?] = []
        for _ in 0...count { labels.append(try target().label) }
        let carries = labels[labels.count - 1] != nil
        for label in labels {
            if (label != nil) != carries { throw .mistyped(offset: at) }
            guard let label else { continue }
            // The operand stays for the next label; an unknown one stays unknown.
            let actual = try pop()
            if let actual, actual != label { throw .mistyped(offset: at) }
            try push(actual)
        }
        leave()
    }

    mutating func returnResult() throws(ScanError) {
        if let result = controls[0].result { try pop(result) }
        leave()
    }

    // MARK: calls

    mutating func call() throws(ScanError) {
        let callee = Int(try reader.u32())
        if callee >= scope.functions.count { throw .unknownIndex(offset: at) }
        if !isCallee[callee] {
            isCallee[callee] = true
            callees.append(callee)
        }
        let type = scope.types[scope.functions[callee]]
        try apply(type.parameters, type.result)
    }

    mutating func callIndirect() throws(ScanError) {
        let index = Int(try reader.u32())
        let table = try reader.u32()
        if index >= scope.types.count || table != 0 || !scope.hasTable { throw .unknownIndex(offset: at) }
        let canonical = scope.canonical[index]
        if !indirect.contains(canonical) { indirect.append(canonical) }
        try pop(.i32)
        try apply(scope.types[index].parameters, scope.types[index].result)
    }
}
