// One chain with everybody who takes part, block after block. A function of cast, terms and seed: the same give the
// same blocks. Invariant: every change of anybody's money is the ledger's; only compute is paid for outside of it.
import Auditor
import Chain
import Codec
import Cryptography
package import Ledger
package import Primitives
import Quorum
package import Rewards

/// Under which rules and costs a world runs, and for how long.
package struct Terms: Hashable, Sendable {
    package var parameters: LedgerParameters
    /// Base units that executing one compute unit costs.
    package var costPerUnit: UInt64
    package var epochs: UInt64
    /// How many times the tasks of a cast's own requesters others ask for.
    package var demand: UInt32

    package init(
        parameters: Rewards.Parameters = Terms.standard, costPerUnit: UInt64, epochs: UInt64, demand: UInt32 = 1
    ) {
        self.parameters = LedgerParameters(rewards: parameters)
        (self.costPerUnit, self.epochs, self.demand) = (costPerUnit, epochs, demand)
    }

    /// So much work that an attacker meets hundreds of audits, for hardly more time: blocks are what takes it.
    package static let busy: UInt32 = 6

    /// The design's defaults, with the fewest blocks in which an honest auditor can do its duty: epochs are days, and
    /// a day has twelve blocks, and three challenges. The desk says nothing in the first block of a window, and who
    /// proves what others missed takes turns of two blocks.
    package static let standard: Rewards.Parameters = {
        var value = Rewards.Parameters.standard
        value.calendar.epochBlocksMin = blocksPerEpoch
        value.calendar.commit.blocks = 2
        value.calendar.recheck.blocks = 2
        value.calendar.reveal.blocks = 3
        value.calendar.open.blocks = 1
        value.calendar.vote.blocks = 1
        value.usage.challengesPerEpoch = 3
        // Who takes part is known; a stranger's first days are no strategy.
        value.audit.admissionTasks = 0
        return value
    }()

    package static let blocksPerEpoch: UInt64 = 12
    package static let secondsPerBlock: Int64 = 86_400 / 12
}

/// What a run came to, in base units.
package struct Books: Hashable, Sendable {
    /// Money, bonds and what vests at the end, less the same at the start and what compute cost.
    package var subject: Int64 = 0
    package var others: Int64 = 0
    package var tasksSettled: UInt64 = 0
    /// Those of which a drawn auditor revealed a verdict.
    package var tasksAudited: UInt64 = 0
    /// Results that were made up, by whomever, and those of them that were paid.
    package var madeUp: UInt64 = 0
    package var madeUpPaid: UInt64 = 0
    package var blocks: UInt64 = 0
    /// What others who only do what is honest lost to slashes; base units.
    package var honestSlashed: UInt64 = 0
    /// Over the last app hash and both sums.
    package var digest = Digest.zero
}

package struct World: Sendable {
    package private(set) var chain: LocalChain
    private let terms: Terms
    private var table = OutcomeTable()
    private var validators: [ValidatorAgent] = []
    private var providers: [ProviderAgent] = []
    private var requesters: [RequesterAgent] = []
    private let subject: Set<Address>
    private let providersOfSubject: [Address]
    /// Accounts of others whose plan is the honest one, and that offer no bribed cover.
    private let honest: Set<Address>
    private let quietEpochs: UInt64
    private let bribed: Address?
    /// Refused items of the ledger's rules, by code.
    package private(set) var refused: [UInt32: UInt64] = [:]

    package init(_ cast: Cast, _ terms: Terms, seed: UInt64) {
        self.terms = terms
        validators = cast.validators.enumerated().map { ValidatorAgent($1, Keyring(UInt32($0), seed: seed)) }
        providers = cast.providers.enumerated().map { ProviderAgent($1, Keyring(1_000 + UInt32($0), seed: seed)) }
        requesters = cast.requesters.enumerated().map { number, role in
            let account = role.provider.map { 1_000 + UInt32($0) } ?? 2_000 + UInt32(number)
            var role = role
            if role.owner == .others { role.plan.tasksPerJob *= terms.demand }
            return RequesterAgent(role, Keyring(account, seed: seed))
        }
        let members = validators.map { agent in
            GenesisValidator(
                operatorAddress: agent.address, keys: agent.keys.validator, stake: agent.role.stake,
                name: Bytes("validator".utf8))
        }
        let purses = requesters
        let accounts =
            validators.map { GenesisAccount(address: $0.address, balance: Amount(Self.pocketMoney)) }
            + providers.map { provider in
                let shared = purses.filter { $0.address == provider.address }.map(\.role.balance.units)
                let units = provider.role.bond.units + Self.pocketMoney + shared.reduce(0, +)
                return GenesisAccount(address: provider.address, balance: Amount(units))
            }
            + requesters.filter { $0.role.provider == nil }.map {
                GenesisAccount(address: $0.address, balance: $0.role.balance)
            }
        var consensus = ConsensusParameters()
        consensus.evidenceAgeSeconds = 86_400
        guard let start = Timestamp(seconds: 1_767_225_600, nanoseconds: 0) else { preconditionFailure("a year") }
        let genesis = Genesis(
            chain: (LocalChain.id, start, Self.reserve), consensus: consensus, accounts: accounts,
            bonded: (members, []), settings: LedgerParameters(rewards: Terms.standard).differences)
        chain = LocalChain(genesis, terms.parameters, keys: validators.map(\.keys))
        let parties =
            validators.map { ($0.role.owner, $0.address) } + providers.map { ($0.role.owner, $0.address) }
            + requesters.map { ($0.role.owner, $0.address) }
        subject = Set(parties.filter { $0.0 == .subject }.map(\.1))
        let upright =
            validators.filter { $0.role.owner == .others && $0.role.plan == AuditorPlan() }.map(\.address)
            + providers.filter { $0.role.owner == .others && $0.role.plan == ProviderPlan() }.map(\.address)
        honest = Set(upright)
        providersOfSubject = providers.filter { $0.role.owner == .subject }.map(\.address)
        quietEpochs = cast.quietEpochs
        bribed = validators.first { $0.role.owner == .others && $0.role.plan.cover != .none }?.address
    }

    /// For the fees of a few transactions.
    static let pocketMoney = Amount.unitsPerToken
    /// R0.
    static let reserve = Amount(1_000_000 * Amount.unitsPerToken)

    // MARK: Running

    /// All epochs; what the parties gained.
    package mutating func run() -> Books {
        let before = wealth()
        while chain.view.epoch.number < terms.epochs { step() }
        let after = wealth()
        var books = Books()
        books.subject = after.subject - before.subject - costs(.subject)
        books.others = after.others - before.others - costs(.others)
        books.honestSlashed = WealthCount(chain.store).slashes(of: honest, epochs: terms.epochs)
        books.blocks = chain.view.tip.height.value
        countTasks(into: &books)
        books.digest = Hash.sha256([
            chain.view.appHash.bytes, UInt64(bitPattern: books.subject).bigEndianBytes,
            UInt64(bitPattern: books.others).bigEndianBytes,
        ])
        return books
    }

    package mutating func step() {
        let items = said()
        let proposer = chain.proposer(round: 0)
        let plan = validators.first { $0.address == proposer }?.role.plan ?? AuditorPlan()
        let friends = subject
        let round = plan.withholdsBelowShare.map { withholds(items, share: $0) } == true ? 1 : 0
        let results = chain.advance(
            items, seconds: Terms.secondsPerBlock, round: Round(round),
            leavingOut: { plan.omitsPrecommits && round == 0 && !friends.contains($0) })
        for result in results where result.code != 0 { refused[result.code, default: 0] += 1 }
    }

    /// The proposer alone knows the beacon of its block, and by it which tasks its own providers would get.
    private func withholds(_ items: [Item], share: UInt64) -> Bool {
        var trial = chain
        let before = Set(openTasks(chain))
        _ = trial.advance(items, seconds: Terms.secondsPerBlock)
        let given = openTasks(trial).filter { !before.contains($0) }
        let own = given.filter { key in subject.contains { $0.bytes.elementsEqual(key.dropFirst().prefix(20)) } }
        let slots = providers.reduce(UInt64(0)) { $0 + $1.role.bond.units / Prices.slotBond }
        let ownSlots = providers.reduce(UInt64(0)) {
            $0 + ($1.role.owner == .subject ? $1.role.bond.units / Prices.slotBond : 0)
        }
        return UInt64(own.count + Int(share)) * slots < UInt64(given.count) * ownSlots
    }

    /// Keys of assignments: provider, job, index.
    private func openTasks(_ chain: LocalChain) -> [Bytes] {
        var found: [Bytes] = []
        var next = chain.store.first(.state, from: [StateTag.assignment.rawValue])
        while let entry = next, entry.key.first == StateTag.assignment.rawValue {
            found.append(entry.key)
            next = chain.store.first(.state, from: entry.key + [0])
        }
        return found
    }

    /// What everybody says now. A node lets nothing into its batch that would cost its bond.
    private mutating func said() -> [Item] {
        let sight = Sight(
            store: chain.store, view: chain.view, table: table, parties: (subject, providersOfSubject, bribed),
            costPerUnit: terms.costPerUnit, isQuiet: chain.view.epoch.number + quietEpochs >= terms.epochs)
        var items: [Item] = []
        func take(_ act: Act) {
            items += act.items
            for (job, kind) in act.kinds where kind != .deterministic { table.kinds[job] = kind }
        }
        for index in validators.indices { take(validators[index].act(sight)) }
        for index in providers.indices { take(providers[index].act(sight)) }
        for index in requesters.indices { take(requesters[index].act(sight)) }
        return items.filter { item in
            if case .transaction = item { return true }
            let rule = Ledger.admit(item, byteCount: item.encoded.count, on: sight.store, view: sight.view)
            if let rule { refused[rule.rawValue, default: 0] += 1 }
            return rule == nil
        }
    }

    // MARK: Counting

    private func countTasks(into books: inout Books) {
        let count = WealthCount(chain.store)
        func madeUp(_ place: TaskPlace) -> TaskResult {
            let job = count.job(place.job)
            return table.forged(place, limits: job.request.limits, pages: job.pages).result
        }
        for (place, task) in count.tasks() {
            let isPaid = task.state == .settled
            if isPaid { books.tasksSettled += 1 }
            if task.isAudited { books.tasksAudited += 1 }
            guard let result = task.result, result == madeUp(place) else { continue }
            books.madeUp += 1
            if isPaid { books.madeUpPaid += 1 }
        }
        for (place, panel) in count.panels() {
            if panel.result != nil { books.tasksSettled += 1 }
            let forged = madeUp(place)
            let seats = panel.seats.count { $0.result == forged }
            books.madeUp += UInt64(seats)
            if panel.result == forged { books.madeUpPaid += UInt64(seats) }
        }
    }

    private func costs(_ owner: Owner) -> Int64 {
        let spent =
            validators.filter { $0.role.owner == owner }.map(\.cost)
            + providers.filter { $0.role.owner == owner }.map(\.cost)
            + requesters.filter { $0.role.owner == owner }.map(\.cost)
        return Int64(clamping: spent.reduce(0, +))
    }

    /// Everything that is somebody's: balances, bonds, what unbonds or vests, and what is held for own jobs.
    private func wealth() -> (subject: Int64, others: Int64) {
        let count = WealthCount(chain.store)
        let all = Set(validators.map(\.address) + providers.map(\.address) + requesters.map(\.address))
        let mine = all.filter(subject.contains).reduce(UInt64(0)) { $0 + count.wealth(of: $1) }
        let total = all.reduce(UInt64(0)) { $0 + count.wealth(of: $1) }
        return (Int64(clamping: mine), Int64(clamping: total - mine))
    }

    /// The records hold what the totals say.
    package var isConserved: Bool {
        chain.view.supply.isConserved
            && Ledger.sumOfAccounts(chain.store, at: chain.view.tip.height) == chain.view.supply
    }
}
