// All that the chain says of one task, proved: its job and receipt, what auditors said, and the dispute on it.
package import Chain
package import Ledger
package import Rewards

package struct TaskTranscript: Sendable {
    /// A dispute, and how the end of an epoch decided it.
    package struct Decided: Sendable {
        package let dispute: ProvenDispute
        /// nil while it is open.
        package let settledEpoch: UInt64?
        /// Of that epoch's table, with the dispute as their evidence; the whole table was read.
        package let slashes: [SlashRow]

        package init(_ dispute: ProvenDispute, settledEpoch: UInt64?, slashes: [SlashRow]) {
            (self.dispute, self.settledEpoch, self.slashes) = (dispute, settledEpoch, slashes)
        }
    }

    package let place: TaskPlace
    package let job: JobRecord
    package let task: TaskRecord
    /// The believed header under which job and task were proved.
    package let header: Header
    /// Of the receipt.
    package var epoch: UInt64?
    /// In the order of the commits.
    package var audits: [AuditEntry] = []
    package var decided: Decided?

    package init(_ place: TaskPlace, job: JobRecord, task: TaskRecord, header: Header) {
        (self.place, self.job, self.task, self.header) = (place, job, task, header)
    }
}
