// Why this machine cannot execute programs. None of these is a verdict on a program.

import ProgramRules

package enum EngineError: Error, Equatable, Sendable {
    /// No file there. `Scripts/wasmtime` adds it.
    case libraryMissing(path: String)
    /// The file is not the pinned release for this architecture.
    case libraryAltered(path: String, hash: String)
    /// The file is the pinned one and still does not load.
    case libraryUnusable(String)
    /// No library is pinned for this kind of processor.
    case architecture
    /// An x86-64 processor without AVX2, which the compiler needs for vector instructions.
    case processor
    case configuration
}

extension EngineError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .libraryMissing(let path):
            "the engine library is not at \(path); run Scripts/wasmtime, or set MERIT_WASMTIME"
        case .libraryAltered(let path, let hash):
            "the engine library at \(path) is not release \(EngineIdentity.version), its SHA-256 is \(hash);"
                + " run Scripts/wasmtime"
        case .libraryUnusable(let reason): "the engine library does not load: \(reason)"
        case .architecture: "no engine library is pinned for this processor architecture"
        case .processor: "this processor has no AVX2: the node cannot act as an executor"
        case .configuration: "the engine refuses its configuration"
        }
    }
}
