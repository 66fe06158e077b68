// The people of every world: validators that hold 67 % of the stake, three providers, and requesters whose demand all
// providers share. A strategy adds its own people to them.
package import Primitives

package enum Casts {
    /// Stake of the honest validators, a part each.
    static let honestStake = Amount(67_000 * Amount.unitsPerToken)
    /// What is left of all stake: 33 %.
    package static let thirdStake = Amount(33_000 * Amount.unitsPerToken)
    static let honestValidators = 3

    /// `third`: who holds the last third of the stake.
    package static func honest(third: ValidatorRole = ValidatorRole(.others, stake: thirdStake)) -> Cast {
        var cast = Cast()
        let part = Amount(honestStake.units / UInt64(honestValidators))
        cast.validators = (0..<honestValidators).map { _ in ValidatorRole(.others, stake: part) } + [third]
        cast.providers = (0..<3).map { _ in ProviderRole(.others, slots: 4) }
        cast.requesters = [demand(tasksPerEpoch: 8)]
        return cast
    }

    /// A requester with money for every epoch there is.
    static func demand(tasksPerEpoch: UInt64) -> RequesterRole {
        var plan = RequesterPlan()
        (plan.jobsPerEpoch, plan.tasksPerJob) = (4, UInt32(tasksPerEpoch / 4))
        return RequesterRole(.others, tokens: 1_000_000, plan)
    }
}
