// Finds the pinned engine library, checks every byte of it and loads it, once per process. The file is opened once and
// loaded through that descriptor, so that what was hashed is what runs.

import CWasmtime
import Cryptography
import Glibc
import Primitives
import ProgramRules

enum EngineLibrary {
    #if arch(x86_64)
        static let pinned: String? = "3127ca42fe7cdd3f0a43a358e79177dcfedd46c1746329826403b9d854de6178"
    #elseif arch(arm64)
        static let pinned: String? = "4777b787fcc6651c98130ccc7c8ce9160faba5f3b34918886785a43094026fc9"
    #else
        static let pinned: String? = nil
    #endif

    /// MERIT_WASMTIME, else the cache folder that Scripts/wasmtime fills.
    static func path(_ variable: (String) -> String?) -> String {
        if let path = variable("MERIT_WASMTIME"), !path.isEmpty { return path }
        let tail = "merit/wasmtime-\(EngineIdentity.version)/_libwasmtime.so"
        if let cache = variable("XDG_CACHE_HOME"), !cache.isEmpty { return "\(cache)/\(tail)" }
        return "\(variable("HOME") ?? "")/.cache/\(tail)"
    }

    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The functions of CWasmtime may be called when this does not throw. Call it once.
    static func load(path: String) throws(EngineError) {
        guard let pinned else { throw .architecture }
        if !cwt_cpu_suffices() { throw .processor }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0 { throw .libraryMissing(path: path) }
        defer { close(file) }
        guard let hash = digest(of: file) else { throw .libraryMissing(path: path) }
        if hash != pinned { throw .libraryAltered(path: path, hash: hash) }
        if let reason = cwt_open("/proc/self/fd/\(file)") { throw .libraryUnusable(String(cString: reason)) }
    }

    private static func digest(of file: Int32) -> String? {
        var facts = stat()
        guard fstat(file, &facts) == 0, facts.st_size > 0 else { return nil }
        let size = Int(facts.st_size)
        guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else { return nil }
        defer { munmap(start, size) }
        return SHA256.hash([], UnsafeRawBufferPointer(start: start, count: size)).description
    }
}
