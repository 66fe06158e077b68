// One evaluator per rule name of the vectors: reads the inputs, calls the rule, names the results.

import Primitives

@testable import Rewards

enum VectorRules {
    typealias Answer = [String: JSONValue]
    static let parameters = Parameters.standard

    static func evaluate(_ rule: String, _ inputs: JSONValue) throws -> Answer {
        if let answer = try fees(rule, inputs) { return answer }
        if let answer = try supply(rule, inputs) { return answer }
        if let answer = try quality(rule, inputs) { return answer }
        if let answer = try audits(rule, inputs) { return answer }
        if let answer = try slashes(rule, inputs) { return answer }
        throw RowError.unknownRule(rule)
    }

    static func amount(_ value: JSONValue) throws -> Amount { Amount(try value.number()) }
    static func amounts(_ value: JSONValue) throws -> [Amount] { try value.numbers().map { Amount($0) } }
    static func list(_ amounts: [Amount]) -> JSONValue { JSONValue(amounts.map(\.units)) }

    private static func fees(_ rule: String, _ inputs: JSONValue) throws -> Answer? {
        switch rule {
        case "compute_units":
            let use = ResourceUse(
                fuel: try inputs["fuel"].number(), peakPages: try inputs["peak_pages"].number(),
                inputBytes: try inputs["input_bytes"].number(), outputBytes: try inputs["output_bytes"].number())
            return ["compute_units": JSONValue(try Rule.computeUnits(use))]
        case "fee_split":
            let split = try Rule.feeSplit(amount(inputs["fee"]), rules: parameters.fees)
            return [
                "audit": JSONValue(split.audit.units), "burn": JSONValue(split.burn.units),
                "treasury": JSONValue(split.treasury.units), "provider": JSONValue(split.provider.units),
            ]
        case "task_charge":
            let terms = TaskTerms(
                limit: try inputs["cu_limit"].number(), bid: try inputs["bid_per_cu"].number(),
                escrow: try amount(inputs["escrow_per_task"]))
            let charge = try Rule.taskCharge(
                computeUnits: inputs["compute_units"].number(), terms: terms, rules: parameters.fees)
            return ["fee": JSONValue(charge.fee.units), "refund": JSONValue(charge.refund.units)]
        case "task_timeout":
            let timeout = try Rule.taskTimeout(escrow: amount(inputs["escrow"]), rules: parameters.fees)
            return [
                "refund_to_requester": JSONValue(timeout.refund.units),
                "bond_charge": JSONValue(timeout.bondCharge.units), "burned": JSONValue(timeout.bondCharge.units),
                "to_requester_beyond_refund": JSONValue(0),
            ]
        case "referral":
            let parts = try Rule.referral(
                treasuryPart: amount(inputs["treasury_part_of_referee_fees"]), rate: parameters.usage.referral)
            return ["referrer": JSONValue(parts.referrer.units), "treasury": JSONValue(parts.treasury.units)]
        case "pool_share":
            let pool = try poolShare(inputs, inputs["weights"])
            return ["shares": list(pool.shares), "carry_next": JSONValue(pool.carry.units)]
        case "pool_share_split_neutral":
            let split = try poolShare(inputs, inputs["weights_split"]).shares
            let merged = try poolShare(inputs, inputs["weights_merged"]).shares
            let parts = inputs["weights_split"].list.count - inputs["weights_merged"].list.count + 1
            let total = try Amount.sum(split[..<parts])
            return ["split_identity_total": JSONValue(total.units), "merged_identity": JSONValue(merged[0].units)]
        default: return nil
        }
    }

    private static func poolShare(_ inputs: JSONValue, _ weights: JSONValue) throws -> PoolShares {
        try Rule.poolShare(
            inflow: amount(inputs["inflow"]), carry: amount(inputs["carry"]),
            weights: weights.numbers().map { UInt128($0) })
    }

    private static func supply(_ rule: String, _ inputs: JSONValue) throws -> Answer? {
        switch rule {
        case "emission", "emission_short_epoch": return try emission(rule, inputs)
        case "emission_tail":
            let lambda = try inputs["lambda_q64"].number()
            let scheduled = Rule.emission(reserve: try amount(inputs["reserve"]), lambda: lambda)
            return ["scheduled": JSONValue(scheduled.units)]
        case "emission_buckets":
            let buckets = try Rule.emissionBuckets(
                scheduled: amount(inputs["scheduled"]), validatorShare: inputs["validator_share_ppm"].number(),
                rules: parameters.supply)
            return [
                "validators": JSONValue(buckets.validators.units), "growth": JSONValue(buckets.growth.units),
                "usage_and_standby": JSONValue(buckets.usageAndStandby.units),
                "insurance": JSONValue(buckets.insurance.units),
            ]
        case "bonded_ratio_daily":
            let share = try Rule.validatorShare(
                inputs["validator_share_ppm"].number(), bonded: inputs["bonded_ppm"].number(), epochSeconds: 86_400,
                unitsPerPPM: 1, rules: parameters.supply)
            return ["validator_share_ppm_next": JSONValue(share)]
        case "bonded_ratio_short_epoch":
            let share = try Rule.validatorShare(
                inputs["validator_share_e12"].number(), bonded: inputs["bonded_ppm"].number(),
                epochSeconds: inputs["epoch_seconds"].number(), unitsPerPPM: Rule.million, rules: parameters.supply)
            return ["validator_share_e12_next": JSONValue(share)]
        case "floor_price":
            var market = parameters.market
            market.priceMin = try amount(inputs["min_price"])
            let (settled, capacity) = (try inputs["settled_cu"].number(), try inputs["capacity_cu"].number())
            let price = try Rule.floorPrice(
                inputs["price"].number(), settled: settled, capacity: capacity, rules: market)
            return [
                "utilisation_ppm": JSONValue(try Rule.utilisation(settled: settled, capacity: capacity)),
                "price_next": JSONValue(price),
            ]
        case "validation_shares": return try validation(inputs)
        case "delegation_f1": return try VectorDelegation.run(inputs["operations"].list)
        default: return nil
        }
    }

    private static func emission(_ rule: String, _ inputs: JSONValue) throws -> Answer {
        let perDay = 86_400 / (try inputs["epoch_seconds"].number())
        let lambda = try Rule.lambda(epochsPerDay: perDay)
        var reserve = try amount(inputs["reserve"])
        var scheduled: [Amount] = []
        for _ in 0..<(rule == "emission" ? 3 : max(perDay, 3)) {
            let part = Rule.emission(reserve: reserve, lambda: lambda)
            scheduled.append(part)
            reserve = try reserve.subtracting(part)
        }
        return [
            "lambda_q64": JSONValue(lambda),
            "scheduled_first_three_epochs_if_all_earned": list(Array(scheduled.prefix(3))),
            rule == "emission" ? "reserve_after_three_days" : "reserve_after_one_day": JSONValue(reserve.units),
        ]
    }

    private static func validation(_ inputs: JSONValue) throws -> Answer {
        var rules = parameters.validation
        rules.proposal = try inputs["proposal_ppm"].number()
        rules.precommit = try inputs["precommit_ppm"].number()
        let span = EpochSpan(
            blocks: try inputs["blocks"].number(), totalStake: try amount(inputs["total_stake"]))
        let parts = try Rule.validatorBuckets(amount(inputs["validator_bucket"]), rules: rules)
        let proposals = try inputs["included_stake_summed_over_own_blocks"].numbers().map {
            try Rule.proposalShare(bucket: parts.proposals, includedStake: UInt128($0), span: span)
        }
        let precommits = try zip(amounts(inputs["stakes"]), inputs["precommits_included"].numbers()).map {
            try Rule.precommitShare(bucket: parts.precommits, stake: $0, included: $1, span: span)
        }
        return [
            "proposal_shares": list(proposals), "precommit_shares": list(precommits),
            "staking_part": JSONValue(parts.staking.units),
        ]
    }

    private static func quality(_ rule: String, _ inputs: JSONValue) throws -> Answer? {
        switch rule {
        case "uptime_multiplier":
            let uptime = try Rule.uptime(answered: inputs["answered"].number(), asked: inputs["asked"].number())
            let multiplier = try Rule.uptimeMultiplier(uptime: uptime)
            return ["uptime_ppm": JSONValue(uptime), "multiplier_ppm": JSONValue(multiplier)]
        case "speed_multiplier":
            let speeds = try zip(inputs["blocks_used"].numbers(), inputs["budget_blocks"].numbers()).map {
                try Rule.speed(Pace(used: $0, budget: $1)).map { JSONValue($0) } ?? JSONValue.null
            }
            return ["speed_ppm": .list(speeds)]
        case "reliability_q16":
            var value = try inputs["start_q16"].number()
            let values = try inputs["verified_share_ppm_per_epoch"].numbers().map { share in
                value = try Rule.reliability(value, verifiedShare: share)
                return value
            }
            return ["q16": JSONValue(values)]
        case "quality_multiplier":
            let multiplier = try Rule.qualityMultiplier(
                speed: inputs["speed_ppm"].number(), reliability: inputs["reliability_q16"].number(),
                uptime: inputs["uptime_multiplier_ppm"].number())
            return ["multiplier_ppm": JSONValue(multiplier)]
        case "usage_subsidy":
            let claims = try zip(amounts(inputs["burn_per_provider"]), inputs["multiplier_ppm"].numbers()).map {
                UsageClaim(burn: $0, multiplier: $1)
            }
            let usage = try Rule.usageSubsidy(
                bucket: amount(inputs["usage_standby_bucket"]), carry: amount(inputs["carry"]), claims: claims,
                rules: parameters.usage)
            return [
                "usage_inflow": JSONValue(usage.usageInflow.units), "weights": JSONValue(usage.weights),
                "standby_inflow": JSONValue(usage.standbyInflow.units), "shares": list(usage.shares),
                "carry_next": JSONValue(usage.carry.units),
            ]
        case "vesting":
            let unlocked = try inputs["epochs_elapsed"].numbers().map {
                try Rule.unlocked(amount(inputs["amount"]), elapsed: $0, period: inputs["vesting_epochs"].number())
            }
            return ["unlocked": list(unlocked)]
        case "vesting_split":
            let parts = try Rule.vestingSplit(amount(inputs["subsidy"]), rate: parameters.usage.vesting)
            return ["vesting": JSONValue(parts.vesting.units), "liquid": JSONValue(parts.liquid.units)]
        case "assignment_slots":
            let slots = try Rule.assignmentSlots(
                bond: amount(inputs["bond"]), slotBond: amount(inputs["slot_bond"]))
            return ["slots": JSONValue(slots)]
        default: return nil
        }
    }
}
