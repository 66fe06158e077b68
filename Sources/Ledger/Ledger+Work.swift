// What a provider or a requester asks of the state: the tasks it has, the tasks of a job. Pages of bounded length, in
// key order; every record is a leaf of the state tree under the key that `StateKey` gives, so each can be proved.
package import Chain
import Codec
package import Primitives

extension Ledger {
    /// The tasks that `provider` has now, ascending by (job, index), from `place` on; at most `limit`.
    package static func assignments(
        of provider: Address, from place: TaskPlace? = nil, limit: Int, on snapshot: some Snapshot
    ) -> [(place: TaskPlace, record: AssignmentRecord)] {
        let prefix = StateKey.assignments(of: provider)
        return page(prefix, from: place.map { prefix + $0.bytes } ?? prefix, limit: limit, on: snapshot)
    }

    /// The tasks of `job` that were given to a provider, as they are seen in the running epoch, ascending by index,
    /// from `index` on; at most `limit`.
    package static func tasks(
        of job: Digest, from index: UInt32 = 0, limit: Int, on snapshot: some Snapshot
    ) -> [(place: TaskPlace, record: TaskRecord)] {
        let prefix = StateKey.job(job).dropFirst()
        let tagged = [StateTag.task.rawValue] + prefix
        let first = StateKey.task(TaskPlace(job: job, index: index))
        let found: [(place: TaskPlace, record: TaskRecord)] = page(tagged, from: first, limit: limit, on: snapshot)
        let epoch = WorkingState(snapshot).require(.epoch, as: EpochRecord.self).number
        return found.map { ($0.place, $0.record.seen(in: epoch)) }
    }

    static func page<Record: Message>(
        _ prefix: Bytes, from first: Bytes, limit: Int, on snapshot: some Snapshot
    ) -> [(place: TaskPlace, record: Record)] {
        var found: [(TaskPlace, Record)] = []
        let state = WorkingState(snapshot)
        var next = snapshot.first(.state, from: first)
        while let entry = next, found.count < limit, entry.key.starts(with: prefix) {
            guard let record: Record = state.load(entry.key) else { preconditionFailure("a key without a value") }
            found.append((TaskPlace(keySuffix: entry.key), record))
            next = snapshot.first(.state, from: entry.key + [0])
        }
        return found
    }
}
