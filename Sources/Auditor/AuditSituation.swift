// What an auditor needs of the chain at one height: which tasks its key drew, which window is open, what the state
// holds of what it said. Read from a snapshot by the shell, so that the desk decides from values alone.
package import Chain
package import Cryptography
package import Primitives

package struct AuditSituation: Sendable {
    /// The tip that it was read at.
    package let height: Height
    /// Those that something may still be said of, ascending.
    package let epochs: [AuditedEpoch]
    /// Disputes that take votes, and that this auditor's stake counts in.
    package let disputes: [DisputedTask]
    /// Duties that others missed and that nobody has proven yet, when it is this auditor's turn to.
    package let misses: [MissedDuties]
    /// Tasks of own verdicts on which others revealed digests.
    package let checks: [CheckedTask]

    package init(
        height: Height, epochs: [AuditedEpoch], disputes: [DisputedTask], misses: [MissedDuties] = [],
        checks: [CheckedTask] = []
    ) {
        (self.height, self.epochs, self.disputes, self.misses) = (height, epochs, disputes, misses)
        self.checks = checks
    }
}

/// What other auditors revealed on a task that this one executed.
package struct CheckedTask: Hashable, Sendable {
    package struct Other: Hashable, Sendable {
        package let auditor: Address
        package let round: AuditRound
        package let digest: Digest
        /// Before the final memory.
        package let salt: Bytes

        package init(_ auditor: Address, _ round: AuditRound, digest: Digest, salt: Bytes) {
            (self.auditor, self.round, self.digest, self.salt) = (auditor, round, digest, salt)
        }
    }

    package let task: TaskPlace
    /// That judges the task now.
    package let epoch: UInt64
    package let others: [Other]
    /// An objection counts now.
    package let isOpen: Bool

    package init(task: TaskPlace, epoch: UInt64, others: [Other], isOpen: Bool) {
        (self.task, self.epoch, self.others, self.isOpen) = (task, epoch, others, isOpen)
    }
}

/// Where the audits of an epoch stand.
package enum AuditWindow: Int, Comparable, Sendable {
    /// Receipts still come: duties become known, and nothing is said.
    case running = 0
    case commit = 1
    case recheck = 2
    case reveal = 3
    /// Nothing more is taken.
    case over = 4

    package static func < (lhs: AuditWindow, rhs: AuditWindow) -> Bool { lhs.rawValue < rhs.rawValue }
}

package struct AuditedEpoch: Sendable {
    package let epoch: UInt64
    package let window: AuditWindow
    /// Half of the open window is over: what is ready is said now.
    package let isUrgent: Bool
    /// Of the key that draws in this epoch.
    package let proof: VRFProof
    /// Of both rounds, as far as they are drawn.
    package let duties: [DrawnTask]
    /// What the state holds of this auditor's commits, ascending by (round, part).
    package let commits: [SaidCommit]
    package let isDisclosed: Bool
    /// Places of duties and of commits in their lists.
    private var dutyPlaces: [Slot: Int] = [:]
    private var commitPlaces: [Slot: Int] = [:]

    private struct Slot: Hashable {
        let round: AuditRound
        let task: TaskPlace
    }

    package init(
        epoch: UInt64, window: (AuditWindow, isUrgent: Bool), proof: VRFProof, duties: [DrawnTask],
        said: (commits: [SaidCommit], isDisclosed: Bool)
    ) {
        (self.epoch, self.proof, self.duties) = (epoch, proof, duties)
        (self.window, isUrgent) = window
        (commits, isDisclosed) = said
        for (place, duty) in duties.enumerated() { dutyPlaces[Slot(round: duty.round, task: duty.task)] = place }
        for (place, commit) in commits.enumerated() {
            for task in commit.tasks { commitPlaces[Slot(round: commit.round, task: task)] = place }
        }
    }

    /// What the state holds about the duty.
    func commit(of duty: DrawnTask) -> SaidCommit? {
        commitPlaces[Slot(round: duty.round, task: duty.task)].map { commits[$0] }
    }

    func duty(_ round: AuditRound, _ task: TaskPlace) -> DrawnTask? {
        dutyPlaces[Slot(round: round, task: task)].map { duties[$0] }
    }
}

/// A task that this auditor's key drew.
package struct DrawnTask: Hashable, Sendable {
    package let task: TaskPlace
    package let round: AuditRound
    /// Of the receipt.
    package let computeUnits: UInt64
    /// The own one; in a re-check then the first auditors'; then that of who is not admitted, if there is one.
    package let salts: [Bytes]
    package let hasAnswer: Bool

    package init(
        task: TaskPlace, round: AuditRound, computeUnits: UInt64, salts: [Bytes], admissionSalt: Bytes? = nil
    ) {
        precondition((salts.count == 1) == (round == .first), "\(salts.count) salts in round \(round)")
        (self.task, self.round, self.computeUnits) = (task, round, computeUnits)
        self.salts = salts + (admissionSalt.map { [$0] } ?? [])
        hasAnswer = admissionSalt != nil
    }
}

package struct SaidCommit: Hashable, Sendable {
    package let round: AuditRound
    package let part: UInt32
    package let tasks: [TaskPlace]
    package let root: Digest
    package let isRevealed: Bool

    package init(round: AuditRound, part: UInt32, tasks: [TaskPlace], root: Digest, isRevealed: Bool) {
        (self.round, self.part, self.tasks, self.root, self.isRevealed) = (round, part, tasks, root, isRevealed)
    }
}

/// On which a vote counts now and was not given.
package struct DisputedTask: Hashable, Sendable {
    package let task: TaskPlace
    /// The own one, then those that the dispute lists.
    package let salts: [Bytes]

    package init(task: TaskPlace, salts: [Bytes]) { (self.task, self.salts) = (task, salts) }
}
