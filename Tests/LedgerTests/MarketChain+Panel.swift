// Providers on panels: each has an opinion, which is a number, of every task.
import Chain
import Cryptography
import Primitives
import Rewards

@testable import Ledger

extension MarketChain {
    static func opinion(_ number: UInt8, fuel: UInt64 = 1_000_000) -> TaskResult {
        TaskResult(
            output: Hash.sha256([number]), finalState: .zero, fuel: fuel, peakPages: 0, outputBytes: 4)
    }

    static func sealed(_ index: UInt32, _ result: TaskResult) -> SealedResult {
        SealedResult(taskIndex: index, nonce: Hash.sha256(index.bigEndianBytes), result: result)
    }

    func panel(_ number: Int, _ index: UInt32) -> PanelRecord? {
        WorkingState(chain.store).load(StateKey.panel(TaskPlace(job: jobs[number], index: index)))
    }

    func held(_ provider: UInt8) -> Amount {
        let record: HeldRecord? = WorkingState(chain.store).load(StateKey.held(Self.address(provider)))
        return record?.amount ?? .zero
    }

    /// What `provider` says now of all its seats; nil is silence.
    mutating func panelItems(of provider: UInt8, _ opinion: (TaskPlace) -> UInt8?) -> [Item] {
        let state = WorkingState(chain.store)
        let seats = state.scan(
            prefix: StateKey.seats(of: Self.address(provider)), as: AssignmentRecord.self)
        var (seals, results): ([Digest: [TaskSeal]], [Digest: [SealedResult]]) = ([:], [:])
        for (id, _) in seats {
            let place = TaskPlace(keySuffix: id)
            guard let number = opinion(place),
                let record: PanelRecord = state.load(StateKey.panel(place)),
                let seat = record.seat(of: Self.address(provider))
            else { continue }
            let said = Self.sealed(place.index, Self.opinion(number))
            if record.phase == .sealing, record.seats[seat].seal == nil {
                let seal = said.seal(job: place.job, provider: Self.address(provider))
                seals[place.job, default: []].append(TaskSeal(taskIndex: place.index, seal: seal))
            }
            if record.phase == .revealing, record.seats[seat].result == nil {
                results[place.job, default: []].append(said)
            }
        }
        var items: [Item] = []
        for job in seals.keys.sorted() {
            items.append(send(provider, .sealResults(SealResults(job: job, seals: seals[job] ?? []))))
        }
        for job in results.keys.sorted() {
            items.append(
                send(provider, .revealResults(RevealResults(job: job, results: results[job] ?? []))))
        }
        return items
    }

    /// Blocks in which everybody says what he has to; the items all count.
    mutating func speak(_ blocks: Int, _ opinions: [UInt8: UInt8]) throws -> [UInt32] {
        var codes: [UInt32] = []
        for _ in 0..<blocks {
            let items = opinions.keys.sorted().flatMap { provider in
                panelItems(of: provider) { _ in opinions[provider] }
            }
            codes += try chain.advance((items.isEmpty ? [] : [(0, items)]) + answers()).dropFirst()
                .prefix(items.count).map(\.code)
        }
        return codes
    }
}
