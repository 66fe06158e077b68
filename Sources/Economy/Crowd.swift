// A chain at the beginning of its first epoch with many participants, made in one stroke: the records are those that
// the ledger itself would have written after as many transactions. What it is for: to measure what settling them costs.
// Invariant: held = issued, so every block on top of it is judged as on any other chain.
import Chain
import Codec
import Cryptography
import Ledger
package import Primitives
import Quorum
import Rewards

package struct Crowd: Sendable {
    package let validators: Int
    package let providers: Int
    /// Each of another account, spread evenly over the validators.
    package let delegations: Int
    /// Providers that have delivered one task in the first epoch.
    package let active: Int
    package let keys: [Keyring]

    package init(validators: Int, providers: Int, delegations: Int, active: Int) {
        precondition(validators > 0 && active <= providers, "\(active) of \(providers) providers are active")
        (self.validators, self.providers) = (validators, providers)
        (self.delegations, self.active) = (delegations, active)
        keys = (0..<validators).map { Keyring(UInt32($0), seed: 0) }
    }

    package static let secondsPerBlock = Terms.secondsPerBlock

    private static let stake = Amount(100_000 * Amount.unitsPerToken)
    private static let delegated = Amount(100 * Amount.unitsPerToken)
    private static let pocketMoney = Amount(Amount.unitsPerToken)
    private static let tasksPerJob = 1_000
    private static let limits = TaskLimits(fuel: 1_000_000, outputBytes: 1_024, computeUnits: 100)
    private static let bid: UInt64 = 1_000_000
    private static let computeUnits: UInt64 = 60
    private static let engine = Hash.sha256(Bytes("merit/crowd/engine".utf8))

    private var escrowPerTask: Amount { Amount(Self.limits.computeUnits * Self.bid) }
    private var bondPerProvider: Amount { Self.parameters.rewards.market.slotBond }

    /// Nobody is asked for signs of life any more, which the validators of this chain do not answer for the providers:
    /// all challenges are as old as the chain, and close in the second epoch, beside the tasks.
    static let parameters: LedgerParameters = {
        var value = Terms.standard
        value.usage.challengesPerEpoch = 0
        value.usage.answerBlocks = Terms.blocksPerEpoch
        return LedgerParameters(rewards: value)
    }()

    private static let challenges: UInt64 = 48
    /// Every so many of the providers, one answered all but three of them.
    package static let lateEvery = 16

    private static func uptime(of number: Int) -> UptimeRecord {
        var record = UptimeRecord(since: 0)
        for challenge in 0..<challenges - (number % lateEvery == 0 ? 3 : 0) { record.answer(challenge) }
        return record
    }

    private static func address(_ role: UInt8, _ number: Int) -> Address {
        let digest = Hash.sha256([Bytes("merit/crowd".utf8), [role], UInt64(number).bigEndianBytes])
        guard let address = Address(digest.bytes.prefix(20)) else { preconditionFailure("20 bytes") }
        return address
    }

    // MARK: The state

    /// Everything a store of this chain holds at height 0. Large: some kilobytes for each provider.
    package func beginning() -> WriteBatch {
        let (first, tip) = firstState()
        var known: [Bytes: Bytes] = [:]
        for write in first.writes where write.table == .state { known[write.key] = write.value }
        for record in records(known) { known[record.key] = record.value }
        let changes = known.map { (key: $0.key, value: Optional($0.value)) }
        let (root, tree) = StateTree.update(changes, version: .zero, on: MemoryStore())
        var writes = WriteBatch()
        for write in first.writes where write.table != .state && write.table != .tree {
            writes.put(write.table, key: write.key, value: write.value ?? [])
        }
        for change in changes.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            writes.put(.state, key: change.key, value: change.value ?? [])
        }
        writes.append(tree)
        let moved = Tip(height: .zero, blockID: .empty, time: tip.time, roots: (root, tip.resultsHash))
        writes.put(.meta, key: LedgerView.tipKey, value: moved.encoded)
        return writes
    }

    private func firstState() -> (writes: WriteBatch, tip: Tip) {
        let members = keys.map {
            GenesisValidator(
                operatorAddress: $0.account.address, keys: $0.validator, stake: Self.stake,
                name: Bytes("validator".utf8))
        }
        guard let start = Timestamp(seconds: 1_767_225_600, nanoseconds: 0) else { preconditionFailure("a year") }
        let genesis = Genesis(
            chain: (LocalChain.id, start, World.reserve), consensus: ConsensusParameters(),
            accounts: [GenesisAccount(address: Self.bank, balance: brought)], bonded: (members, []), settings: [])
        do throws(GenesisError) {
            let transition = try Ledger.genesis(genesis, under: Self.parameters)
            return (transition.writes, transition.next.tip)
        } catch {
            preconditionFailure("the genesis of a crowd: \(error)")
        }
    }

    /// Has all that the crowd brings along, until the crowd has it.
    private static let bank = address(0, 0)

    /// Pocket money of everybody, bonds, delegations, and what is held for the tasks.
    private var brought: Amount {
        let people = UInt64(providers + delegations + 1)
        let units =
            people * Self.pocketMoney.units + UInt64(providers) * bondPerProvider.units
            + UInt64(delegations) * Self.delegated.units + UInt64(active) * escrowPerTask.units
        return Amount(units)
    }

    private func records(_ known: [Bytes: Bytes]) -> [(key: Bytes, value: Bytes)] {
        var records = providerRecords() + reputations() + taskRecords() + stakeRecords(known)
        records.append((StateKey.account(Self.bank), Account(balance: Self.pocketMoney).encoded))
        let supplyKey = StateKey.singleton(.supply)
        guard var supply = known[supplyKey].flatMap({ Supply.decoded($0) }) else { preconditionFailure("no supply") }
        supply.escrow = Amount(UInt64(active) * escrowPerTask.units)
        supply.balances = Amount(UInt64(providers + delegations + 1) * Self.pocketMoney.units)
        let bonded = UInt64(providers) * bondPerProvider.units + UInt64(delegations) * Self.delegated.units
        supply.bonds = Amount(supply.bonds.units + bonded)
        precondition(supply.isConserved, "the crowd's money does not add up: \(supply)")
        records.append((supplyKey, supply.encoded))
        if providers > 0 {
            records.append((StateKey.singleton(.providers), ProviderCount(given: UInt64(providers)).encoded))
        }
        var open = ChallengeRecord()
        for _ in 0..<Self.challenges { open.issue(at: .first, beacon: .zero) }
        records.append((StateKey.singleton(.challenges), open.encoded))
        // Audits are another cost, and another's: here nobody's key counts yet.
        let set = EpochSet(
            epoch: 0,
            members: keys.map(\.account.address).sorted().map {
                EpochSet.Member(operatorAddress: $0, stake: Self.stake, mayAudit: false)
            })
        records.append((StateKey.epochSet(0), set.encoded))
        return records
    }

    private func providerRecords() -> [(key: Bytes, value: Bytes)] {
        let offers = [Offer(resource: ResourceClass.cpu.rawValue, engineID: Self.engine, ask: Self.bid)]
        let work = WorkRecord(offers: offers).encoded
        return (0..<providers).flatMap { number -> [(key: Bytes, value: Bytes)] in
            let provider = Self.address(1, number)
            let record = ProviderRecord(
                ProviderNumber(UInt64(number)), registeredEpoch: 0, bond: bondPerProvider)
            var account = Account(balance: Self.pocketMoney)
            account.providerNumber = ProviderNumber(UInt64(number))
            return [
                (StateKey.account(provider), account.encoded), (StateKey.provider(provider), record.encoded),
                (StateKey.work(provider), work), (StateKey.uptime(provider), Self.uptime(of: number).encoded),
            ]
        }
    }

    /// Everybody was late once, so that every task moves a reputation.
    private func reputations() -> [(key: Bytes, value: Bytes)] {
        stride(from: 0, to: providers, by: ProviderPages.seats).map { start in
            var page = ProviderPage<Reputation>()
            for seat in 0..<min(ProviderPages.seats, providers - start) { page[seat].reliability = Self.reliability }
            return (StateKey.reputations(page: UInt64(start / ProviderPages.seats)), page.encoded)
        }
    }

    private static let reliability: UInt64 = 61_440

    private func taskRecords() -> [(key: Bytes, value: Bytes)] {
        var records: [(key: Bytes, value: Bytes)] = []
        var receipts = [[DueReceipt]](repeating: [], count: Self.blocksOfReceipts)
        let price = JobPrice(
            bid: Self.bid, resource: ResourceClass.cpu.rawValue, engineID: Self.engine)
        for start in stride(from: 0, to: active, by: Self.tasksPerJob) {
            let count = min(Self.tasksPerJob, active - start)
            let request = SubmitJob(
                program: Hash.sha256([1]), input: (Hash.sha256([2]), []), tasks: UInt32(count), limits: Self.limits,
                price: price)
            let id = request.id(sender: Self.bank, sequence: UInt64(start))
            var job = JobRecord(
                request, by: Self.bank, at: .first, input: (64, nil), pages: 1, held: (escrowPerTask, .zero))
            (job.next, job.done) = (UInt32(count), UInt32(count))
            records.append((StateKey.job(id), job.encoded))
            for index in 0..<count {
                let place = TaskPlace(job: id, index: UInt32(index))
                var task = TaskRecord(provider: Self.address(1, start + index), assigned: .first, budget: 3)
                task.state = .delivered
                (task.computeUnits, task.auditRate) = (Self.computeUnits, 250_000)
                task.result = TaskResult(
                    output: id, finalState: id, fuel: 1_000_000, peakPages: 1, outputBytes: 64)
                (task.settlesIn, task.delivered) = (1, Self.delivery(of: index))
                records.append((StateKey.task(place), task.encoded))
                receipts[index % Self.blocksOfReceipts].append(
                    DueReceipt(
                        provider: task.provider, place: place,
                        work: (
                            task.computeUnits,
                            Pace(used: UInt64(index % Self.blocksOfReceipts), budget: task.budget)
                        ), auditRate: task.auditRate))
            }
        }
        return records + due(receipts)
    }

    private static let blocksOfReceipts = 4

    private static func delivery(of index: Int) -> Height { .first.advanced(by: UInt64(index % blocksOfReceipts)) }

    /// By the block that included them.
    private func due(_ receipts: [[DueReceipt]]) -> [(key: Bytes, value: Bytes)] {
        receipts.enumerated().flatMap { block, all in
            DueReceipts.parts(of: all).enumerated().map { part, receipts in
                (StateKey.due(0, Self.delivery(of: block), part: UInt32(part)), receipts.encoded)
            }
        }
    }

    private func stakeRecords(_ known: [Bytes: Bytes]) -> [(key: Bytes, value: Bytes)] {
        var records: [(key: Bytes, value: Bytes)] = []
        let account = Account(balance: Self.pocketMoney).encoded
        for (number, key) in keys.map(\.account.address).enumerated() {
            let place = StateKey.validator(key)
            guard var validator = known[place].flatMap({ ValidatorRecord.decoded($0) }) else {
                preconditionFailure("no validator \(key)")
            }
            for index in stride(from: number, to: delegations, by: validators) {
                var delegation = DelegationRecord()
                do throws(DelegationError) {
                    _ = try validator.delegations.join(Self.delegated, &delegation.position)
                } catch {
                    preconditionFailure("delegation \(index): \(error)")
                }
                let delegator = Self.address(2, index)
                records.append((StateKey.delegation(to: key, by: delegator), delegation.encoded))
                records.append((StateKey.account(delegator), account))
            }
            records.append((place, validator.encoded))
        }
        return records
    }
}
