// The name of the rules under which fuel and results are comparable: version, features, determinism and limits. The
// library's hash and the compiler are left out on purpose, so that different machines can check each other.

import Cryptography
package import Primitives

package enum EngineIdentity {
    package static let version = "50.0.1"

    /// SHA-256 of `text`; a job names it.
    package static let id = Hash.sha256(Bytes(text.utf8))

    /// The canonical text, one fact a line.
    package static let text = lines.map { $0 + "\n" }.joined()

    private static let lines = [
        "merit.engine.1",
        "wasmtime \(version)",
        "abi memory alloc(i32)i32 run(i32,i32,i32)i64",
        "instructions mvp sign-extension saturating-truncation simd128",
        "refused memory.grow bulk-memory tables references tail-calls exceptions atomics relaxed-simd multi-value",
        "off memory64 multi-memory gc threads components function-references wide-arithmetic page-sizes"
            + " stack-switching",
        "fuel on; reported min(limit, used); a trap costs the limit",
        "nan canonical",
        "module-bytes \(ExecutionLimits.moduleBytesMax)",
        "types \(ExecutionLimits.typesMax) parameters \(ExecutionLimits.parametersMax) results 1",
        "functions \(ExecutionLimits.functionsMax) body-bytes \(ExecutionLimits.bodyBytesMax)",
        "locals \(ExecutionLimits.localsMax) nesting \(ExecutionLimits.nestingMax)"
            + " operands \(ExecutionLimits.operandsMax)",
        "branch-targets \(ExecutionLimits.branchTargetsMax) globals \(ExecutionLimits.globalsMax)",
        "pages \(ExecutionLimits.pagesMax) table \(ExecutionLimits.tableEntriesMax)"
            + " segments \(ExecutionLimits.segmentsMax)",
        "call-depth \(ExecutionLimits.callDepthMax) stack-bound \(ExecutionLimits.stackBoundMax)",
        "frame \(ExecutionLimits.frameBytes) operand \(ExecutionLimits.frameBytesPerOperand)"
            + " integer \(ExecutionLimits.frameBytesPerInteger) float \(ExecutionLimits.frameBytesPerFloat)",
        "input-bytes \(ExecutionLimits.inputBytesMax) output-bytes \(ExecutionLimits.outputBytesMax)",
    ]
}
