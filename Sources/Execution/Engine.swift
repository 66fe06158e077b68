// The one engine of a process, in the one configuration that was measured to be deterministic. An inconsistent feature
// set aborts the process inside the library, so nothing here is ever taken from outside.

import CWasmtime
package import Primitives
import ProgramRules

package final class Engine: @unchecked Sendable {
    // Immutable, and the library's engine may be used from every thread.
    let raw: OpaquePointer

    private static let loaded = Result<Engine, EngineError> { () throws(EngineError) in
        try EngineLibrary.load(path: EngineLibrary.path(EngineLibrary.environment))
        return try Engine()
    }

    /// The engine, loaded and checked at the first call; later calls repeat its answer.
    package static func shared() throws(EngineError) -> Engine { try loaded.get() }

    private init() throws(EngineError) {
        guard let config = cwt_wasm_config_new() else { throw .configuration }
        Self.configure(config)
        guard let raw = cwt_wasm_engine_new_with_config(config) else { throw .configuration }
        self.raw = raw
    }

    deinit { cwt_wasm_engine_delete(raw) }

    private static func configure(_ config: OpaquePointer) {
        cwt_wasmtime_config_strategy_set(config, UInt8(CWT_STRATEGY_WINCH))
        cwt_wasmtime_config_max_wasm_stack_set(config, ExecutionLimits.engineStackBytes)
        let on = [
            cwt_wasmtime_config_consume_fuel_set, cwt_wasmtime_config_cranelift_nan_canonicalization_set,
            cwt_wasmtime_config_signals_based_traps_set, cwt_wasmtime_config_wasm_simd_set,
            cwt_wasmtime_config_wasm_relaxed_simd_deterministic_set, cwt_wasmtime_config_wasm_bulk_memory_set,
            // Linkers pad the table index of call_indirect, which only this feature's encoding allows.
            cwt_wasmtime_config_wasm_reference_types_set,
        ]
        let off = [
            cwt_wasmtime_config_parallel_compilation_set, cwt_wasmtime_config_debug_info_set,
            cwt_wasmtime_config_epoch_interruption_set, cwt_wasmtime_config_shared_memory_set,
            cwt_wasmtime_config_gc_support_set, cwt_wasmtime_config_concurrency_support_set,
            cwt_wasmtime_config_wasm_relaxed_simd_set, cwt_wasmtime_config_wasm_threads_set,
            cwt_wasmtime_config_wasm_gc_set, cwt_wasmtime_config_wasm_exceptions_set,
            cwt_wasmtime_config_wasm_tail_call_set, cwt_wasmtime_config_wasm_multi_memory_set,
            cwt_wasmtime_config_wasm_memory64_set, cwt_wasmtime_config_wasm_function_references_set,
            cwt_wasmtime_config_wasm_component_model_async_set, cwt_wasmtime_config_wasm_component_model_set,
            cwt_wasmtime_config_wasm_multi_value_set, cwt_wasmtime_config_wasm_wide_arithmetic_set,
            cwt_wasmtime_config_wasm_custom_page_sizes_set, cwt_wasmtime_config_wasm_stack_switching_set,
        ]
        for set in on { set(config, true) }
        for set in off { set(config, false) }
    }

    /// What the engine's own validator says; nil when it accepts. Every module that passes the scan passes here.
    package func objection(to module: Bytes) -> String? {
        EngineFault(cwt_wasmtime_module_validate(raw, module, module.count))?.text
    }
}

/// An error object of the library, turned into text and freed.
struct EngineFault: Error {
    let text: String

    init(_ text: String) { self.text = text }

    init?(_ error: OpaquePointer?) {
        guard let error else { return nil }
        defer { cwt_wasmtime_error_delete(error) }
        var message = wasm_byte_vec_t()
        cwt_wasmtime_error_message(error, &message)
        defer { cwt_wasm_byte_vec_delete(&message) }
        let bytes = UnsafeRawBufferPointer(
            start: message.data, count: min(message.size, ExecutionLimits.reasonBytesMax))
        text = String(decoding: bytes, as: UTF8.self)
    }
}
