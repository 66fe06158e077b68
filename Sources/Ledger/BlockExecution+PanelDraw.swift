// Who sits on a panel: all seats of a task are drawn in one block or none, each another operator.
import Chain
import Cryptography
import Primitives
import Rewards

extension BlockExecution {
    /// Begins tasks of a waiting job while whole panels can be drawn.
    mutating func beginPanels(
        of digest: Digest, _ job: inout JobRecord, _ draw: inout ProviderDraw, room: inout Int
    ) {
        let count = Int(job.request.replicas)
        while job.next < job.end && room >= count {
            let place = TaskPlace(job: digest, index: job.next)
            guard let chosen = draw.panel(place, of: job, count: count, kind: .replica, except: []) else {
                return
            }
            let budget = take(chosen, job, &draw)
            let seats = chosen.map { PanelSeat(provider: draw.candidates[$0].account, kind: .replica) }
            let record = PanelRecord(assigned: view.height, budget: budget, seats: seats)
            state.store(record, at: StateKey.panel(place))
            storeSeats(record, place)
            (job.next, room) = (job.next + 1, room - count)
        }
    }

    /// Counts the task as work of the chosen; D, which counts what the busiest of them has already.
    mutating func take(_ chosen: [Int], _ job: JobRecord, _ draw: inout ProviderDraw) -> UInt64 {
        let (fuel, rules) = (job.request.limits.fuel, view.parameters.rewards.market)
        var most: UInt64 = 0
        for index in chosen {
            let candidate = draw.candidates[index]
            let (queued, overflow) = (candidate.openFuel / candidate.slots).addingReportingOverflow(fuel)
            most = max(most, overflow ? .max : queued)
            var record = requireWork(candidate.account)
            record.openTasks += 1
            record.openFuel += fuel
            state.store(record, at: StateKey.work(candidate.account))
            draw.took(index, openTasks: record.openTasks, openFuel: record.openFuel)
        }
        do throws(ArithmeticError) {
            return try Rewards.Rule.blockBudget(
                fuel: most, fuelPerBlock: rules.fuelPerBlock(.open), least: rules.budgetBlocksMin)
        } catch {
            preconditionFailure("the block budget of a panel: \(error)")
        }
    }
}
