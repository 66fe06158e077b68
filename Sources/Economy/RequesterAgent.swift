// A requester: publishes its program, asks for tasks in every epoch, and may open disputes.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import ProgramRules
import Rewards

struct RequesterAgent {
    let role: RequesterRole
    let keys: Keyring
    /// Spent on compute so far.
    private(set) var cost: UInt64 = 0
    /// Of its program; the next one where that is quarantined.
    private var variant: UInt8

    init(_ role: RequesterRole, _ keys: Keyring) {
        (self.role, self.keys) = (role, keys)
        variant = role.plan.kind == .deterministic ? 0 : 1
    }

    var address: Address { keys.account.address }

    mutating func act(_ sight: Sight) -> Act {
        var act = Act()
        var sequence = sight.account(address).nextSequence
        func add(_ action: Action) {
            act.items.append(keys.item(action, sequence: sequence))
            sequence += 1
        }
        for request in disputes(sight) { add(.openDispute(request)) }
        let plan = role.plan
        // The account of a provider registers it first.
        guard plan.jobsPerEpoch > 0, !sight.isQuiet, role.provider == nil || sequence > 0 else { return act }
        if plan.isReferred, let referrer = sight.parties.providers.first, sight.requester(address) == nil {
            add(.registerRequester(RegisterRequester(referrer: referrer)))
        }
        let program = Hash.sha256(Self.program(variant))
        let kind: BlobKind = plan.replicas == 0 ? .program : .input
        guard let known = sight.blob(kind, program) else {
            add(.publish(Publish(kind: kind, bytes: Self.program(variant))))
            return act
        }
        if known.isQuarantined {
            variant += 1
            return act
        }
        let requests = (0..<plan.jobsPerEpoch).filter { $0 * 4 / plan.jobsPerEpoch == sight.offset }
            .map { _ in request(program) }
        let missing = creditsMissing(for: requests, sight)
        if missing > 0 { add(.buyCredits(BuyCredits(amount: Amount(missing)))) }
        for request in requests {
            act.kinds.append((request.id(sender: address, sequence: sequence), plan.kind))
            add(.submitJob(request))
        }
        return act
    }

    /// What the escrow of these jobs takes above the credits that the account has.
    private func creditsMissing(for requests: [SubmitJob], _ sight: Sight) -> UInt64 {
        guard role.plan.paysCredits else { return 0 }
        let needed = requests.reduce(UInt64(0)) { $0 + $1.limits.computeUnits * $1.bid * UInt64($1.tasks) }
        let credits = sight.account(address).credits.units
        return needed - min(needed, credits)
    }

    private func request(_ program: Digest) -> SubmitJob {
        let plan = role.plan
        let units = ComputeUnits.of(
            fuel: plan.fuel, peakPages: 1, inputBytes: UInt32(Self.input.count), outputBytes: OutcomeTable.outputBytes)
        return SubmitJob(
            program: program, input: (nil, Self.input), tasks: plan.tasksPerJob,
            limits: TaskLimits(fuel: plan.fuel, outputBytes: OutcomeTable.outputBytes, computeUnits: units),
            price: JobPrice(
                bid: plan.bid, resource: (plan.replicas == 0 ? ResourceClass.cpu : .open).rawValue,
                engineID: EngineIdentity.id, assurance: plan.assurance, paysCredits: plan.paysCredits,
                replicas: plan.replicas))
    }

    private mutating func disputes(_ sight: Sight) -> [OpenDispute] {
        let plan = role.plan
        if plan.disputesRight == 0, plan.disputesWrong == 0 { return [] }
        var requests: [OpenDispute] = []
        for place in sight.disputable() where !sight.hasDispute(place) {
            guard let claim = sight.task(place)?.result else { continue }
            let truth = sight.execute(place, machine: address).result
            let (rate, said) =
                claim == truth ? (plan.disputesRight, sight.forged(place).result) : (plan.disputesWrong, truth)
            guard OutcomeTable.draw("dispute", place, address) < rate else { continue }
            if claim != truth { cost += sight.cost(place, truth) }
            requests.append(OpenDispute(task: place, claimed: said, deposit: sight.disputeCost(place)))
        }
        return requests
    }

    static let input = Bytes("work".utf8)

    /// The smallest programs that the scan accepts, one for each variant: one page of memory.
    static func program(_ variant: UInt8) -> Bytes {
        [
            0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00,
            0x01, 0x0D, 0x02, 0x60, 0x01, 0x7F, 0x01, 0x7F, 0x60, 0x03, 0x7F, 0x7F, 0x7F, 0x01, 0x7E,
            0x03, 0x03, 0x02, 0x00, 0x01,
            0x05, 0x04, 0x01, 0x01, 0x01, 0x01,
            0x07, 0x18, 0x03, 0x06, 0x6D, 0x65, 0x6D, 0x6F, 0x72, 0x79, 0x02, 0x00,
            0x05, 0x61, 0x6C, 0x6C, 0x6F, 0x63, 0x00, 0x00, 0x03, 0x72, 0x75, 0x6E, 0x00, 0x01,
            0x0A, 0x0C, 0x02, 0x05, 0x00, 0x41, 0x80 | (variant & 0x7F), 0x08, 0x0B, 0x04, 0x00, 0x42, 0x00, 0x0B,
        ]
    }
}
