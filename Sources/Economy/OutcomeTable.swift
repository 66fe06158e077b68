// What executing a task gives, in place of the engine: a function of the task, the kind of its job and, where the
// program is not deterministic, of who executes. Whoever did not execute can name the true result (it may be told),
// never a salted digest of its memory.
package import Auditor
package import Chain
import Cryptography
package import Primitives

/// What a job's program does when it runs.
package enum JobKind: Hashable, Sendable {
    case deterministic
    /// Uses all of its fuel; the trap is a result.
    case endless
    /// On this share of machines (ppm) another result.
    case divergent(ppm: UInt64)
}

package struct OutcomeTable: Sendable {
    package struct Outcome: Hashable, Sendable {
        package let result: TaskResult
        package let memory: Bytes

        package func finding(_ salts: [Bytes]) -> AuditDesk.Finding {
            AuditDesk.Finding(result: result, digests: salts.map { Hash.sha256([$0, memory]) })
        }
    }

    static let outputBytes: UInt32 = 32

    /// Of jobs that are not deterministic; filled as they are submitted.
    package var kinds: [Digest: JobKind] = [:]

    package init() {}

    package func kind(of job: Digest) -> JobKind { kinds[job] ?? .deterministic }

    /// What `machine` gets from executing.
    package func outcome(_ place: TaskPlace, limits: TaskLimits, pages: UInt32, machine: Address) -> Outcome {
        let kind = kind(of: place.job)
        var name = Bytes("outcome".utf8)
        if case .divergent(let ppm) = kind, Self.draw("machine", place, machine) < ppm { name = Bytes("other".utf8) }
        let isEndless = kind == .endless
        let fuel = isEndless ? limits.fuel : limits.fuel - limits.fuel / 64
        return Self.outcome(name, place, fuel: fuel, pages: pages)
    }

    /// What a forger says instead; all of one clique say the same.
    package func forged(_ place: TaskPlace, limits: TaskLimits, pages: UInt32) -> Outcome {
        Self.outcome(Bytes("forged".utf8), place, fuel: limits.fuel - limits.fuel / 64, pages: pages)
    }

    func apart(_ place: TaskPlace, limits: TaskLimits, pages: UInt32) -> Outcome {
        Self.outcome(Bytes("apart".utf8), place, fuel: limits.fuel - limits.fuel / 64, pages: pages)
    }

    private static func outcome(_ name: Bytes, _ place: TaskPlace, fuel: UInt64, pages: UInt32) -> Outcome {
        let memory = Hash.sha256([name, place.bytes]).bytes
        return Outcome(
            result: TaskResult(
                output: Hash.sha256([Bytes("output".utf8), memory]), finalState: Hash.sha256(memory), fuel: fuel,
                peakPages: pages, outputBytes: outputBytes),
            memory: memory)
    }

    /// A number below 10^6 that depends on these alone.
    static func draw(_ label: String, _ place: TaskPlace, _ account: Address) -> UInt64 {
        let word = Hash.sha256([Bytes(label.utf8), place.bytes, account.bytes])
        return (UInt64(bigEndian: word.bytes.prefix(8)) ?? 0) % 1_000_000
    }
}
