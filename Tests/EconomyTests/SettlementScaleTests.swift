// What the last block of an epoch looks at: nobody who does not take part, however many there are. Counted, not timed.
import Chain
import Codec
import Dispatch
import Economy
import Ledger
import Primitives
import Rewards
import Testing

/// A store whose readers' work runs on several threads.
private struct ThreadedSnapshot: Snapshot {
    let base: MemoryStore

    func load(_ table: Table, key: Bytes) -> Bytes? { base.load(table, key: key) }
    func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)? { base.first(table, from: key) }
    func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)? { base.last(table, upTo: key) }
    func forEach(below count: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: count) { body($0) }
        }
    }
}

/// A store that counts what is asked of the state, by tag.
private final class CountingSnapshot: Snapshot {
    let base: MemoryStore
    private(set) var reads: [UInt8: Int] = [:]

    init(_ base: MemoryStore) { self.base = base }

    private func count(_ table: Table, _ key: Bytes) {
        if table == .state, let tag = key.first { reads[tag, default: 0] += 1 }
    }

    func load(_ table: Table, key: Bytes) -> Bytes? {
        count(table, key)
        return base.load(table, key: key)
    }

    func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)? {
        count(table, key)
        return base.first(table, from: key)
    }

    func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)? {
        count(table, key)
        return base.last(table, upTo: key)
    }
}

extension MemoryStore {
    /// Every provider with its number.
    fileprivate var providers: [(account: Address, number: ProviderNumber)] {
        var found: [(Address, ProviderNumber)] = []
        var next = first(.state, from: [StateTag.provider.rawValue])
        while let entry = next, entry.key[0] == StateTag.provider.rawValue {
            guard let account = Address(entry.key.dropFirst()), let record = ProviderRecord.decoded(entry.value) else {
                preconditionFailure("a provider's record")
            }
            found.append((account, record.number))
            next = first(.state, from: entry.key + [0])
        }
        return found
    }
}

@Suite("settlement at scale")
struct SettlementScaleTests {
    private struct Run {
        /// By epoch: what its last block read.
        var reads: [[UInt8: Int]] = []
        var store = MemoryStore()
        var view: LedgerView?
    }

    private static func run(_ crowd: Crowd, epochs: Int) throws -> Run {
        var (run, maker) = (Run(), BlockMaker(crowd.keys))
        run.store.commit(crowd.beginning())
        var view = try #require(LedgerView(run.store))
        while run.reads.count < epochs {
            let made = maker.block([], on: view, seconds: Crowd.secondsPerBlock)
            let counting = CountingSnapshot(run.store)
            let transition = try Ledger.apply(
                made.block, id: made.id, on: counting, view: view, vouched: Vouched(lastCommit: true))
            maker.decide(made, on: view)
            run.store.commit(transition.writes)
            if transition.next.epoch.number > view.epoch.number { run.reads.append(counting.reads) }
            view = transition.next
        }
        run.view = view
        return run
    }

    @Test("it reads no delegation, and no account or grant of whoever takes no part, however many there are")
    func linear() throws {
        let few = try Self.run(Crowd(validators: 4, providers: 12, delegations: 8, active: 3), epochs: 3)
        let many = try Self.run(Crowd(validators: 4, providers: 12, delegations: 400, active: 3), epochs: 3)
        #expect(few.reads == many.reads)
        for reads in many.reads { #expect(reads[StateTag.delegation.rawValue] == nil) }
        // The second epoch pays three subsidies; in the third nobody's grants are looked at.
        #expect(many.reads[1][StateTag.grants.rawValue] ?? 0 > 0)
        #expect(many.reads[2][StateTag.grants.rawValue] == nil)
        #expect(Ledger.sumOfAccounts(many.store, at: try #require(many.view).tip.height) == many.view?.supply)
        #expect(many.view?.supply.vesting ?? .zero > .zero)
    }

    @Test("threads change nothing of what an epoch's last block writes")
    func threads() throws {
        let crowd = Crowd(validators: 4, providers: 700, delegations: 8, active: 600)
        var (store, maker, settled) = (MemoryStore(), BlockMaker(crowd.keys), 0)
        store.commit(crowd.beginning())
        var view = try #require(LedgerView(store))
        while settled < 2 {
            let made = maker.block([], on: view, seconds: Crowd.secondsPerBlock)
            let transition = try Ledger.apply(
                made.block, id: made.id, on: store, view: view, vouched: Vouched(lastCommit: true))
            if transition.next.epoch.number > view.epoch.number {
                settled += 1
                let again = try Ledger.apply(
                    made.block, id: made.id, on: ThreadedSnapshot(base: store), view: view,
                    vouched: Vouched(lastCommit: true))
                #expect(again.writes == transition.writes)
                #expect(again.appHash == transition.appHash)
            }
            maker.decide(made, on: view)
            store.commit(transition.writes)
            view = transition.next
        }
    }

    @Test("a settlement writes a record for each 64 providers that it pays, and into each purse what its rows say")
    func pages() throws {
        let crowd = Crowd(validators: 4, providers: 700, delegations: 8, active: 640)
        let (before, after) = (try Self.run(crowd, epochs: 1), try Self.run(crowd, epochs: 2))
        let (old, new) = (WorkingState(before.store), WorkingState(after.store))
        func changed(_ tag: StateTag) -> Int {
            var count = 0
            var next = after.store.first(.state, from: [tag.rawValue])
            while let entry = next, entry.key[0] == tag.rawValue {
                if before.store.load(.state, key: entry.key) != entry.value { count += 1 }
                next = after.store.first(.state, from: entry.key + [0])
            }
            return count
        }
        #expect([StateTag.purses, .grants, .reputations].map(changed) == [11, 10, 10])
        #expect(changed(.work) == 0 && changed(.provider) == 0)
        // Of the operators and of the requester alone.
        #expect(changed(.account) == 5)
        var (paid, moved) = (0, 0)
        for entry in after.store.providers {
            let rows = try TableRows(.rewards, epoch: 1, of: entry.account, on: after.store).map {
                try RewardRow(decoding: $0.row)
            }
            let sum = rows.reduce(0) { $0 + $1.amount.units }
            let vesting = Ledger.vesting(of: entry.account, on: after.store).reduce(0) { $0 + $1.granted.units }
            let purse = Ledger.spendable(entry.account, on: after.store, try #require(after.view)).balance.units
            let own = Ledger.spendable(entry.account, on: before.store, try #require(before.view)).balance.units
            #expect(purse - own == sum - vesting, "\(entry.account)")
            if sum > 0 { paid += 1 }
            if new.reputation(entry.number) != old.reputation(entry.number) { moved += 1 }
        }
        #expect(paid == 700 && moved == 640)
    }

    @Test("signs of life count beside the tasks, all of them or fewer")
    func uptime() throws {
        let after = try Self.run(Crowd(validators: 4, providers: 32, delegations: 8, active: 32), epochs: 2)
        for entry in after.store.providers {
            let rows = TableRows(.rewards, epoch: 1, of: entry.account, on: after.store)
            let answers = try rows.compactMap { row -> (asked: UInt64, answered: UInt64)? in
                guard let bytes = row.basis, case .standby(let basis) = try RowBasis(decoding: bytes) else {
                    return nil
                }
                return (basis.asked, basis.answered)
            }
            let isLate = entry.number.value % UInt64(Crowd.lateEvery) == 0
            #expect(answers.map(\.asked) == [48] && answers.map(\.answered) == [isLate ? 45 : 48])
        }
    }

    @Test("a provider with nothing to settle costs it nothing but its own records", arguments: [0, 12])
    func idle(active: Int) throws {
        let few = try Self.run(Crowd(validators: 4, providers: 24, delegations: 8, active: active), epochs: 2)
        let more = try Self.run(Crowd(validators: 4, providers: 48, delegations: 8, active: active), epochs: 2)
        let own = Set([StateTag.provider, .work, .uptime, .account, .lock].map(\.rawValue))
        for tag in Set(few.reads[1].keys).union(more.reads[1].keys) {
            let growth = (more.reads[1][tag] ?? 0) - (few.reads[1][tag] ?? 0)
            #expect(own.contains(tag) ? (0...3 * 24).contains(growth) : growth == 0, "tag \(tag): \(growth)")
        }
    }
}
