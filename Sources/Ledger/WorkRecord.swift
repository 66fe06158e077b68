// What the chain knows of a provider's work, and the indexes that find what is due: jobs to assign, tasks of a
// provider, deadlines, pay. The indexes repeat what task records say; whoever changes a task changes them with it.
package import Chain
package import Codec
package import Primitives
import Quorum

/// Made with the first offers; the bond stands in `ProviderRecord`.
package struct WorkRecord: Hashable, Sendable, Message {
    package var offers: [Offer]
    /// Tasks it has now, and the fuel that they may use together.
    package var openTasks: UInt64 = 0
    package var openFuel: UInt64 = 0
    /// Tasks in a row that it was late with.
    package var timeouts: UInt64 = 0
    /// No tasks until it answers a challenge.
    package var isPaused = false
    /// Where its outputs are served; empty for nowhere.
    package var endpoint: Bytes

    package init(offers: [Offer], endpoint: Bytes = []) {
        (self.offers, self.endpoint) = (offers, endpoint)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, openTasks + 1)
        encoder.messages(2, offers)
        encoder.unsigned(4, openFuel)
        encoder.unsigned(5, timeouts)
        encoder.bool(6, isPaused)
        encoder.data(9, endpoint)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let openPlusOne = try decoder.unsigned(1)
        if openPlusOne == 0 { throw .missing(field: 1) }
        openTasks = openPlusOne - 1
        offers = []
        while var entry = try decoder.element(2) {
            if offers.count == JobLimits.offersMax { throw .tooLong(field: 2) }
            offers.append(try Offer(from: &entry))
            try entry.finish()
        }
        openFuel = try decoder.unsigned(4)
        timeouts = try decoder.unsigned(5)
        isPaused = try decoder.bool(6)
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

/// Fee parts of one requester's tasks that two providers were late with, until the epoch's settlement takes them.
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

extension StateKey {
    package static func blob(_ kind: BlobKind, _ digest: Digest) -> Bytes {
        [StateTag.blob.rawValue, UInt8(kind.rawValue)] + digest.bytes
    }
    static func undeliverable(_ requester: Address) -> Bytes { [StateTag.undeliverable.rawValue] + requester.bytes }
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
}
