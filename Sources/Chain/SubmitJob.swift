// The actions of the market for compute: what a provider offers, and what a requester asks for. A job is one program
// over one input in `tasks` parts; its id binds the account, the sequence and every word of the request.
package import Codec
import Cryptography
package import Primitives

/// Bounds on what one item may ask of every validator.
package enum JobLimits {
    /// Bytes of one published program or input.
    package static let blobBytesMax = 1_000_000
    /// Bytes that a job carries itself.
    package static let jobBytesMax = 65_536
    package static let tasksMax: UInt32 = 4_096
    /// Offers of one provider.
    package static let offersMax = 4
    /// Receipts of one attestation.
    package static let receiptsMax = 4_096
    /// Bytes of one task's output.
    package static let outputBytesMax: UInt32 = 65_536
    /// Bytes of a provider's endpoint.
    package static let endpointBytesMax = 128
}

extension Decoder {
    /// Where a provider serves outputs: visible ASCII, empty for nowhere. What it means is for those who ask there.
    package mutating func endpoint(_ field: UInt32) throws(DecodeError) -> Bytes {
        let bytes = try data(field, max: JobLimits.endpointBytesMax)
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .invalid(field: field) }
        return bytes
    }
}

/// What a provider serves, and for how much at least.
package struct Offer: Hashable, Sendable, Message {
    /// A resource class by its number.
    package let resource: UInt32
    package let engineID: Digest
    /// Base units per compute unit.
    package let ask: UInt64

    package init(resource: UInt32, engineID: Digest, ask: UInt64) {
        (self.resource, self.engineID, self.ask) = (resource, engineID, ask)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(resource))
        encoder.data(2, engineID)
        encoder.unsigned(3, ask)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        resource = try decoder.unsigned32(1)
        engineID = try decoder.fixedBytes(2)
        ask = try decoder.unsigned(3)
    }
}

package struct RegisterProvider: Hashable, Sendable, Message {
    package let bond: Amount
    package let offers: [Offer]
    /// `http://host:port` under which `/outputs/<hash>` answers: at most `JobLimits.endpointBytesMax` visible ASCII
    /// characters, or none.
    package let endpoint: Bytes

    package init(bond: Amount, offers: [Offer], endpoint: Bytes = []) {
        (self.bond, self.offers, self.endpoint) = (bond, offers, endpoint)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, bond.units)
        encoder.messages(2, offers)
        encoder.data(3, endpoint)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        bond = Amount(try decoder.unsigned(1))
        offers = try decoder.messages(2, count: JobLimits.offersMax)
        endpoint = try decoder.endpoint(3)
    }
}

/// Replaces all offers of the sender and its endpoint; an empty list takes no further tasks.
package struct SetOffers: Hashable, Sendable, Message {
    package let offers: [Offer]
    package let endpoint: Bytes

    package init(offers: [Offer], endpoint: Bytes = []) { (self.offers, self.endpoint) = (offers, endpoint) }

    package func encode(into encoder: inout Encoder) {
        encoder.messages(1, offers)
        encoder.data(2, endpoint)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        offers = try decoder.messages(1, count: JobLimits.offersMax)
        endpoint = try decoder.endpoint(2)
    }
}

package struct SubmitJob: Hashable, Sendable, Message {
    package let program: Digest
    /// A published input; nil where the job's own bytes are the whole input.
    package let input: Digest?
    /// Follow the published input.
    package let bytes: Bytes
    package let tasks: UInt32
    package let limits: TaskLimits
    /// Base units per compute unit.
    package let bid: UInt64
    package let resource: UInt32
    package let engineID: Digest
    /// The rate of audits that the requester prepays for, in ppm; 0 leaves it to the provider's record.
    package let assurance: UInt64
    /// Its escrow comes out of the sender's credits, and refunds return there.
    package let paysCredits: Bool
    /// Providers that each do every task of class `open`; 0 for other classes.
    package let replicas: UInt32

    package init(
        program: Digest, input: (digest: Digest?, bytes: Bytes), tasks: UInt32, limits: TaskLimits, price: JobPrice
    ) {
        (self.program, self.input, bytes) = (program, input.digest, input.bytes)
        (self.tasks, self.limits) = (tasks, limits)
        (bid, resource, engineID, assurance) = (price.bid, price.resource, price.engineID, price.assurance)
        (paysCredits, replicas) = (price.paysCredits, price.replicas)
    }

    /// Of the balance, at most; what is prepaid for audits is below the escrow, so twice that covers both.
    var spending: Amount {
        if paysCredits { return .zero }
        let factors = [bid, UInt64(tasks), assurance == 0 ? 1 : 2, heldReplicas]
        let units = factors.reduce(limits.computeUnits) { product, factor in
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            return overflow ? .max : next
        }
        return Amount(units)
    }

    /// Escrows that are held for each task: those of all replicas that may have to be paid.
    package var heldReplicas: UInt64 { replicas == 0 ? 1 : UInt64(replicas) + UInt64(PanelLimits.further) }

    /// Unique, because a sequence of an account counts once.
    package func id(sender: Address, sequence: UInt64) -> Digest {
        Hash.sha256([Bytes("job".utf8), sender.bytes, sequence.bigEndianBytes, encoded])
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, program)
        if let input { encoder.data(2, input) }
        encoder.data(3, bytes)
        encoder.unsigned(4, UInt64(tasks))
        encoder.message(5, limits)
        encoder.unsigned(6, bid)
        encoder.unsigned(7, UInt64(resource))
        encoder.data(8, engineID)
        encoder.unsigned(9, assurance)
        encoder.bool(10, paysCredits)
        encoder.unsigned(11, UInt64(replicas))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        program = try decoder.fixedBytes(1)
        input = try decoder.optionalFixedBytes(2)
        bytes = try decoder.data(3, max: JobLimits.jobBytesMax)
        tasks = try decoder.unsigned32(4)
        limits = try decoder.message(5)
        bid = try decoder.unsigned(6)
        resource = try decoder.unsigned32(7)
        engineID = try decoder.fixedBytes(8)
        assurance = try decoder.unsigned(9)
        paysCredits = try decoder.bool(10)
        replicas = try decoder.unsigned32(11)
    }
}

/// What a job offers and under which rules its results are compared.
package struct JobPrice: Hashable, Sendable {
    package let bid: UInt64
    package let resource: UInt32
    package let engineID: Digest
    package let assurance: UInt64
    package let paysCredits: Bool
    package let replicas: UInt32

    package init(
        bid: UInt64, resource: UInt32, engineID: Digest, assurance: UInt64 = 0, paysCredits: Bool = false,
        replicas: UInt32 = 0
    ) {
        (self.bid, self.resource, self.engineID, self.assurance) = (bid, resource, engineID, assurance)
        (self.paysCredits, self.replicas) = (paysCredits, replicas)
    }
}

/// What one task may use.
package struct TaskLimits: Hashable, Sendable, Message {
    package let fuel: UInt64
    package let outputBytes: UInt32
    package let computeUnits: UInt64

    package init(fuel: UInt64, outputBytes: UInt32, computeUnits: UInt64) {
        (self.fuel, self.outputBytes, self.computeUnits) = (fuel, outputBytes, computeUnits)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, fuel)
        encoder.unsigned(2, UInt64(outputBytes))
        encoder.unsigned(3, computeUnits)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        fuel = try decoder.unsigned(1)
        outputBytes = try decoder.unsigned32(2)
        computeUnits = try decoder.unsigned(3)
    }
}

/// Takes back the tasks of the sender's job that nobody was given yet.
package struct CancelJob: Hashable, Sendable, Message {
    package let job: Digest

    package init(job: Digest) { self.job = job }

    package func encode(into encoder: inout Encoder) { encoder.data(1, job) }
    package init(from decoder: inout Decoder) throws(DecodeError) { job = try decoder.fixedBytes(1) }
}
