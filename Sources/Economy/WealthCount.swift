// What each account owns at one height, counted from the records of the state.
import Chain
import Codec
import Ledger
import Primitives
import Rewards

struct WealthCount {
    private let store: MemoryStore
    private var held: [Address: UInt64] = [:]

    init(_ store: MemoryStore) {
        self.store = store
        var owners: [UInt64: Bytes] = [:]
        // Credits at what they were bought for, which flatters whoever has them: they only pay fees.
        for (id, record) in scan(.account, as: Account.self) {
            add(record.balance, to: id)
            add(record.credits, to: id)
            if let number = record.providerNumber { owners[number.value] = id }
        }
        countPurses(owners)
        for (id, record) in scan(.held, as: HeldRecord.self) { add(record.amount, to: id) }
        for (id, record) in scan(.provider, as: ProviderRecord.self) { add(record.bond, to: id) }
        for (id, record) in scan(.validator, as: ValidatorRecord.self) { add(record.held, to: id) }
        for tag in [StateTag.unbonding, .providerUnbonding] {
            for (id, record) in scan(tag, as: UnbondingRecord.self) { add(record.amount, to: Bytes(id.dropFirst(8))) }
        }
        for (_, record) in scan(.job, as: JobRecord.self) {
            add(Amount(record.held.units - record.charges.units), to: record.requester.bytes)
        }
        for (_, record) in scan(.dispute, as: DisputeRecord.self) where record.claimed != nil {
            add(record.deposit, to: record.reporter.bytes)
        }
    }

    /// What lies in purses and what vests. `owners`: accounts by the number of the provider.
    private mutating func countPurses(_ owners: [UInt64: Bytes]) {
        func owner(_ id: Bytes, _ seat: Int) -> Bytes {
            guard let page = UInt64(bigEndian: id.prefix(8)),
                let owner = owners[page * UInt64(ProviderPages.seats) + UInt64(seat)]
            else { preconditionFailure("a purse of nobody: \(Hex.lower(id)), \(seat)") }
            return owner
        }
        for (id, page) in scan(.purses, as: ProviderPage<Purse>.self) {
            for (seat, purse) in page.written {
                add(purse.balance, to: owner(id, seat))
                add(purse.credits, to: owner(id, seat))
            }
        }
        for (id, page) in scan(.grants, as: ProviderPage<Grant>.self) {
            for (seat, grant) in page.written {
                add(Amount(grant.granted.units - grant.paid.units), to: owner(id, seat))
            }
        }
    }

    func wealth(of address: Address) -> UInt64 { held[address] ?? 0 }
    func tasks() -> [(place: TaskPlace, record: TaskRecord)] {
        let epoch = (WorkingState(store).load(StateKey.singleton(.epoch)) as EpochRecord?)?.number ?? 0
        return scan(.task, as: TaskRecord.self).map { (TaskPlace(keySuffix: $0), $1.seen(in: epoch)) }
    }

    func panels() -> [(place: TaskPlace, record: PanelRecord)] {
        scan(.panel, as: PanelRecord.self).map { (TaskPlace(keySuffix: $0), $1) }
    }

    func job(_ id: Digest) -> JobRecord {
        guard let job: JobRecord = WorkingState(store).load(StateKey.job(id)) else {
            preconditionFailure("no job \(id)")
        }
        return job
    }

    /// All rows of these accounts in the slash tables.
    func slashes(of accounts: Set<Address>, epochs: UInt64) -> UInt64 {
        (0..<epochs).reduce(UInt64(0)) { sum, epoch in
            var total = sum
            for entry in TableRows(.slashes, epoch: epoch, on: store) where accounts.contains(entry.account) {
                guard let row = SlashRow.decoded(entry.row) else {
                    preconditionFailure("a slash row of epoch \(epoch)")
                }
                total += row.amount.units
            }
            return total
        }
    }

    private mutating func add(_ amount: Amount, to id: Bytes) {
        guard let address = Address(id) else { preconditionFailure("an address of \(id.count) bytes") }
        held[address, default: 0] += amount.units
    }

    private func scan<Record: Message>(_ tag: StateTag, as type: Record.Type) -> [(id: Bytes, record: Record)] {
        var found: [(Bytes, Record)] = []
        let state = WorkingState(store)
        var next = store.first(.state, from: [tag.rawValue])
        while let entry = next, entry.key.first == tag.rawValue {
            if let record: Record = state.load(entry.key) { found.append((Bytes(entry.key.dropFirst()), record)) }
            next = store.first(.state, from: entry.key + [0])
        }
        return found
    }
}
