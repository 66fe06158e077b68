// Known answers before the first paid task (rewards design, section 7.8): receipts are issued again to providers that
// are not admitted, each of whom hashes the final memory under its own salt. Whoever audits such a task says what that
// hash should be; a difference opens a dispute, and only what more than 2/3 of the stake found makes an answer wrong.
// Invariants: nobody works for pay while an `AdmissionRecord` of it exists; an answer is taken only while nobody may
// disclose it; a task that no auditor judged says nothing and costs nothing.
import Chain
import Cryptography
import Primitives
import ProgramRules
import Rewards

extension BlockExecution {
    func isAdmitted(_ provider: Address) -> Bool { state.bytes(StateKey.admission(provider)) == nil }

    mutating func askAdmission(of provider: Address, _ needed: UInt64, isListed: Bool = false) {
        if needed == 0 { return }
        state.store(AdmissionRecord(needed: needed, isListed: isListed), at: StateKey.admission(provider))
    }

    /// With its first offers. While there is nothing to be asked, genesis has admitted it.
    mutating func askAdmission(ofListed provider: Address) {
        if calendar.receipts == 0 { return }
        askAdmission(of: provider, view.parameters.rewards.audit.admissionTasksListed, isListed: true)
    }

    // MARK: Issuing again

    private struct Newcomer {
        let account: Address
        var record: AdmissionRecord
        var isChanged = false

        init(account: Address, record: AdmissionRecord) { (self.account, self.record) = (account, record) }
    }

    /// Receipts of the block before: the beacon that draws their auditors issues some of them again, so nobody could
    /// commit to a verdict on them before. They are audited at the highest rate, so that most answers are judged.
    mutating func issueAgain(receiptsOf height: Height, beacon: Digest) {
        guard height == view.tip.height, height >= view.epoch.startHeight else { return }
        var waiting = newcomers(from: beacon)
        if waiting.isEmpty { return }
        let receipts = state.dueLists(prefix: StateKey.due(view.epoch.number, from: height)).flatMap(\.receipts)
        let drawn = receipts.map { receipt -> (seed: Digest, place: TaskPlace) in
            (Hash.sha256([Bytes("admission".utf8), beacon.bytes, receipt.place.bytes]), receipt.place)
        }
        var room = WorkLimits.issuesPerBlockMax
        for (seed, place) in drawn.sorted(by: { $0.seed < $1.seed }) where room > 0 {
            guard let index = newcomer(for: place, seed, among: waiting) else { continue }
            issue(place, to: &waiting[index], beacon: beacon)
            room -= 1
        }
        for newcomer in waiting where newcomer.isChanged {
            state.store(newcomer.record, at: StateKey.admission(newcomer.account))
        }
    }

    /// Who waits for tasks, among the first records after the beacon's account, around to it again.
    private func newcomers(from beacon: Digest) -> [Newcomer] {
        let tag = StateTag.admission.rawValue
        var found: [Newcomer] = []
        var (next, isAround) = ([tag] + beacon.bytes.prefix(20), false)
        let start = next
        for _ in 0..<WorkLimits.newcomersPerBlockMax {
            var key = state.firstKey(from: next)
            if key?.first != tag, !isAround { (key, isAround) = (state.firstKey(from: [tag]), true) }
            guard let key, key.first == tag, !isAround || key.lexicographicallyPrecedes(start) else { break }
            if let newcomer = newcomer(key) { found.append(newcomer) }
            next = key + [0]
        }
        return found
    }

    private func newcomer(_ key: Bytes) -> Newcomer? {
        guard let account = Address(Bytes(key.dropFirst())), let record: AdmissionRecord = state.load(key),
            record.missing > 0,
            let provider: ProviderRecord = state.load(StateKey.provider(account)), slots(provider) > 0,
            let work: WorkRecord = state.load(StateKey.work(account)), !work.isPaused, work.offersKnownEngine,
            !isJailed(account)
        else { return nil }
        return Newcomer(account: account, record: record)
    }

    /// nil where nobody may be asked: a program that gives honest validators different results, or everybody's own job.
    private func newcomer(for place: TaskPlace, _ seed: Digest, among waiting: [Newcomer]) -> Int? {
        let job = requireJob(place.job)
        let eligible = waiting.indices.filter {
            waiting[$0].record.missing > 0 && waiting[$0].account != job.requester
        }
        guard !eligible.isEmpty, !isQuarantined(job) else { return nil }
        // The first bytes have sorted the receipts: among those at the front they are all small.
        guard let word = UInt64(bigEndian: seed.bytes.suffix(8)) else { preconditionFailure("8 bytes of 32") }
        return eligible[Int(word.multipliedFullWidth(by: UInt64(eligible.count)).high)]
    }

    private mutating func issue(_ place: TaskPlace, to newcomer: inout Newcomer, beacon: Digest) {
        newcomer.record.open += 1
        newcomer.isChanged = true
        var task = requireTask(place)
        task.auditRate = Rewards.Rule.million
        state.store(task, at: StateKey.task(place))
        state.store(
            AdmissionTask(provider: newcomer.account, epoch: view.epoch.number, beacon: beacon),
            at: StateKey.admissionTask(place))
        state.store(QueueRecord(tasks: 1), at: StateKey.admissionOpen(newcomer.account, place))
    }

    // MARK: Answers

    mutating func perform(_ said: AnswerAdmission, by sender: Address) throws(Rule) {
        var changed: [(place: TaskPlace, task: AdmissionTask)] = []
        for answer in said.answers {
            guard var task: AdmissionTask = state.load(StateKey.admissionTask(answer.task)), task.provider == sender,
                task.state == .open
            else { throw .notIssuedAgain }
            guard isHidden(task) else { throw .admissionOver }
            (task.state, task.digest) = (.answered, answer.digest)
            changed.append((answer.task, task))
        }
        for (place, task) in changed {
            state.store(task, at: StateKey.admissionTask(place))
            state.remove(StateKey.admissionOpen(sender, place))
        }
        guard var record: AdmissionRecord = state.load(StateKey.admission(sender)) else { return }
        record.answered += UInt64(changed.count)
        state.store(record, at: StateKey.admission(sender))
    }

    /// Nobody may reveal a verdict on it yet.
    private func isHidden(_ task: AdmissionTask) -> Bool {
        task.epoch == view.epoch.number || (task.epoch + 1 == view.epoch.number && calendar.phase < .reveal)
    }

    // MARK: Audits

    /// The answer that a verdict on the task judges too. An auditor says nothing about its own operator.
    func admissionAnswer(_ place: TaskPlace, judgedWith epoch: UInt64, by auditor: Address) -> AdmissionTask? {
        guard let task: AdmissionTask = state.load(StateKey.admissionTask(place)), task.epoch == epoch,
            task.digest != nil, task.provider != auditor
        else { return nil }
        return task
    }

    /// True where the auditor found another digest.
    mutating func judge(_ answer: AdmissionTask, _ found: Digest?, _ place: TaskPlace) -> Bool {
        guard answer.digest == found else { return true }
        setAnswer(.right, place)
        return false
    }

    private mutating func setAnswer(_ judged: AdmissionState, _ place: TaskPlace) {
        let key = StateKey.admissionTask(place)
        guard var task: AdmissionTask = state.load(key), task.digest != nil else { return }
        task.state = judged
        state.store(task, at: key)
    }

    // MARK: Disputes

    func disputedAnswer(_ place: TaskPlace, epoch: UInt64) -> DisputedAnswer? {
        guard let task: AdmissionTask = state.load(StateKey.admissionTask(place)), task.epoch == epoch,
            let digest = task.digest
        else { return nil }
        return DisputedAnswer(provider: task.provider, salt: task.salt(place), digest: digest)
    }

    func isAnswerWrong(_ truth: DisputeSide, on disputed: DisputedTask) -> Bool {
        guard let said = disputed.dispute.answer, let right = disputed.answer(by: truth) else { return false }
        return said.digest != right
    }

    /// The vote decides about the answer too; a wrong one costs what a wrong result costs. The requester has his right
    /// result from somebody else, so nothing goes to him.
    mutating func judgeAnswer(
        _ truth: DisputeSide, on disputed: DisputedTask, _ reporter: Address?,
        paying voters: (accounts: [Address], stakes: [Amount])
    ) {
        guard let answer = disputed.dispute.answer else { return }
        guard isAnswerWrong(truth, on: disputed) else { return setAnswer(.right, disputed.place) }
        setAnswer(.wrong, disputed.place)
        punishProvider(
            ProvenFraud(
                evidence: disputed.id, provider: answer.provider, computeUnits: disputed.task.computeUnits,
                job: disputed.job, due: wrongResultSlash(of: answer.provider, disputed.job),
                voters: voters.accounts, stakes: voters.stakes, reporter: reporter, isInjuring: false))
    }

    /// Nothing that stands, or an engine that may be at fault: nobody is to blame, and another task is drawn.
    mutating func voidAnswer(_ disputed: DisputedTask) {
        if disputed.dispute.answer != nil { setAnswer(.void, disputed.place) }
    }

    // MARK: The end of an epoch

    /// Counts what was judged in this epoch, and admits who has answered enough.
    mutating func closeAdmissions() {
        var silent: [Address: Bool] = [:]
        for (id, task) in state.scan(.admissionTask, as: AdmissionTask.self) where task.epoch < view.epoch.number {
            let place = TaskPlace(keySuffix: id)
            if state.bytes(StateKey.dispute(place)) != nil { continue }
            state.remove(StateKey.admissionTask(place))
            state.remove(StateKey.admissionOpen(task.provider, place))
            count(task)
            silent[task.provider] = (silent[task.provider] ?? true) && task.state == .open
        }
        for provider in silent.keys.sorted() where silent[provider] == true { pause(provider) }
        let rules = view.parameters.rewards.audit
        for (id, record) in state.scan(.admission, as: AdmissionRecord.self) {
            let asked = record.isListed ? rules.admissionTasksListed : rules.admissionTasks
            if record.right >= min(record.needed, asked) { state.remove([StateTag.admission.rawValue] + id) }
        }
    }

    /// A wrong answer begins everything anew.
    private mutating func count(_ task: AdmissionTask) {
        let key = StateKey.admission(task.provider)
        guard var record: AdmissionRecord = state.load(key) else { return }
        record.open -= 1
        switch task.state {
        case .right: record.right += 1
        case .wrong: (record.right, record.wrong) = (0, record.wrong + 1)
        case .open, .answered, .void: break
        }
        state.store(record, at: key)
    }

    /// Who answered nothing is asked again once it answers a challenge: audits of such tasks are not free.
    private mutating func pause(_ provider: Address) {
        guard var work: WorkRecord = state.load(StateKey.work(provider)) else { return }
        work.isPaused = true
        state.store(work, at: StateKey.work(provider))
    }
}

extension WorkRecord {
    /// Class D, in which answers can be known.
    var offersKnownEngine: Bool {
        offers.contains { $0.resource == ResourceClass.cpu.rawValue && $0.engineID == EngineIdentity.id }
    }
}
