// What the interface asks of the market as a whole: providers, floor prices, published bytes and the rows of settled
// tables. Reading only; every answer is bounded by the range that the caller names.
import Chain
import Codec
package import Primitives
import Rewards

/// A bonded provider and what the chain knows of its work.
package struct ProviderEntry: Sendable {
    package let account: Address
    package let bond: Amount
    /// What its bond pays for; each gives it one share of the draw.
    package let slots: UInt64
    /// nil before its first offers.
    package let work: WorkRecord?
    package let reputation: Reputation
    /// nil once it may work for pay.
    package let admission: AdmissionStatus?
}

extension Ledger {
    /// The providers at `range` of all, ascending by account, and how many there are.
    package static func providers<Refusal: Error>(
        _ range: (Int) throws(Refusal) -> Range<Int>, on snapshot: some Snapshot
    ) throws(Refusal) -> (total: Int, page: [ProviderEntry]) {
        let state = WorkingState(snapshot)
        let slotBond = state.require(.ledgerParameters, as: ParameterRecord.self).parameters.rewards.market.slotBond
        let all = state.scan(.provider, as: ProviderRecord.self)
        var page: [ProviderEntry] = []
        for (id, record) in all[try range(all.count)] {
            guard let account = Address(id) else { preconditionFailure("provider key \(Hex.lower(id))") }
            page.append(
                ProviderEntry(
                    account: account, bond: record.bond, slots: record.bond.units / max(1, slotBond.units),
                    work: state.load(StateKey.work(account)), reputation: state.reputation(record.number),
                    admission: admission(of: account, on: snapshot)))
        }
        return (all.count, page)
    }

    /// Base units per compute unit, by resource class.
    package static func floorPrices(on snapshot: some Snapshot) -> (cpu: UInt64, open: UInt64) {
        let markets = WorkingState(snapshot).require(.pools, as: PoolRecord.self).markets
        return (markets[0].floorPrice, markets[1].floorPrice)
    }

    /// Encoded rows of an epoch's table, in its order: those of one account, or those at `range`.
    package static func rows(
        _ table: EpochTable, epoch: UInt64, of account: Address? = nil, at range: Range<Int>,
        on snapshot: some Snapshot
    ) -> [Bytes] {
        TableRows(table, epoch: epoch, of: account, on: snapshot).lazy.dropFirst(range.lowerBound).prefix(range.count)
            .map(\.row)
    }
}
