// What settling an epoch costs: a crowd's chain in a store on this disk, block after block through the ledger, with the
// clock at the blocks that end an epoch. Beside each of them, in the same run, what the processor and the disk alone
// would need for as many bytes. A measurement: it asserts nothing about time.
import Cryptography
package import Economy
import Foundation
import Ledger
import Primitives
import Quorum
package import Storage

/// One epoch's last block.
package struct SettlementFigures: Sendable {
    package let epoch: UInt64
    /// Settled by it.
    package let tasks: Int
    /// Of the reward table.
    package let rows: Int
    /// Of the state and of the tree.
    package let stateChanges: Int
    package let writes: Int
    package let bytes: Int
    /// Everything but the commit: judgement, tables, roots, tree.
    package let applied: Duration
    /// The state tree alone, once more; it is part of `applied`.
    package let tree: Duration
    /// One durable transaction.
    package let committed: Duration
    /// SHA-256 of every byte that is written, on one core.
    package let bareHash: Duration
    /// The same bytes appended to one file and synced.
    package let bareDisk: Duration

    package var total: Duration { applied + committed }
    package var limit: Duration { bareHash + bareDisk }
}

package enum SettlementRunError: Error, CustomStringConvertible {
    case storage(StorageError)
    /// The sum over all records differs from the supply that the chain keeps.
    case notConserved(String)

    package var description: String {
        switch self {
        case .storage(let error): "\(error)"
        case .notConserved(let detail): "the records do not add up to the supply: \(detail)"
        }
    }
}

package struct SettlementRun: Sendable {
    private let crowd: Crowd
    private let folder: String
    private let progress: @Sendable (String) -> Void

    package init(_ crowd: Crowd, folder: String, progress: @escaping @Sendable (String) -> Void) {
        (self.crowd, self.folder, self.progress) = (crowd, folder, progress)
    }

    /// Writes of one transaction while the state is set up; a settlement is always one transaction.
    private static let partWrites = 100_000

    /// `epochs` settlements, the tasks of the first epoch in the second.
    package func measure(epochs: UInt64) throws(SettlementRunError) -> [SettlementFigures] {
        let store: LedgerStore
        let figures: [SettlementFigures]
        do throws(StorageError) {
            store = try LedgerStore(folder: folder, chainID: LocalChain.id.bytes)
            try fill(store)
            figures = try settle(store, epochs)
        } catch {
            throw .storage(error)
        }
        progress("summing all records")
        try checkSupply(store.snapshot())
        return figures
    }

    private func checkSupply(_ snapshot: StoreSnapshot) throws(SettlementRunError) {
        guard let view = LedgerView(snapshot), let sum = Ledger.sumOfAccounts(snapshot, at: view.tip.height) else {
            throw .notConserved("nothing to sum")
        }
        if sum != view.supply { throw .notConserved("\(sum) is not \(view.supply)") }
    }

    private func fill(_ store: LedgerStore) throws(StorageError) {
        progress("making \(crowd.providers) providers and \(crowd.delegations) delegations")
        let all = crowd.beginning().writes
        progress("writing \(all.count) records")
        for start in stride(from: 0, to: all.count, by: Self.partWrites) {
            var part = WriteBatch()
            for write in all[start..<min(all.count, start + Self.partWrites)] {
                part.put(write.table, key: write.key, value: write.value ?? [])
            }
            try store.commit(part)
        }
    }

    private func settle(_ store: LedgerStore, _ epochs: UInt64) throws(StorageError) -> [SettlementFigures] {
        var maker = BlockMaker(crowd.keys)
        guard var view = LedgerView(store.snapshot()) else { preconditionFailure("a filled store has a tip") }
        var figures: [SettlementFigures] = []
        while UInt64(figures.count) < epochs {
            let made = maker.block([], on: view, seconds: Crowd.secondsPerBlock)
            let start = ContinuousClock.now
            let transition = apply(made, store, view)
            let applied = start.duration(to: .now)
            let isLast = transition.next.epoch.number > view.epoch.number
            let tree = isLast ? treeTime(transition, store, view) : .zero
            let tasks = isLast ? settled(by: view.epoch.number, store) : 0
            let before = ContinuousClock.now
            try store.commit(transition.writes)
            let committed = before.duration(to: .now)
            maker.decide(made, on: view)
            try store.commit(made.record)
            if isLast {
                figures.append(
                    try figure(transition, (view.epoch.number, tasks), (applied, tree, committed), store))
                progress("epoch \(view.epoch.number) settled in \(applied + committed)")
            }
            view = transition.next
        }
        return figures
    }

    private func apply(_ made: MadeBlock, _ store: LedgerStore, _ view: LedgerView) -> Transition {
        do throws(BlockError) {
            return try Ledger.apply(
                made.block, id: made.id, on: store.snapshot(), view: view,
                vouched: Vouched(lastCommit: true, beaconProof: true))
        } catch {
            preconditionFailure("block \(view.height) of a crowd: \(error)")
        }
    }

    private func treeTime(_ transition: Transition, _ store: LedgerStore, _ view: LedgerView) -> Duration {
        let changes = transition.writes.writes.filter { $0.table == .state }.map { (key: $0.key, value: $0.value) }
        let snapshot = store.snapshot()
        let start = ContinuousClock.now
        let again = StateTree.update(changes, version: view.height, on: snapshot)
        let time = start.duration(to: .now)
        precondition(again.root == transition.appHash, "the tree of the same changes has another root")
        return time
    }

    /// Receipts that an epoch's end settles, where nothing is in dispute.
    private func settled(by epoch: UInt64, _ store: LedgerStore) -> Int {
        epoch == 0 ? 0 : Ledger.dueReceipts(of: epoch - 1, on: store.snapshot()).count
    }

    private func figure(
        _ transition: Transition, _ settled: (epoch: UInt64, tasks: Int),
        _ times: (applied: Duration, tree: Duration, committed: Duration),
        _ store: LedgerStore
    ) throws(StorageError) -> SettlementFigures {
        let writes = transition.writes.writes
        let content = writes.map { $0.key + ($0.value ?? []) }
        let bytes = content.reduce(0) { $0 + $1.count }
        let rewards = EpochTable.rewards.prefix(epoch: settled.epoch)
        let rows = writes.count { $0.table == .rows && $0.key.starts(with: rewards) }
        let clock = ContinuousClock()
        let bareHash = clock.measure { for piece in content { _ = Hash.sha256(piece) } }
        return SettlementFigures(
            epoch: settled.epoch, tasks: settled.tasks, rows: rows, stateChanges: writes.count { $0.table == .state },
            writes: writes.count, bytes: bytes, applied: times.applied, tree: times.tree, committed: times.committed,
            bareHash: bareHash, bareDisk: try bareDisk(content))
    }

    private func bareDisk(_ content: [Bytes]) throws(StorageError) -> Duration {
        let path = folder + "/bare"
        let whole = Data(content.joined())
        let start = ContinuousClock.now
        let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        precondition(file >= 0, "\(path) cannot be made")
        let count = whole.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        precondition(count == whole.count && fsync(file) == 0, "\(path) cannot be written")
        close(file)
        let time = start.duration(to: .now)
        unlink(path)
        return time
    }
}
