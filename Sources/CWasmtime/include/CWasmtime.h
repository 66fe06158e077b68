// The part of the engine's C interface (wasmtime 50.0.1) that Execution uses, behind forwarders that are filled at run
// time: a node that never executes programs starts without the library. Written from the `_bindings.py` of the pinned
// Python package; the layouts below are asserted. Only Execution calls this, and only after cwt_open returned NULL.
#ifndef CWASMTIME_H
#define CWASMTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wasm_config_t wasm_config_t;
typedef struct wasm_engine_t wasm_engine_t;
typedef struct wasm_trap_t wasm_trap_t;
typedef struct wasmtime_error_t wasmtime_error_t;
typedef struct wasmtime_module_t wasmtime_module_t;
typedef struct wasmtime_store_t wasmtime_store_t;
typedef struct wasmtime_context_t wasmtime_context_t;

typedef struct { size_t size; char *data; } wasm_byte_vec_t;
typedef struct { uint64_t store_id; size_t private_index; } wasmtime_instance_t;
typedef struct { uint64_t store_id; void *private_pointer; } wasmtime_func_t;
typedef struct { struct { uint64_t store_id; uint32_t private_a; } owner; uint32_t private_b; } wasmtime_memory_t;
typedef struct {
    uint8_t kind;
    union { wasmtime_func_t func; wasmtime_memory_t memory; uint64_t words[3]; } of;
} wasmtime_extern_t;
typedef struct {
    uint8_t kind;
    union { int32_t i32; int64_t i64; uint8_t v128[16]; uint64_t words[3]; } of;
} wasmtime_val_t;

enum { CWT_EXTERN_FUNC = 0, CWT_EXTERN_MEMORY = 3 };
enum { CWT_I32 = 0, CWT_I64 = 1 };
enum { CWT_STRATEGY_WINCH = 2 };

_Static_assert(sizeof(wasm_byte_vec_t) == 16, "wasm_byte_vec_t");
_Static_assert(sizeof(wasmtime_instance_t) == 16, "wasmtime_instance_t");
_Static_assert(sizeof(wasmtime_func_t) == 16, "wasmtime_func_t");
_Static_assert(sizeof(wasmtime_memory_t) == 24, "wasmtime_memory_t");
_Static_assert(sizeof(wasmtime_extern_t) == 32 && offsetof(wasmtime_extern_t, of) == 8, "wasmtime_extern_t");
_Static_assert(sizeof(wasmtime_val_t) == 32 && offsetof(wasmtime_val_t, of) == 8, "wasmtime_val_t");

// X(result, name, parameters, arguments)
#define CWT_SWITCH(X, name) X(void, wasmtime_config_##name##_set, (wasm_config_t * config, bool on), (config, on))
#define CWT_FUNCTIONS(X) \
    X(wasm_config_t *, wasm_config_new, (void), ()) \
    CWT_SWITCH(X, consume_fuel) \
    CWT_SWITCH(X, cranelift_nan_canonicalization) \
    CWT_SWITCH(X, parallel_compilation) \
    CWT_SWITCH(X, signals_based_traps) \
    CWT_SWITCH(X, debug_info) \
    CWT_SWITCH(X, epoch_interruption) \
    CWT_SWITCH(X, shared_memory) \
    CWT_SWITCH(X, gc_support) \
    CWT_SWITCH(X, concurrency_support) \
    CWT_SWITCH(X, wasm_simd) \
    CWT_SWITCH(X, wasm_bulk_memory) \
    CWT_SWITCH(X, wasm_reference_types) \
    CWT_SWITCH(X, wasm_multi_value) \
    CWT_SWITCH(X, wasm_relaxed_simd) \
    CWT_SWITCH(X, wasm_relaxed_simd_deterministic) \
    CWT_SWITCH(X, wasm_threads) \
    CWT_SWITCH(X, wasm_gc) \
    CWT_SWITCH(X, wasm_exceptions) \
    CWT_SWITCH(X, wasm_tail_call) \
    CWT_SWITCH(X, wasm_multi_memory) \
    CWT_SWITCH(X, wasm_memory64) \
    CWT_SWITCH(X, wasm_function_references) \
    CWT_SWITCH(X, wasm_component_model) \
    CWT_SWITCH(X, wasm_component_model_async) \
    CWT_SWITCH(X, wasm_wide_arithmetic) \
    CWT_SWITCH(X, wasm_custom_page_sizes) \
    CWT_SWITCH(X, wasm_stack_switching) \
    X(void, wasmtime_config_strategy_set, (wasm_config_t * config, uint8_t strategy), (config, strategy)) \
    X(void, wasmtime_config_max_wasm_stack_set, (wasm_config_t * config, size_t bytes), (config, bytes)) \
    X(wasm_engine_t *, wasm_engine_new_with_config, (wasm_config_t * config), (config)) \
    X(void, wasm_engine_delete, (wasm_engine_t * engine), (engine)) \
    X(void, wasm_byte_vec_delete, (wasm_byte_vec_t * bytes), (bytes)) \
    X(void, wasmtime_error_message, (const wasmtime_error_t *error, wasm_byte_vec_t *message), (error, message)) \
    X(void, wasmtime_error_delete, (wasmtime_error_t * error), (error)) \
    X(wasmtime_error_t *, wasmtime_module_new, \
      (wasm_engine_t * engine, const uint8_t *bytes, size_t count, wasmtime_module_t **module), \
      (engine, bytes, count, module)) \
    X(wasmtime_error_t *, wasmtime_module_validate, (wasm_engine_t * engine, const uint8_t *bytes, size_t count), \
      (engine, bytes, count)) \
    X(void, wasmtime_module_delete, (wasmtime_module_t * module), (module)) \
    X(wasmtime_store_t *, wasmtime_store_new, (wasm_engine_t * engine, void *data, void (*finalizer)(void *)), \
      (engine, data, finalizer)) \
    X(void, wasmtime_store_delete, (wasmtime_store_t * store), (store)) \
    X(wasmtime_context_t *, wasmtime_store_context, (wasmtime_store_t * store), (store)) \
    X(void, wasmtime_store_limiter, \
      (wasmtime_store_t * store, int64_t memory, int64_t table, int64_t instances, int64_t tables, int64_t memories), \
      (store, memory, table, instances, tables, memories)) \
    X(wasmtime_error_t *, wasmtime_context_set_fuel, (wasmtime_context_t * context, uint64_t fuel), (context, fuel)) \
    X(wasmtime_error_t *, wasmtime_context_get_fuel, (const wasmtime_context_t *context, uint64_t *fuel), \
      (context, fuel)) \
    X(wasmtime_error_t *, wasmtime_instance_new, \
      (wasmtime_context_t * context, const wasmtime_module_t *module, const wasmtime_extern_t *imports, size_t count, \
       wasmtime_instance_t *instance, wasm_trap_t **trap), \
      (context, module, imports, count, instance, trap)) \
    X(bool, wasmtime_instance_export_get, \
      (wasmtime_context_t * context, const wasmtime_instance_t *instance, const char *name, size_t count, \
       wasmtime_extern_t *item), \
      (context, instance, name, count, item)) \
    X(wasmtime_error_t *, wasmtime_func_call, \
      (wasmtime_context_t * context, const wasmtime_func_t *func, const wasmtime_val_t *arguments, \
       size_t argument_count, wasmtime_val_t *results, size_t result_count, wasm_trap_t **trap), \
      (context, func, arguments, argument_count, results, result_count, trap)) \
    X(uint8_t *, wasmtime_memory_data, (const wasmtime_context_t *context, const wasmtime_memory_t *memory), \
      (context, memory)) \
    X(size_t, wasmtime_memory_data_size, (const wasmtime_context_t *context, const wasmtime_memory_t *memory), \
      (context, memory)) \
    X(bool, wasmtime_trap_code, (const wasm_trap_t *trap, uint8_t *code), (trap, code)) \
    X(void, wasm_trap_delete, (wasm_trap_t * trap), (trap)) \
    X(void, wasm_trap_message, (const wasm_trap_t *trap, wasm_byte_vec_t *message), (trap, message))

#define CWT_DECLARE(result, name, parameters, arguments) result cwt_##name parameters;
CWT_FUNCTIONS(CWT_DECLARE)
#undef CWT_DECLARE

/// Loads the library and every function above. NULL on success, else a description that lives as long as the process.
/// Not safe to call from two threads at once.
const char *cwt_open(const char *path);

/// Whether this CPU can run code of the single-pass compiler: AVX2 on x86-64, always on other architectures.
bool cwt_cpu_suffices(void);

/// posix_spawn_file_actions_addclosefrom_np, which the Swift overlay of the C library does not show. `actions`: a
/// posix_spawn_file_actions_t. Its type is not named, so that <spawn.h> belongs to Swift's Glibc alone.
int cwt_spawn_close_from(void *actions, int descriptor);

/// A pipe, and a file without a name, that close when a program is executed; -1 and errno where there is none.
int cwt_pipe(int ends[2]);
int cwt_memory_file(void);

#endif
