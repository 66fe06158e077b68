// A program that passed the scan and is compiled. Compiling is bounded by the scan's limits, not by fuel.

import CWasmtime
package import Primitives
package import ProgramRules

package final class Program: @unchecked Sendable {
    // Immutable, and the library's module may be used from every thread.
    let raw: OpaquePointer
    let engine: Engine
    package let bytes: Bytes
    package let info: ProgramInfo

    /// Throws `.refused` for a program that breaks a rule, `.engineFault` when the compiler fails.
    package init(_ bytes: Bytes, engine: Engine) throws(Abstention) {
        do { info = try ProgramScan.check(bytes) } catch { throw Abstention(.refused(error.description)) }
        var module: OpaquePointer?
        if let fault = EngineFault(cwt_wasmtime_module_new(engine.raw, bytes, bytes.count, &module)) {
            throw Abstention(.engineFault(fault.text))
        }
        guard let module else { throw Abstention(.engineFault("the compiler gave nothing")) }
        (raw, self.engine, self.bytes) = (module, engine, bytes)
    }

    deinit { cwt_wasmtime_module_delete(raw) }
}

/// A reason on its way to the outcome.
package struct Abstention: Error, Equatable {
    package let reason: AbstainReason
    init(_ reason: AbstainReason) { self.reason = reason }
}
