// What is asked of the state about admission: how far a provider is and what it waits for, which tasks it has to
// answer, and the salt that an auditor's verdict repeats.
package import Chain
import Codec
package import Primitives
import Quorum

/// What a provider waits for that is not admitted.
package enum AdmissionWait: CaseIterable, Sendable {
    case slot, offer, challenge, answers, verdicts, tasks

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .slot: "bond_below_slot"
        case .offer: "no_class_d_offer"
        case .challenge: "paused"
        case .answers: "answers_due"
        case .verdicts: "verdicts_due"
        case .tasks: "no_task_issued"
        }
    }
}

package struct AdmissionStatus: Hashable, Sendable {
    package let record: AdmissionRecord
    package let wait: AdmissionWait
}

extension Ledger {
    /// nil for who is admitted, and for who is no provider.
    package static func admission(of provider: Address, on snapshot: some Snapshot) -> AdmissionStatus? {
        let state = WorkingState(snapshot)
        guard let record: AdmissionRecord = state.load(StateKey.admission(provider)),
            let bonded: ProviderRecord = state.load(StateKey.provider(provider))
        else { return nil }
        let parameters = state.require(.ledgerParameters, as: ParameterRecord.self).parameters
        let work: WorkRecord? = state.load(StateKey.work(provider))
        let wait: AdmissionWait =
            if slots(of: bonded, parameters) == 0 {
                .slot
            } else if work?.offersKnownEngine != true {
                .offer
            } else if !openAdmissionTasks(of: provider, limit: 1, on: snapshot).isEmpty {
                .answers
            } else if work?.isPaused == true {
                .challenge
            } else {
                record.missing == 0 ? .verdicts : .tasks
            }
        return AdmissionStatus(record: record, wait: wait)
    }

    /// Tasks that `provider` has to answer, ascending by (job, index); at most `limit`.
    package static func openAdmissionTasks(
        of provider: Address, limit: Int, on snapshot: some Snapshot
    ) -> [TaskPlace] {
        let prefix = StateKey.admissionTasks(of: provider)
        var found: [TaskPlace] = []
        var next = snapshot.first(.state, from: prefix)
        while let entry = next, found.count < limit, entry.key.starts(with: prefix) {
            found.append(TaskPlace(keySuffix: entry.key))
            next = snapshot.first(.state, from: entry.key + [0])
        }
        return found
    }

    /// Of the provider to whom a task of the epoch was issued again.
    static func admissionSalt(_ place: TaskPlace, epoch: UInt64, _ state: WorkingState) -> Bytes? {
        guard let task: AdmissionTask = state.load(StateKey.admissionTask(place)), task.epoch == epoch else {
            return nil
        }
        return task.salt(place).bytes
    }
}
