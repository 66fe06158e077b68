// Anybody who executed a task may call all validators to execute it too. The deposit pays them where he was wrong.
package import Codec
package import Primitives

package struct OpenDispute: Hashable, Sendable, Message {
    package let task: TaskPlace
    /// What the sender says the result is; equal to the receipt's where a salted digest of an auditor is in doubt.
    package let claimed: TaskResult
    /// At least three times the task's escrow.
    package let deposit: Amount

    package init(task: TaskPlace, claimed: TaskResult, deposit: Amount) {
        (self.task, self.claimed, self.deposit) = (task, claimed, deposit)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, task)
        encoder.message(2, claimed)
        encoder.unsigned(3, deposit.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        task = try decoder.message(1)
        claimed = try decoder.message(2)
        deposit = Amount(try decoder.unsigned(3))
    }
}
