// Honest and other providers for market tests: what they have, and what they say of it. Task `index` uses
// (index + 1) million fuel, so re-execution would agree.
import Chain
import Cryptography
import Ledger
import Primitives
import ProgramRules

extension MarketChain {
    /// What the provider has now, by job, ascending.
    func open(_ provider: UInt8) -> [(job: Digest, indexes: [UInt32])] {
        var jobs: [(job: Digest, indexes: [UInt32])] = []
        for (place, _) in Ledger.assignments(of: Self.address(provider), limit: 10_000, on: chain.store) {
            if jobs.last?.job == place.job {
                jobs[jobs.count - 1].indexes.append(place.index)
            } else {
                jobs.append((place.job, [place.index]))
            }
        }
        return jobs
    }

    static func result(_ index: UInt32) -> TaskResult {
        TaskResult(
            output: Hash.sha256(index.bigEndianBytes), finalState: Hash.sha256(Bytes("memory".utf8)),
            fuel: UInt64(index + 1) * 1_000_000, peakPages: 1, outputBytes: 4)
    }

    /// Memory 4, bytes 1, fixed 10, and a unit for each million fuel.
    static func computeUnits(_ index: UInt32) -> UInt64 { 15 + UInt64(index + 1) }

    /// `abstains` says of which tasks there is no result.
    func attest(
        _ provider: UInt8, _ job: Digest, _ indexes: [UInt32], abstains: Set<UInt32> = []
    ) -> Item {
        let receipts = indexes.map { Receipt(taskIndex: $0, result: abstains.contains($0) ? nil : Self.result($0)) }
        let total = indexes.filter { !abstains.contains($0) }.reduce(0) { $0 + Self.computeUnits($1) }
        return .attestation(
            Attestation.signing(
                job: job, epoch: chain.view.epoch.number, work: (total, receipts),
                key: TestKeys(provider).account, chainID: TestChain.chainID))
    }

    /// One attestation for each job, over everything that the provider has.
    func attestAll(_ provider: UInt8) -> [Item] { open(provider).map { attest(provider, $0.job, $0.indexes) } }

    mutating func deliverAll(_ providers: [UInt8]) throws {
        let items = providers.flatMap { attestAll($0) }
        try chain.advance((items.isEmpty ? [] : [(0, items)]) + answers())
    }

    mutating func finishEpochs(_ count: UInt64) throws {
        let end = chain.view.epoch.number + count
        while chain.view.epoch.number < end { try chain.advance(answers(), seconds: 5) }
    }
}
