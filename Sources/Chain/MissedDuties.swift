// "This auditor's key drew these tasks, and it said nothing about them." Anybody can say it once the key is disclosed;
// one hash and the state prove it.
package import Codec
package import Primitives

package struct MissedDuties: Hashable, Sendable, Message {
    /// Of the receipts.
    package let epoch: UInt64
    /// The operator who missed them.
    package let auditor: Address
    package let round: AuditRound
    /// 1...`AuditLimits.verdictsMax`, strictly ascending by (job, index).
    package let tasks: [TaskPlace]

    package init(epoch: UInt64, auditor: Address, round: AuditRound, tasks: [TaskPlace]) {
        (self.epoch, self.auditor, self.round, self.tasks) = (epoch, auditor, round, tasks)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epoch)
        encoder.data(2, auditor)
        encoder.unsigned(3, UInt64(round.rawValue))
        encoder.messages(4, tasks)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        epoch = try decoder.unsigned(1)
        auditor = try decoder.fixedBytes(2)
        round = try decoder.auditRound(3)
        tasks = try decoder.messages(4, count: AuditLimits.verdictsMax)
        if tasks.isEmpty { throw .missing(field: 4) }
        for (left, right) in zip(tasks, tasks.dropFirst())
        where (left.job, left.index) >= (right.job, right.index) { throw .invalid(field: 4) }
    }
}
