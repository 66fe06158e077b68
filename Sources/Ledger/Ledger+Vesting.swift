// When subsidies unlock, told from the state alone: the grant, what was paid of it, and every date to come.
package import Primitives
import Rewards

/// What one account was granted on one day.
package struct VestingGrant: Hashable, Sendable {
    /// The last epoch of the day whose settlements granted it.
    package let epoch: UInt64
    package let granted: Amount
    /// Joined the balance so far, or lost to a slash.
    package let paid: Amount
    /// Joins the balance with the account's next transaction.
    package private(set) var unlocked = Amount.zero
    private let days: UInt64
    private let epochsPerDay: UInt64

    /// `running`: the epoch in which this is asked.
    init(epoch: UInt64, _ record: Grant, _ parameters: Parameters, running: UInt64) {
        (self.epoch, granted, paid) = (epoch, record.granted, record.paid)
        (days, epochsPerDay) = (max(1, parameters.usage.vestingDays), max(1, parameters.calendar.epochsPerDay))
        let total = total(endOf: running - min(running, 1))
        unlocked = total.debited(min(paid, total))
    }

    /// Of the whole grant, what is unlocked with the last block of `epoch`.
    package func total(endOf epoch: UInt64) -> Amount {
        let elapsed = (epoch - min(epoch, self.epoch)) / epochsPerDay
        do throws(ArithmeticError) {
            return try Rewards.Rule.unlocked(granted, elapsed: elapsed, period: days)
        } catch {
            preconditionFailure("vesting of \(granted): \(error)")
        }
    }

    /// What is still locked.
    package var locked: Amount { granted.debited(paid).debited(unlocked) }

    /// Every part that is still to come, by the epoch whose last block unlocks it. A grant that a slash cut unlocks
    /// later parts only as far as they exceed what was taken.
    package var releases: [(epoch: UInt64, amount: Amount)] {
        var (found, before): ([(epoch: UInt64, amount: Amount)], Amount) = ([], paid.credited(unlocked))
        for day in 1...days {
            let (length, isFar) = day.multipliedReportingOverflow(by: epochsPerDay)
            let (end, overflow) = epoch.addingReportingOverflow(length)
            if isFar || overflow { break }
            let total = total(endOf: end)
            if total <= before { continue }
            found.append((end, total.debited(before)))
            before = total
        }
        return found
    }
}

extension Ledger {
    /// What vests for an account, by day.
    package static func vesting(of account: Address, on snapshot: some Snapshot) -> [VestingGrant] {
        let state = WorkingState(snapshot)
        return state.account(account).providerNumber.map { vesting(of: $0, in: state) } ?? []
    }

    static func vesting(of number: ProviderNumber, in state: WorkingState) -> [VestingGrant] {
        let parameters = state.require(.ledgerParameters, as: ParameterRecord.self).parameters.rewards
        let running = state.require(.epoch, as: EpochRecord.self).number
        return state.grants(of: number).map { VestingGrant(epoch: $0, $1, parameters, running: running) }
    }
}
