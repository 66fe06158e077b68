// What the chain knows of a provider's work, and the indexes that find what is due: jobs to assign, tasks of a
// provider, deadlines, pay. The indexes repeat what task records say; whoever changes a task changes them with it.
package import Chain
package import Codec
package import Primitives
import Quorum
import Rewards

/// Made with the first offers; the bond stands in `ProviderRecord`.
package struct WorkRecord: Hashable, Sendable, Message {
    /// R before the epoch in units of 2^-16, plus 1.
    private var reliabilityPlusOne: UInt64
    package var offers: [Offer]
    /// Tasks it has now, and the fuel that they may use together.
    package var openTasks: UInt64 = 0
    package var openFuel: UInt64 = 0
    /// Tasks in a row that it was late with.
    package var timeouts: UInt64 = 0
    /// No tasks until it answers a challenge.
    package var isPaused = false
    /// Tasks of this epoch that it was late with.
    package var failed: UInt64 = 0
    /// n: audited successes in a row.
    package var streak: UInt64 = 0
    /// Where its outputs are served; empty for nowhere.
    package var endpoint: Bytes

    package init(offers: [Offer], endpoint: Bytes = []) {
        (self.offers, self.endpoint) = (offers, endpoint)
        reliabilityPlusOne = Rewards.Rule.reliabilityStart + 1
    }

    package var reliability: UInt64 {
        get { reliabilityPlusOne - 1 }
        set { reliabilityPlusOne = newValue + 1 }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, reliabilityPlusOne)
        encoder.messages(2, offers)
        encoder.unsigned(3, openTasks)
        encoder.unsigned(4, openFuel)
        encoder.unsigned(5, timeouts)
        encoder.bool(6, isPaused)
        encoder.unsigned(7, failed)
        encoder.unsigned(8, streak)
        encoder.data(9, endpoint)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        reliabilityPlusOne = try decoder.unsigned(1)
        if reliabilityPlusOne == 0 { throw .missing(field: 1) }
        offers = try decoder.messages(2, count: JobLimits.offersMax)
        openTasks = try decoder.unsigned(3)
        openFuel = try decoder.unsigned(4)
        timeouts = try decoder.unsigned(5)
        isPaused = try decoder.bool(6)
        failed = try decoder.unsigned(7)
        streak = try decoder.unsigned(8)
        endpoint = try decoder.endpoint(9)
    }
}

/// One task in a provider's list; also one deadline.
package struct AssignmentRecord: Hashable, Sendable, Message {
    package let provider: Address
    /// The last height whose block may include the receipt.
    package let deadline: Height

    package init(provider: Address, deadline: Height) { (self.provider, self.deadline) = (provider, deadline) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, provider)
        encoder.signed(2, deadline.signed)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        provider = try decoder.fixedBytes(1)
        deadline = try decoder.height(2)
    }
}

/// A job that waits for providers.
struct QueueRecord: Hashable, Message {
    let tasks: UInt32

    init(tasks: UInt32) { self.tasks = tasks }

    func encode(into encoder: inout Encoder) { encoder.unsigned(1, UInt64(tasks)) }
    init(from decoder: inout Decoder) throws(DecodeError) {
        tasks = try decoder.unsigned32(1)
        if tasks == 0 { throw .missing(field: 1) }
    }
}

/// Fee parts of tasks that two providers were late with, until the epoch's settlement takes them.
struct UndeliverableRecord: Hashable, Message {
    /// Above zero, because the smallest fee has an audit part.
    var audit: Amount
    var burn: Amount

    init(audit: Amount, burn: Amount) { (self.audit, self.burn) = (audit, burn) }

    func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, audit.units)
        encoder.unsigned(2, burn.units)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        audit = Amount(try decoder.unsigned(1))
        burn = Amount(try decoder.unsigned(2))
    }
}

/// A grant that unlocks by the day; the key names the epoch that granted it.
package struct VestingRecord: Hashable, Sendable, Message {
    package var granted: Amount
    package var paid = Amount.zero

    init(granted: Amount) { self.granted = granted }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, granted.units)
        encoder.unsigned(2, paid.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        granted = Amount(try decoder.unsigned(1))
        paid = Amount(try decoder.unsigned(2))
    }
}

extension StateKey {
    package static func blob(_ kind: BlobKind, _ digest: Digest) -> Bytes {
        [StateTag.blob.rawValue, UInt8(kind.rawValue)] + digest.bytes
    }
    package static func job(_ id: Digest) -> Bytes { [StateTag.job.rawValue] + id.bytes }
    package static func task(_ place: TaskPlace) -> Bytes { [StateTag.task.rawValue] + place.bytes }
    package static func work(_ provider: Address) -> Bytes { [StateTag.work.rawValue] + provider.bytes }
    /// All tasks of a provider begin with it, then those of one job with that.
    package static func assignments(of provider: Address) -> Bytes {
        [StateTag.assignment.rawValue] + provider.bytes
    }
    static func assignment(of provider: Address, _ place: TaskPlace) -> Bytes {
        assignments(of: provider) + place.bytes
    }
    static func deadline(_ height: Height, _ place: TaskPlace) -> Bytes {
        [StateTag.deadline.rawValue] + height.value.bigEndianBytes + place.bytes
    }
    static func queue(_ height: Height, _ job: Digest) -> Bytes {
        [StateTag.queue.rawValue] + height.value.bigEndianBytes + job.bytes
    }
    static func providerUnbonding(_ provider: Address, free epoch: UInt64) -> Bytes {
        [StateTag.providerUnbonding.rawValue] + epoch.bigEndianBytes + provider.bytes
    }
    static func grants(to account: Address) -> Bytes { [StateTag.vesting.rawValue] + account.bytes }
    package static func vesting(_ account: Address, granted epoch: UInt64) -> Bytes {
        grants(to: account) + epoch.bigEndianBytes
    }
}
