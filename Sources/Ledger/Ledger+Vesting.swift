// When subsidies unlock, told from the state alone: the grant, what was paid of it, and every date to come.
package import Primitives
import Rewards

/// One grant of an account.
package struct VestingGrant: Hashable, Sendable {
    /// The epoch whose settlement granted it.
    package let epoch: UInt64
    package let granted: Amount
    /// Unlocked so far, or lost to a slash.
    package let paid: Amount
    private let days: UInt64
    private let epochsPerDay: UInt64

    init(epoch: UInt64, _ record: VestingRecord, _ parameters: Parameters) {
        (self.epoch, granted, paid) = (epoch, record.granted, record.paid)
        (days, epochsPerDay) = (max(1, parameters.usage.vestingDays), max(1, parameters.calendar.epochsPerDay))
    }

    /// Of the whole grant, what is unlocked with the last block of `epoch`.
    package func unlocked(endOf epoch: UInt64) -> Amount {
        let elapsed = (epoch - min(epoch, self.epoch)) / epochsPerDay
        do throws(ArithmeticError) {
            return try Rewards.Rule.unlocked(granted, elapsed: elapsed, period: days)
        } catch {
            preconditionFailure("vesting of \(granted): \(error)")
        }
    }

    /// Every part that is still to come, by the epoch whose last block pays it. A grant that a slash cut pays later
    /// parts only as far as they exceed what was taken.
    package var releases: [(epoch: UInt64, amount: Amount)] {
        var (found, before): ([(epoch: UInt64, amount: Amount)], Amount) = ([], paid)
        for day in 1...days {
            let (length, isFar) = day.multipliedReportingOverflow(by: epochsPerDay)
            let (end, overflow) = epoch.addingReportingOverflow(length)
            if isFar || overflow { break }
            let total = unlocked(endOf: end)
            if total <= before { continue }
            found.append((end, total.debited(before)))
            before = total
        }
        return found
    }
}

extension Ledger {
    /// What vests for an account, by the epoch of the grant.
    package static func vesting(of account: Address, on snapshot: some Snapshot) -> [VestingGrant] {
        let state = WorkingState(snapshot)
        let parameters = state.require(.ledgerParameters, as: ParameterRecord.self).parameters.rewards
        return state.scan(prefix: StateKey.grants(to: account), as: VestingRecord.self).map { id, record in
            guard let epoch = UInt64(bigEndian: id) else { preconditionFailure("vesting key \(Hex.lower(id))") }
            return VestingGrant(epoch: epoch, record, parameters)
        }
    }
}
