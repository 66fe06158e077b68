// Newcomers on a chain with auditors: 20 and 21 are listed by genesis and work, the newcomers registered later.
import Chain
import Cryptography
import Ledger
import Primitives
import Rewards

extension AuditChain {
    static func withNewcomers(
        _ newcomers: [UInt8] = [22], needed: UInt64 = 2, stakes: [UInt64] = [], breakerDays: UInt64 = 21
    ) throws -> AuditChain {
        var rewards = Parameters.local
        (rewards.audit.admissionTasks, rewards.slashing.breakerDays) = (needed, breakerDays)
        var chain = try AuditChain(
            settings: LedgerParameters(rewards: rewards).differences, more: [23, 24], stakes: stakes,
            listed: [20, 21])
        try chain.market.run("30 publish -> ok\n20 offer -> ok\n21 offer -> ok")
        for newcomer in newcomers { try chain.market.run("\(newcomer) provide mrt=700 -> ok") }
        return chain
    }

    /// A job that 20 and 21 deliver, and the block after it, which issues receipts again. Its number.
    @discardableResult
    mutating func work(tasks: Int, by requester: UInt8 = 30) throws -> Int {
        try step([market.send(requester, .submitJob(Self.request(tasks: tasks)))])
        try step()
        try deliver([20, 21])
        try step()
        return market.jobs.count - 1
    }

    static func request(tasks: Int) -> SubmitJob {
        MarketChain.request(MarketChain.Options(["tasks=\(tasks)", "fuel=100000000", "cu=116"]))
    }

    func issued(to provider: UInt8) -> [TaskPlace] {
        Ledger.openAdmissionTasks(of: MarketChain.address(provider), limit: 100, on: store)
    }

    func admission(of provider: UInt8) -> AdmissionStatus? {
        Ledger.admission(of: MarketChain.address(provider), on: store)
    }

    func admissionTask(_ place: TaskPlace) -> AdmissionTask? {
        WorkingState(store).load(StateKey.admissionTask(place))
    }

    /// The answer of who executed the tasks and found `memory`.
    mutating func answer(_ provider: UInt8, _ places: [TaskPlace], memory: Bytes = Self.memory) -> Item {
        let answers = places.map { place in
            let salt = admissionTask(place)?.salt(place) ?? .zero
            return AdmissionAnswer(task: place, digest: Hash.sha256([salt.bytes, memory]))
        }
        return market.send(provider, .answerAdmission(AnswerAdmission(answers: answers)))
    }

    /// The validators that their keys drew for a task of an epoch.
    func auditors(of place: TaskPlace, epoch: UInt64, from start: Height = .first) -> [UInt8] {
        (UInt8(0)..<4).filter { auditor in
            Ledger.auditDuties(
                key: Self.key(auditor, epoch), of: Self.address(auditor), from: (epoch, start), limit: 10_000,
                on: store
            ).duties.contains { $0.place == place }
        }
    }
}
