// The rules of what auditors say, apart from what it changes: asked in the block, and by an author before it takes a
// statement into its batch. A statement pays no fee; one that fails costs the author of its batch.
import Chain
import Cryptography
import Primitives
import Quorum
import Rewards

struct AuditCheck {
    let state: WorkingState
    let view: LedgerView
    let calendar: AuditCalendar

    init(_ state: WorkingState, view: LedgerView, calendar: AuditCalendar? = nil) {
        (self.state, self.view) = (state, view)
        self.calendar = calendar ?? state.require(.auditCalendar)
    }

    /// The epoch whose tasks are judged now; nil in epoch 0.
    var judgedEpoch: UInt64? { view.epoch.number > 0 ? view.epoch.number - 1 : nil }

    /// The epoch of a receipt, while it is running or judged.
    func epoch(ofReceipt height: Height) -> UInt64? {
        if height >= view.epoch.startHeight { return view.epoch.number }
        return height >= calendar.judgedStart ? judgedEpoch : nil
    }

    /// The operator whose audit key this is.
    func auditor(_ key: PublicKey) throws(Rule) -> Address {
        guard let reference: OperatorReference = state.load(StateKey.keyAddress(Hash.address(of: key))),
            let record: ValidatorRecord = state.load(StateKey.validator(reference.operatorAddress)),
            record.keys.audit == key
        else { throw .unknownAuditor }
        return reference.operatorAddress
    }

    func check(_ statement: AuditStatement) throws(Rule) {
        let auditor = try auditor(statement.auditor)
        switch statement.content {
        case .commit(let commit): try check(commit, by: auditor)
        case .disclosure(let disclosure): _ = try check(disclosure, by: auditor, statement.auditor)
        case .reveal(let reveal): try check(reveal, by: auditor)
        case .vote(let vote): _ = try check(vote, by: auditor)
        case .missed(let missed): _ = try check(missed)
        case .objection(let objection): _ = try check(objection, by: auditor)
        }
    }

    // MARK: Commits

    func check(_ commit: VerdictCommit, by auditor: Address) throws(Rule) {
        try checkWindow(of: commit)
        let set = try auditingSet(commit.epoch, auditor)
        func key(_ part: UInt32) -> Bytes { StateKey.commit(commit.epoch, of: auditor, commit.round, part: part) }
        guard state.bytes(key(commit.part)) == nil else { throw .commitRepeated }
        guard commit.part == 0 || state.bytes(key(commit.part - 1)) != nil else { throw .commitGap }
        for place in commit.tasks {
            guard let task: TaskRecord = state.load(StateKey.task(place)), isJudged(place, task, with: commit.epoch)
            else { throw .taskNotJudged }
            guard set.mayAudit(auditor, provider: task.provider) else { throw .ownTask }
            let audits: TaskAudits? = state.load(StateKey.taskAudits(commit.epoch, place))
            guard audits?.index(of: auditor, commit.round) == nil else { throw .taskCommitted }
            guard commit.round == .first || audits?.hasFirst(besides: auditor) == true
            else { throw .nothingToRecheck }
        }
    }

    private func checkWindow(of commit: VerdictCommit) throws(Rule) {
        if commit.epoch == view.epoch.number {
            guard commit.round == .first else { throw .auditWindowClosed }
            return
        }
        guard commit.epoch == judgedEpoch else { throw .epochNotJudged }
        guard calendar.phase == (commit.round == .first ? .commit : .recheck) else { throw .auditWindowClosed }
    }

    private func checkReveal(of epoch: UInt64) throws(Rule) {
        guard epoch == judgedEpoch else { throw .epochNotJudged }
        guard calendar.phase == .reveal else { throw .auditWindowClosed }
    }

    func epochSet(_ epoch: UInt64) -> EpochSet {
        guard let set: EpochSet = state.load(StateKey.epochSet(epoch)) else {
            preconditionFailure("no set of epoch \(epoch)")
        }
        return set
    }

    func auditingSet(_ epoch: UInt64, _ auditor: Address) throws(Rule) -> EpochSet {
        let set = epochSet(epoch)
        guard let member = set.member(auditor) else { throw .notInEpochSet }
        guard member.mayAudit else { throw .auditKeyNotCounting }
        return set
    }

    // MARK: Reveals

    /// k_e.
    func check(_ disclosure: KeyDisclosure, by auditor: Address, _ key: PublicKey) throws(Rule) -> Digest {
        try checkReveal(of: disclosure.epoch)
        _ = try auditingSet(disclosure.epoch, auditor)
        guard state.bytes(StateKey.disclosure(disclosure.epoch, of: auditor)) == nil else { throw .keyDisclosed }
        guard let secret = disclosure.key(auditor: key, chainID: view.chainID) else { throw .badKeyProof }
        return secret
    }

    func check(_ reveal: VerdictReveal, by auditor: Address) throws(Rule) {
        try checkReveal(of: reveal.epoch)
        guard state.bytes(StateKey.disclosure(reveal.epoch, of: auditor)) != nil else { throw .keyUndisclosed }
        let key = StateKey.commit(reveal.epoch, of: auditor, reveal.round, part: reveal.part)
        guard let commit: CommitRecord = state.load(key) else { throw .commitUnknown }
        guard !commit.isRevealed else { throw .revealRepeated }
        guard commit.tasks == CommitRecord.digest(of: reveal.verdicts.map(\.task)), commit.root == reveal.root else {
            throw .revealDiffers
        }
    }

    // MARK: Objections

    /// The verdicts that the dispute will be about.
    func check(_ objection: DigestObjection, by auditor: Address) throws(Rule) -> [AuditEntry] {
        guard objection.epoch == judgedEpoch else { throw .epochNotJudged }
        guard calendar.phase == .open else { throw .auditWindowClosed }
        let audits: TaskAudits? = state.load(StateKey.taskAudits(objection.epoch, objection.task))
        let verdicts = BlockExecution.verdicts(audits)
        guard verdicts.contains(where: { $0.operatorAddress == auditor }) else { throw .noOwnVerdict }
        guard objection.auditor != auditor, let entry = verdicts.first(where: objection.isAbout),
            entry.digest != objection.digest
        else { throw .objectionWithoutCause }
        if let dispute: DisputeRecord = state.load(StateKey.dispute(objection.task)) {
            // Another's was faster, which is nobody's fault.
            throw dispute.reporter == auditor ? .objectionWithoutCause : .disputeExists
        }
        return verdicts
    }

    // MARK: Votes

    func check(_ vote: DisputeVote, by voter: Address) throws(Rule) -> DisputeRecord {
        guard let dispute: DisputeRecord = state.load(StateKey.dispute(vote.task)) else { throw .disputeUnknown }
        guard dispute.isExtended || calendar.phase == .vote else { throw .auditWindowClosed }
        guard epochSet(dispute.epoch).member(voter) != nil else { throw .notInEpochSet }
        guard state.bytes(StateKey.vote(vote.task, of: voter)) == nil else { throw .voteRepeated }
        guard vote.digests.count == dispute.digests else { throw .voteIncomplete }
        return dispute
    }
}
