// A store and the one instance in it. The base address of linear memory is read anew after every call.

import CWasmtime
import Primitives
import ProgramRules

struct Instance: ~Copyable {
    private let store: OpaquePointer
    private let context: OpaquePointer
    private let exports: Exports
    let pages: Int

    private struct Exports {
        let alloc: wasmtime_func_t
        let run: wasmtime_func_t
        let memory: wasmtime_memory_t
    }

    /// A fresh store with `fuel` and the program's instance in it.
    static func open(_ program: Program, fuel: UInt64) throws(Abstention) -> Instance {
        guard let store = cwt_wasmtime_store_new(program.engine.raw, nil, nil),
            let context = cwt_wasmtime_store_context(store)
        else { throw Abstention(.engineFault("no store")) }
        do throws(Abstention) {
            let bytes = Int64(ExecutionLimits.pagesMax * ExecutionLimits.pageBytes)
            cwt_wasmtime_store_limiter(store, bytes, Int64(ExecutionLimits.tableEntriesMax), 1, 1, 1)
            try check(cwt_wasmtime_context_set_fuel(context, fuel))
            var instance = wasmtime_instance_t()
            var trap: OpaquePointer?
            try check(cwt_wasmtime_instance_new(context, program.raw, nil, 0, &instance, &trap))
            if let trap { throw Abstention(.engineFault("trap \(code(consuming: trap)) at the start")) }
            let exports = Exports(
                alloc: try export("alloc", CWT_EXTERN_FUNC, instance, context).of.func,
                run: try export("run", CWT_EXTERN_FUNC, instance, context).of.func,
                memory: try export("memory", CWT_EXTERN_MEMORY, instance, context).of.memory)
            return Instance(store, context, exports, pages: program.info.pages)
        } catch {
            cwt_wasmtime_store_delete(store)
            throw error
        }
    }

    private init(_ store: OpaquePointer, _ context: OpaquePointer, _ exports: Exports, pages: Int) {
        (self.store, self.context, self.exports, self.pages) = (store, context, exports, pages)
    }

    deinit { cwt_wasmtime_store_delete(store) }

    var memory: UnsafeMutableRawBufferPointer {
        var handle = exports.memory
        let size = cwt_wasmtime_memory_data_size(context, &handle)
        return UnsafeMutableRawBufferPointer(start: cwt_wasmtime_memory_data(context, &handle), count: size)
    }

    func fuelLeft() throws(Abstention) -> UInt64 {
        var fuel: UInt64 = 0
        try Self.check(cwt_wasmtime_context_get_fuel(context, &fuel))
        return fuel
    }

    /// alloc, copy the input in, run, copy the output out.
    func perform(_ request: RunRequest) throws(Abstention) -> Ending {
        let count = UInt32(request.input.count)
        let address: UInt32
        switch try call(exports.alloc, [count]) {
        case .trapped(let trap): return .trapped(trap)
        case .value(let value): address = UInt32(truncatingIfNeeded: value)
        }
        guard let target = part(address, count) else { return .trapped(.answerOutOfRange) }
        UnsafeMutableRawBufferPointer(rebasing: target).copyBytes(from: request.input)
        switch try call(exports.run, [address, count, request.taskIndex]) {
        case .trapped(let trap): return .trapped(trap)
        case .value(let value):
            let length = UInt32(truncatingIfNeeded: value)
            if Int(length) > min(request.outputLimit, ExecutionLimits.outputBytesMax) {
                return .trapped(.outputTooLong)
            }
            guard let output = part(UInt32(value >> 32), length) else { return .trapped(.answerOutOfRange) }
            return .returned(Bytes(output))
        }
    }

    private func part(_ address: UInt32, _ count: UInt32) -> Slice<UnsafeMutableRawBufferPointer>? {
        let memory = memory
        if UInt64(address) + UInt64(count) > UInt64(memory.count) { return nil }
        return memory[Int(address)..<(Int(address) + Int(count))]
    }

    private enum Answer {
        case value(UInt64)
        case trapped(Trap)
    }

    private func call(_ function: wasmtime_func_t, _ arguments: [UInt32]) throws(Abstention) -> Answer {
        var function = function
        var result = wasmtime_val_t()
        var trap: OpaquePointer?
        let values = arguments.map { argument in
            var value = wasmtime_val_t()
            value.kind = UInt8(CWT_I32)
            value.of.i32 = Int32(bitPattern: argument)
            return value
        }
        try Self.check(cwt_wasmtime_func_call(context, &function, values, values.count, &result, 1, &trap))
        if let trap {
            let code = Self.code(consuming: trap)
            if code == 0 { throw Abstention(.stackOverflow) }
            guard let kind = Trap(rawValue: code), code < 128 else {
                throw Abstention(.engineFault("trap code \(code)"))
            }
            return .trapped(kind)
        }
        let isLong = result.kind == UInt8(CWT_I64)
        return .value(isLong ? UInt64(bitPattern: result.of.i64) : UInt64(UInt32(bitPattern: result.of.i32)))
    }

    private static func check(_ error: OpaquePointer?) throws(Abstention) {
        if let fault = EngineFault(error) { throw Abstention(.engineFault(fault.text)) }
    }

    /// 255 when the library names no code.
    private static func code(consuming trap: OpaquePointer) -> UInt8 {
        var code: UInt8 = 255
        if !cwt_wasmtime_trap_code(trap, &code) { code = 255 }
        cwt_wasm_trap_delete(trap)
        return code
    }

    private static func export(
        _ name: String, _ kind: Int, _ instance: wasmtime_instance_t, _ context: OpaquePointer
    ) throws(Abstention) -> wasmtime_extern_t {
        var (instance, item) = (instance, wasmtime_extern_t())
        let found = cwt_wasmtime_instance_export_get(context, &instance, name, name.utf8.count, &item)
        if !found || Int(item.kind) != kind { throw Abstention(.engineFault("no export \(name)")) }
        return item
    }
}
