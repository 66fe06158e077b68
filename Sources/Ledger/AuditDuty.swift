// What an auditor has to do, as it needs it: which tasks to execute, with which salts to hash the final memory, and
// what it said already. Made by the functions of `Ledger+Duties`.
package import Chain
package import Primitives

/// One task that an auditor's key drew.
package struct AuditDuty: Hashable, Sendable {
    package let place: TaskPlace
    package let round: AuditRound
    /// Program, input, limits.
    package let job: JobRecord
    /// What it counts in the disclosure.
    package let computeUnits: UInt64
    /// The block that includes the receipt.
    package let delivered: Height
    /// Before the final memory in the verdict's digest.
    package let salt: Bytes
    /// In a re-check: the same for the first auditor's digest.
    package let firstSalts: [Bytes]
    /// The same for the answer of who is not admitted, where the task was issued again.
    package var admissionSalt: Bytes?
}

/// Second auditors' digests on a task that this auditor gave a verdict on: executing it shows whether they are right.
package struct DigestDuty: Hashable, Sendable {
    package let place: TaskPlace
    /// That judges the task now.
    package let epoch: UInt64
    package let others: [AuditEntry]
    /// Before the final memory in the digest of each.
    package let salts: [Bytes]
    /// An objection counts now.
    package let isOpen: Bool
}

/// One task that every validator of its epoch executes.
package struct DisputeDuty: Hashable, Sendable {
    package let place: TaskPlace
    package let job: JobRecord
    /// Of the receipt.
    package let epoch: UInt64
    /// Before the final memory in the vote's own digest.
    package let salt: Bytes
    /// For the vote's other digests, in their order.
    package let salts: [Bytes]
    /// A vote counts now.
    package let isVoting: Bool
}

/// What one auditor said of the epochs that are running and judged.
package struct AuditStatus: Hashable, Sendable {
    package struct Part: Hashable, Sendable {
        package let epoch: UInt64
        package let round: AuditRound
        package let part: UInt32
        package let root: Digest
        package let isRevealed: Bool
    }

    package let phase: AuditPhase
    package let runningEpoch: UInt64
    /// nil in epoch 0.
    package let judgedEpoch: UInt64?
    /// The first block of the judged epoch, and of the running one.
    package let judgedStart: Height
    package let runningStart: Height
    /// Receipts of the judged epoch; where there are none nothing need be disclosed.
    package let judgedReceipts: UInt64
    /// The key counts in the judged epoch, and in the running one.
    package let mayAuditJudged: Bool
    package let mayAuditRunning: Bool
    /// Own commits, ascending by (epoch, round, part).
    package let parts: [Part]
    /// The key of the judged epoch is disclosed.
    package let isDisclosed: Bool
}
