// How far a provider is that may not work for pay yet, and the tasks of others that it must answer first.
// Invariants: who has no `AdmissionRecord` is admitted; a task is issued again to one provider at most, and stays in
// the state until its auditors have spoken, because their verdicts are salted for it; `open` counts a provider's.
package import Chain
package import Codec
package import Primitives
import Quorum

package struct AdmissionRecord: Hashable, Sendable, Message {
    /// Right answers that it needs; above zero.
    package let needed: UInt64
    package var right: UInt64 = 0
    /// Tasks issued to it that are not judged yet.
    package var open: UInt64 = 0
    /// Answers so far, judged or not.
    package var answered: UInt64 = 0
    package var wrong: UInt64 = 0
    /// By genesis.
    package let isListed: Bool

    init(needed: UInt64, isListed: Bool) { (self.needed, self.isListed) = (needed, isListed) }

    /// Tasks that may be issued to it now.
    var missing: UInt64 { needed - min(needed, right + open) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, needed)
        encoder.unsigned(2, right)
        encoder.unsigned(3, open)
        encoder.unsigned(4, answered)
        encoder.unsigned(5, wrong)
        encoder.bool(6, isListed)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        needed = try decoder.unsigned(1)
        if needed == 0 { throw .missing(field: 1) }
        right = try decoder.unsigned(2)
        open = try decoder.unsigned(3)
        answered = try decoder.unsigned(4)
        wrong = try decoder.unsigned(5)
        isListed = try decoder.bool(6)
    }
}

/// What became of a task that was issued again. The raw value is its number on the chain.
package enum AdmissionState: UInt32, CaseIterable, Sendable {
    /// No answer yet.
    case open = 1
    /// Nobody has said what the answer should be.
    case answered = 2
    /// As an auditor's, or as the validators voted.
    case right = 3
    /// Not as more than 2/3 of the stake voted.
    case wrong = 4
    /// A dispute ended without a result that stands, or its engine is suspected.
    case void = 5
}

package struct AdmissionTask: Hashable, Sendable, Message {
    package let provider: Address
    /// Of the receipt.
    package let epoch: UInt64
    /// R of the block that issued it again, which draws the receipt's auditors too; makes the salt.
    package let beacon: Digest
    package var state = AdmissionState.open
    package var digest: Digest?

    init(provider: Address, epoch: UInt64, beacon: Digest) {
        (self.provider, self.epoch, self.beacon) = (provider, epoch, beacon)
    }

    package func salt(_ place: TaskPlace) -> Digest {
        AdmissionAnswer.salt(beacon: beacon, provider: provider, task: place)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, provider)
        encoder.unsigned(2, epoch)
        encoder.data(3, beacon)
        encoder.unsigned(4, UInt64(state.rawValue))
        if let digest { encoder.data(5, digest) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        provider = try decoder.fixedBytes(1)
        epoch = try decoder.unsigned(2)
        beacon = try decoder.fixedBytes(3)
        guard let state = AdmissionState(rawValue: try decoder.unsigned32(4)) else { throw .invalid(field: 4) }
        self.state = state
        digest = try decoder.optionalFixedBytes(5)
    }
}

/// An answer that a vote judges with the task in dispute.
package struct DisputedAnswer: Hashable, Sendable, Message {
    package let provider: Address
    package let salt: Digest
    package let digest: Digest

    init(provider: Address, salt: Digest, digest: Digest) {
        (self.provider, self.salt, self.digest) = (provider, salt, digest)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, provider)
        encoder.data(2, salt)
        encoder.data(3, digest)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        provider = try decoder.fixedBytes(1)
        salt = try decoder.fixedBytes(2)
        digest = try decoder.fixedBytes(3)
    }
}

extension StateKey {
    package static func admission(_ provider: Address) -> Bytes { [StateTag.admission.rawValue] + provider.bytes }
    package static func admissionTask(_ place: TaskPlace) -> Bytes {
        [StateTag.admissionTask.rawValue] + place.bytes
    }
    /// All tasks that a provider has not answered begin with it.
    package static func admissionTasks(of provider: Address) -> Bytes {
        [StateTag.admissionOpen.rawValue] + provider.bytes
    }
    static func admissionOpen(_ provider: Address, _ place: TaskPlace) -> Bytes {
        admissionTasks(of: provider) + place.bytes
    }
}
