// What executing a task takes, from the state and the published bytes of a snapshot.
package import Chain
import Ledger
package import Primitives

package struct TaskWork: Equatable, Sendable {
    package let program: Bytes
    /// The job's published input followed by its own bytes.
    package let input: Bytes
    package let limits: TaskLimits
    /// What the receipt says; nil before it.
    package let claim: TaskResult?

    /// nil where the state has no such task, or its bytes are gone.
    package init?(_ task: TaskPlace, on snapshot: some Snapshot) {
        let state = WorkingState(snapshot)
        guard let job: JobRecord = state.load(StateKey.job(task.job)),
            let program = snapshot.load(.blobs, key: job.request.program.bytes)
        else { return nil }
        var input = Bytes()
        for digest in [job.request.input, job.ownBytes].compactMap(\.self) {
            guard let part = snapshot.load(.blobs, key: digest.bytes) else { return nil }
            input += part
        }
        let record: TaskRecord? = state.load(StateKey.task(task))
        (self.program, self.input, limits, claim) = (program, input, job.request.limits, record?.result)
    }
}
