// The evaluators of audits, disputes, slashes and tables.

import Primitives

@testable import Rewards

extension VectorRules {
    static func audits(_ rule: String, _ inputs: JSONValue) throws -> Answer? {
        switch rule {
        case "audit_rate":
            let rates = try inputs["streak"].numbers().map { try Rule.auditRate(streak: $0, rules: parameters.audit) }
            return ["rate_ppm": JSONValue(rates)]
        case "streak_after":
            let events: [String: StreakEvent] = ["timeout": .timeout, "fraud": .fraud, "success": .success]
            guard let event = events[inputs["event"].text ?? ""] else {
                throw RowError.unknownOperation(inputs["event"].description)
            }
            let streaks = try inputs["streak"].numbers().map { try Rule.streakAfter(event, streak: $0) }
            return ["streak_next": JSONValue(streaks)]
        case "audit_selection":
            let index = UInt32(try inputs["task_index_u32_big_endian"].number())
            let prefix = Bytes((inputs["prefix_ascii"].text ?? "").utf8)
            let message = ["key_hex", "beacon_hex", "job_id_hex"].reduce(prefix) {
                $0 + (Hex.decode(inputs[$1].text ?? "") ?? [])
            }
            let hash = ReferenceBytes.sha256(message + index.bigEndianBytes)
            let word = UInt64(bigEndian: hash.prefix(8)) ?? 0
            return [
                "u64": JSONValue(word), "selected": JSONValue(Rule.auditSelection(word: word, draw: try draw(inputs))),
            ]
        case "audit_selection_threshold":
            let largest = Rule.auditSelectionThreshold(try draw(inputs))
            return ["largest_selected_u64": largest.map { JSONValue($0) } ?? .null]
        case "audit_pool_pay": return try auditPool(inputs)
        case "dispute_verdict":
            let votes = inputs["votes"].fields.sorted { $0.key < $1.key }
            let outcome = Rule.disputeVerdict(
                votes: try votes.map { try amount($0.value) }, totalStake: try amount(inputs["total_stake"]),
                isExtended: false)
            switch outcome {
            case .stands(let index): return ["outcome": .text("STANDS:\(votes[index].key)")]
            case .nonDeterministic: return ["outcome": .text("NONDET")]
            case .extended, .unresolved: return ["outcome": .text("EXTEND")]
            }
        default: return nil
        }
    }

    private static func draw(_ inputs: JSONValue) throws -> AuditDraw {
        AuditDraw(
            rate: try inputs["rate_ppm"].number(), stake: try amount(inputs["stake"]),
            eligibleStake: try amount(inputs["eligible_stake"]))
    }

    private static func auditPool(_ inputs: JSONValue) throws -> Answer {
        let stakes = try amounts(inputs["stakes"])
        let (duty, done) = (try inputs["duty_cu"].numbers(), try inputs["done_cu"].numbers())
        let claims = stakes.indices.map { AuditClaim(stake: stakes[$0], duty: duty[$0], done: done[$0]) }
        let carry = inputs["carry"] == .null ? Amount.zero : try amount(inputs["carry"])
        let pay = try Rule.auditPoolPay(
            pool: amount(inputs["pool"]).adding(carry), claims: claims, eligibleStake: Amount.sum(stakes))
        return ["shares": list(pay.shares), "carry_next": JSONValue(pay.carry.units)]
    }

    static func slashes(_ rule: String, _ inputs: JSONValue) throws -> Answer? {
        switch rule {
        case "slash_correlated":
            let rate = try Rule.slashRate(
                base: inputs["base_ppm"].number(), offendingStake: amount(inputs["slashed_stake_in_window"]),
                totalStake: amount(inputs["total_stake"]), multiplier: 3)
            let slash = try Rule.slashAmount(stake: amount(inputs["stake"]), rate: rate)
            return ["rate_ppm": JSONValue(rate), "slash": JSONValue(slash.units)]
        case "slash_top_up": return try topUps(inputs)
        case "slash_liveness":
            let slash = try Rule.slashAmount(stake: amount(inputs["stake"]), rate: inputs["base_ppm"].number())
            return ["slash": JSONValue(slash.units)]
        case "reporter_share":
            let share = try Rule.reporterShare(
                slash: amount(inputs["slash"]), ownBondLost: amount(inputs["of_which_own_bond"]),
                rules: parameters.slashing)
            return ["reporter": JSONValue(share.reporter.units), "remaining": JSONValue(share.remaining.units)]
        case "reward_table_root":
            let name = "rows_unsorted_account_kind_asset_amount_reason_evidence"
            return try tableRoot(inputs[name].list)
        case "governance_wash_inequality":
            var (usage, fees) = (parameters.usage, try feeRules(inputs))
            usage.accountCap = try inputs["account_cap_ppm"].number()
            usage.standby = try inputs["standby_ppm"].number()
            usage.referral = try inputs["referral_ppm"].number()
            fees.audit = try inputs["audit_ppm"].number()
            return answer(try Rule.washInequality(usage: usage, fees: fees))
        case "governance_bond_inequality": return try bondInequality(inputs)
        default: return nil
        }
    }

    private static func answer(_ inequality: Inequality) -> Answer {
        [
            "left": JSONValue(inequality.left), "right": JSONValue(inequality.right),
            "valid": JSONValue(inequality.holds),
        ]
    }

    private static func feeRules(_ inputs: JSONValue) throws -> FeeRules {
        var fees = parameters.fees
        fees.burn = try inputs["burn_ppm"].number()
        if inputs["treasury_ppm"] != .null { fees.treasury = try inputs["treasury_ppm"].number() }
        return fees
    }

    private static func bondInequality(_ inputs: JSONValue) throws -> Answer {
        var (audit, usage, fees) = (parameters.audit, parameters.usage, try feeRules(inputs))
        audit.rateFloor = try inputs["audit_rate_floor_ppm"].number()
        audit.bondMultiple = try inputs["bond_multiple"].number()
        usage.accountCap = try inputs["account_cap_ppm"].number()
        // The row names the provider's part; the rules derive it from the other three.
        fees.treasury = 0
        fees.audit = try Rule.million.minus(inputs["provider_ppm"].number()).minus(fees.burn)
        var result = answer(try Rule.bondInequality(audit: audit, fees: fees, usage: usage))
        result["q_ppm"] = JSONValue(try Rule.detection(rateFloor: audit.rateFloor))
        return result
    }

    private static func topUps(_ inputs: JSONValue) throws -> Answer {
        let stakes = try amounts(inputs["offenders_in_order"])
        var charged = stakes.map { _ in Amount.zero }
        var steps: [JSONValue] = []
        for step in stakes.indices {
            let offenders = (0...step).map { Offender(stake: stakes[$0], charged: charged[$0]) }
            let charges = try Rule.slashTopUp(
                offenders, base: inputs["base_ppm"].number(), totalStake: amount(inputs["total_stake"]), multiplier: 3)
            for (index, charge) in charges.enumerated() where charge > .zero {
                charged[index] = try charged[index].adding(charge)
                steps.append(.list([JSONValue(step), JSONValue(index), JSONValue(charge.units)]))
            }
        }
        return ["charges_step_offender_amount": .list(steps), "total_per_offender": list(charged)]
    }

    /// The reason code of a row is data of the table, so the vector's own codes are written over ours.
    private static func tableRoot(_ rows: [JSONValue]) throws -> Answer {
        var leaves: [(key: RewardKey, bytes: Bytes)] = []
        for row in rows.map(\.list) {
            guard let account = Address(hex: row[0].text ?? ""),
                let kind = RewardKind(rawValue: UInt32(try row[1].number())),
                let asset = RewardAsset(rawValue: UInt32(try row[2].number())),
                let reason = Reason(rawValue: UInt32(try row[4].number()))
            else { throw RowError.unknownOperation("\(row)") }
            let key = RewardKey(account: account, kind: kind, asset: asset)
            let content = RewardRow(
                key: key, amount: try amount(row[3]), reason: reason, evidence: Digest(hex: row[5].text ?? ""))
            leaves.append((key, ReferenceBytes.encode(content)))
        }
        let sorted = leaves.sorted { $0.key < $1.key }.map(\.bytes)
        return [
            "leaves_sorted_hex": .list(sorted.map { .text(Hex.lower($0)) }),
            "root_hex": .text(Hex.lower(ReferenceBytes.root(sorted))),
        ]
    }
}

/// Runs the operations of a delegation row against one pool.
enum VectorDelegation {
    static func run(_ operations: [JSONValue]) throws -> [String: JSONValue] {
        var pool = DelegationPool()
        var positions: [String: Delegation] = [:]
        var paid: [String: UInt64] = [:]
        var commission: UInt64 = 0
        var unbonded: [JSONValue] = []
        for operation in operations.map(\.list) {
            let name = operation[0].text ?? ""
            let who = operation.count > 1 ? operation[1].text ?? "" : ""
            var position = positions[who] ?? Delegation()
            switch name {
            case "join":
                paid[who, default: 0] += try pool.join(Amount(operation[2].number()), &position).units
                positions[who] = position
            case "reward":
                commission += try pool.reward(Amount(operation[1].number()), commission: operation[2].number()).units
            case "slash": _ = try pool.slash(rate: operation[1].number())
            case "claim":
                paid[who, default: 0] += try pool.claim(&position).units
                positions[who] = position
            case "leave":
                let result = try pool.leave(&position, shares: position.shares)
                paid[who, default: 0] += result.paid.units
                unbonded.append(.list([.text(who), JSONValue(result.unbonded.units)]))
                positions[who] = position
            default: throw RowError.unknownOperation(name)
            }
        }
        for (who, position) in positions { paid[who, default: 0] += try pool.earned(position).units }
        return [
            "paid": .object(paid.mapValues { JSONValue($0) }), "commission": JSONValue(commission),
            "held_no_stake": JSONValue(pool.held), "accumulator_per_share_e18": JSONValue(pool.accumulator),
            "remainder_e18": JSONValue(pool.remainder), "tokens_left": JSONValue(pool.tokens),
            "shares_left": JSONValue(pool.shares), "unbonded": .list(unbonded),
        ]
    }
}
