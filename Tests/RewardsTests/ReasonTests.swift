// Why somebody earned nothing: one row for each reason that a settlement gives by itself, in the scenario of
// `SettlementTests` with one thing changed.

import Foundation
import Primitives
import Testing

@testable import Rewards

@Suite("Reasons of rows")
struct ReasonTests {
    /// `what is different: account kind -> reason`.
    static let table = """
        nothing: 23 fee -> noTaskSettled
        nothing: 23 standby -> noSlots
        nothing: aa referral -> payingEarnsNothing
        nothing: 11 usage_subsidy -> subsidyCappedAtBurn
        nothing: 22 usage_subsidy -> subsidyByBurn
        nothing: 22 standby -> standbyBySlots
        an empty reserve: 11 usage_subsidy -> bucketEmpty
        an empty reserve: 11 standby -> bucketEmpty
        an empty reserve: 44 proposal -> bucketEmpty
        an empty reserve: 44 precommit -> bucketEmpty
        an empty reserve: 44 staking -> bucketEmpty
        an idle validator: 66 proposal -> noBlockProposed
        an idle validator: 66 precommit -> noPrecommitIncluded
        an idle validator: 66 audit -> dutiesMissed
        a validator without stake: 66 staking -> noStakeAtStart
        a validator of one unit: 66 audit -> belowOneUnit
        a validator of one unit: 66 proposal -> belowOneUnit
        a new key: 66 audit -> auditKeyNotCounting
        no fees: 44 audit -> noAuditFees
        no fees: 22 standby -> nothingBurned
        a fee of one unit: 77 fee -> tasksSettled
        a fee of one unit: 77 usage_subsidy -> nothingBurned
        nobody referred it: bb referral -> noReferrer
        a referral of long ago: bb referral -> referralExpired
        a referral by itself: bb referral -> referrerIsSameOperator
        an undeliverable task: bb referral -> taskUndeliverable
        an absent provider: 22 usage_subsidy -> uptimeTooLow
        """

    private struct Unknown: Error { let words: Substring }

    private static func change(_ scenario: inout SettlementScenario, _ what: Substring) throws {
        let local = scenario.parameters
        var validator = ValidatorTally(account: account(0x66), stake: Amount(1_000_000_000_000))
        (validator.mayAudit, validator.duty) = (true, 10)
        scenario.tally.totalStake = Amount(6_000_000_000_000)
        switch what {
        case "nothing": break
        case "an empty reserve": scenario.pools.reserve = .zero
        case "an idle validator": try scenario.tally.add(validator)
        case "a validator without stake":
            try scenario.tally.add(ValidatorTally(account: account(0x66), stake: .zero))
        case "a validator of one unit":
            var small = ValidatorTally(account: account(0x66), stake: Amount(1))
            (small.mayAudit, small.duty, small.done) = (true, 10, 10)
            (small.blocksProposed, small.includedStake) = (1, 1)
            try scenario.tally.add(small)
        case "a new key":
            validator.mayAudit = false
            try scenario.tally.add(validator)
        case "no fees":
            var idle = ProviderTally(account: account(0x22))
            (idle.slots, idle.challengesAsked, idle.challengesAnswered) = (1, 8, 8)
            try scenario.replaceProviders([idle], payers: [])
        case "a fee of one unit":
            try scenario.tally.add(ProviderTally(account: account(0x77)))
            let task = SettledTask(fee: Amount(1), computeUnits: 1, pace: Pace(used: 1, budget: 3), resource: .cpu)
            try scenario.tally.record(task, by: account(0x77), for: account(0xAA), local)
        case "nobody referred it": try scenario.tally.add(PayerTally(account: account(0xBB), referral: .none))
        case "a referral of long ago": try scenario.tally.add(PayerTally(account: account(0xBB), referral: .expired))
        case "a referral by itself":
            try scenario.tally.add(PayerTally(account: account(0xBB), referral: .sameOperator))
        case "an undeliverable task": scenario.tally.unserved.append(account(0xBB))
        case "an absent provider":
            var providers = scenario.tally.providers
            providers[1].challengesAnswered = 0
            try scenario.replaceProviders(providers, payers: scenario.tally.payers)
        default: throw Unknown(words: what)
        }
    }

    @Test("each thing that leaves somebody without pay has its reason", arguments: table.split(separator: "\n"))
    func rows(line: Substring) throws {
        let sides = line.components(separatedBy: ": ")
        let words = sides[1].split(separator: " ")
        var scenario = try SettlementScenario()
        try Self.change(&scenario, sides[0][...])
        let outcome = try Settlement.settle(scenario.tally, scenario.pools, scenario.parameters)
        let found = try #require(
            outcome.tables.rewards.first { row in
                Hex.lower(row.key.account.bytes.prefix(1)) == words[0] && row.key.kind.label == words[1]
            })
        #expect("\(found.reason)" == words[3] && found.reason.explainsZero == (found.amount == .zero))
    }
}

extension SettlementScenario {
    fileprivate mutating func replaceProviders(_ providers: [ProviderTally], payers: [PayerTally]) throws {
        var other = EpochTally()
        (other.blocks, other.totalStake, other.bondedNow) = (tally.blocks, tally.totalStake, tally.bondedNow)
        other.capacityCPU = tally.capacityCPU
        for provider in providers { try other.add(provider) }
        for payer in payers { try other.add(payer) }
        for validator in tally.validators { try other.add(validator) }
        tally = other
    }
}
