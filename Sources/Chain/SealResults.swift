// What a provider says of tasks that a panel judges (class Q): first a seal, then, once nobody else of the panel can
// change his own, the result. Source: the rewards design, section 7. Invariant: a seal binds provider, task, nonce and
// result, so nobody can copy another's result while he may still seal.
package import Codec
import Cryptography
package import Primitives

/// Bounds on panels.
package enum PanelLimits {
    /// Replicas of one task, odd so that a full panel of two opinions has a majority.
    package static let replicas: ClosedRange<UInt32> = 3...9
    /// Drawn where the first ones have no majority.
    package static let further = 2
    /// Drawn to check tasks that a beacon picks.
    package static let checkers = 4
    /// Seats of one task at most.
    package static let seatsMax = 16
    /// Seals or results in one transaction.
    package static let entriesMax = 256
}

package struct TaskSeal: Hashable, Sendable, Message {
    package let taskIndex: UInt32
    package let seal: Digest

    package init(taskIndex: UInt32, seal: Digest) { (self.taskIndex, self.seal) = (taskIndex, seal) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(taskIndex))
        encoder.data(2, seal)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        taskIndex = try decoder.unsigned32(1)
        seal = try decoder.fixedBytes(2)
    }
}

package struct SealResults: Hashable, Sendable, Message {
    package let job: Digest
    /// 1...`PanelLimits.entriesMax`, ascending by task.
    package let seals: [TaskSeal]

    package init(job: Digest, seals: [TaskSeal]) { (self.job, self.seals) = (job, seals) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, job)
        encoder.messages(2, seals)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        job = try decoder.fixedBytes(1)
        seals = try decoder.messages(2, count: PanelLimits.entriesMax)
        if seals.isEmpty { throw .missing(field: 2) }
        for (left, right) in zip(seals, seals.dropFirst()) where left.taskIndex >= right.taskIndex {
            throw .invalid(field: 2)
        }
    }
}

package struct SealedResult: Hashable, Sendable, Message {
    package let taskIndex: UInt32
    /// Known to the provider alone until now, because an output may be easy to guess.
    package let nonce: Digest
    package let result: TaskResult

    package init(taskIndex: UInt32, nonce: Digest, result: TaskResult) {
        (self.taskIndex, self.nonce, self.result) = (taskIndex, nonce, result)
    }

    /// SHA-256("seal" ‖ provider ‖ job ‖ index (4 bytes) ‖ nonce ‖ result).
    package func seal(job: Digest, provider: Address) -> Digest {
        let place = TaskPlace(job: job, index: taskIndex)
        return Hash.sha256([
            Bytes("seal".utf8), provider.bytes, place.bytes, nonce.bytes, result.encoded,
        ])
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(taskIndex))
        encoder.data(2, nonce)
        encoder.message(3, result)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        taskIndex = try decoder.unsigned32(1)
        nonce = try decoder.fixedBytes(2)
        result = try decoder.message(3)
    }
}

package struct RevealResults: Hashable, Sendable, Message {
    package let job: Digest
    /// 1...`PanelLimits.entriesMax`, ascending by task.
    package let results: [SealedResult]

    package init(job: Digest, results: [SealedResult]) { (self.job, self.results) = (job, results) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, job)
        encoder.messages(2, results)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        job = try decoder.fixedBytes(1)
        results = try decoder.messages(2, count: PanelLimits.entriesMax)
        if results.isEmpty { throw .missing(field: 2) }
        for (left, right) in zip(results, results.dropFirst()) where left.taskIndex >= right.taskIndex {
            throw .invalid(field: 2)
        }
    }
}
