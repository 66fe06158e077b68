// What the chain knows of published bytes, jobs and tasks. A task has a record from its assignment on; before that it
// is counted in its job. Invariant: escrow of all jobs = Supply.escrow but for what `UndeliverableRecord` holds.
package import Chain
package import Codec
package import Primitives
import Quorum

/// Published bytes; they lie in `Table.blobs` under their SHA-256.
package struct BlobRecord: Hashable, Sendable, Message {
    package let size: UInt32
    /// Linear memory of a program in pages; 0 for an input.
    package let pages: UInt32
    package let publisher: Address
    /// Honest validators got different results from it: no further job may use it.
    package var isQuarantined = false

    init(size: UInt32, pages: UInt32, publisher: Address) {
        (self.size, self.pages, self.publisher) = (size, pages, publisher)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(size))
        encoder.unsigned(2, UInt64(pages))
        encoder.data(3, publisher)
        encoder.bool(4, isQuarantined)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        size = try decoder.unsigned32(1)
        pages = try decoder.unsigned32(2)
        publisher = try decoder.fixedBytes(3)
        isQuarantined = try decoder.bool(4)
    }
}

package struct JobRecord: Hashable, Sendable, Message {
    package let requester: Address
    /// As submitted, but without the job's own bytes: those lie in `Table.blobs` under `ownBytes`.
    package let request: SubmitJob
    package let ownBytes: Digest?
    /// Bytes of the input of each task.
    package let inputBytes: UInt32
    /// Pages of linear memory of the program, which is what every run of it uses.
    package let pages: UInt32
    package let submitted: Height
    /// Held for each task that is not closed: the most its fee can be, and what is prepaid for audits.
    package let escrow: Amount
    package let assurance: Amount
    /// The first task that nobody was given yet.
    package var next: UInt32 = 0
    /// Tasks from here on were taken back.
    package var end: UInt32
    /// Tasks with a receipt.
    package var done: UInt32 = 0
    /// Tasks that are settled, taken back, timed out or undeliverable: nothing is held for them.
    package var closed: UInt32 = 0
    /// Charges of providers that were late, held until their tasks end.
    package var charges = Amount.zero

    package init(
        _ request: SubmitJob, by requester: Address, at submitted: Height, input: (bytes: UInt32, own: Digest?),
        pages: UInt32, held: (escrow: Amount, assurance: Amount)
    ) {
        self.request = SubmitJob(
            program: request.program, input: (request.input, []), tasks: request.tasks, limits: request.limits,
            price: request.price)
        (self.requester, self.submitted, self.pages) = (requester, submitted, pages)
        (inputBytes, ownBytes) = input
        (escrow, assurance) = held
        end = request.tasks
    }

    package var heldPerTask: Amount { Amount(escrow.units * request.heldReplicas + assurance.units) }

    /// What is held for all of it now.
    package var held: Amount {
        let open = UInt64(request.tasks - closed)
        return Amount(open * heldPerTask.units).credited(charges)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, requester)
        encoder.message(2, request)
        if let ownBytes { encoder.data(3, ownBytes) }
        encoder.unsigned(4, UInt64(inputBytes))
        encoder.unsigned(5, UInt64(pages))
        encoder.signed(6, submitted.signed)
        encoder.unsigned(7, escrow.units)
        encoder.unsigned(8, assurance.units)
        encoder.unsigned(9, UInt64(next))
        encoder.unsigned(10, UInt64(end))
        encoder.unsigned(11, UInt64(done))
        encoder.unsigned(12, UInt64(closed))
        encoder.unsigned(13, charges.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        requester = try decoder.fixedBytes(1)
        request = try decoder.message(2)
        ownBytes = try decoder.optionalFixedBytes(3)
        inputBytes = try decoder.unsigned32(4)
        pages = try decoder.unsigned32(5)
        submitted = try decoder.height(6)
        escrow = Amount(try decoder.unsigned(7))
        assurance = Amount(try decoder.unsigned(8))
        next = try decoder.unsigned32(9)
        end = try decoder.unsigned32(10)
        done = try decoder.unsigned32(11)
        closed = try decoder.unsigned32(12)
        charges = Amount(try decoder.unsigned(13))
    }
}

extension SubmitJob {
    package var price: JobPrice {
        JobPrice(
            bid: bid, resource: resource, engineID: engineID, assurance: assurance, paysCredits: paysCredits,
            replicas: replicas)
    }
}

/// Where a task stands. The raw value is its number on the chain.
package enum TaskState: UInt32, CaseIterable, Sendable {
    case assigned = 1
    /// Its receipt is in a block; the pay is due with the settlement that the record names.
    case delivered = 2
    /// Delivered, and the settlement that it named is over. No record says so: see `seen(in:)`.
    case settled = 3
    /// Late, and nobody else could take it.
    case timedOut = 4
    /// Two providers were late.
    case undeliverable = 5
    /// Its provider was proven wrong before it was paid: what was held went back.
    case forfeited = 6
    /// Validators found no one result: what was held went back.
    case voided = 7

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .assigned: "assigned"
        case .delivered: "delivered"
        case .settled: "settled"
        case .timedOut: "timed_out"
        case .undeliverable: "undeliverable"
        case .forfeited: "forfeited"
        case .voided: "voided"
        }
    }
}

package struct TaskRecord: Hashable, Sendable, Message {
    package var state: TaskState
    /// Who has it, or had it last.
    package var provider: Address
    package var assigned: Height
    /// D: blocks until it counts as slow; twice as many until it is late.
    package var budget: UInt64
    /// Who had it before and was late, and what of its bond is held for that.
    package var late: Address?
    package var charge = Amount.zero
    package var result: TaskResult?
    package var computeUnits: UInt64 = 0
    /// The block that includes the receipt.
    package var delivered: Height?
    /// p of its audits in ppm, by the provider's streak before the epoch or what the requester prepaid.
    package var auditRate: UInt64 = 0
    /// An auditor that was drawn for it has revealed a verdict.
    package var isAudited = false
    /// The epoch whose end pays for the receipt; a later one where an audit or a dispute was open then.
    package var settlesIn: UInt64?

    package init(provider: Address, assigned: Height, budget: UInt64) {
        (state, self.provider, self.assigned, self.budget) = (.assigned, provider, assigned, budget)
    }

    /// The last height whose block may include the receipt.
    package var deadline: Height { assigned.advanced(by: 2 * budget) }

    /// As it stands in an epoch: what is delivered is settled once the epoch that settles it is over.
    package func seen(in epoch: UInt64) -> TaskRecord {
        guard state == .delivered, let settlesIn, settlesIn < epoch else { return self }
        var record = self
        record.state = .settled
        return record
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(state.rawValue))
        encoder.data(2, provider)
        encoder.signed(3, assigned.signed)
        encoder.unsigned(4, budget)
        if let late { encoder.data(5, late) }
        encoder.unsigned(6, charge.units)
        encoder.message(7, optional: result)
        encoder.unsigned(8, computeUnits)
        encoder.signed(9, delivered?.signed ?? 0)
        encoder.unsigned(10, auditRate)
        encoder.bool(11, isAudited)
        encoder.unsigned(12, settlesIn.map { $0 + 1 } ?? 0)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let state = TaskState(rawValue: try decoder.unsigned32(1)) else { throw .invalid(field: 1) }
        self.state = state
        provider = try decoder.fixedBytes(2)
        assigned = try decoder.height(3)
        budget = try decoder.unsigned(4)
        late = try decoder.optionalFixedBytes(5)
        charge = Amount(try decoder.unsigned(6))
        result = try decoder.optionalMessage(7)
        computeUnits = try decoder.unsigned(8)
        let height = try decoder.signed(9)
        if height < 0 { throw .outOfRange(field: 9) }
        delivered = height == 0 ? nil : Height(signed: height)
        auditRate = try decoder.unsigned(10)
        isAudited = try decoder.bool(11)
        let settlesPlusOne = try decoder.unsigned(12)
        settlesIn = settlesPlusOne == 0 ? nil : settlesPlusOne - 1
    }
}
