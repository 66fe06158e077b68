// Every parameter with its number and the name that genesis files and answers spell. Amounts are base units, rates are
// ppm, "days" are day-epochs. Numbers are never reused; a new parameter gets a new number.
import Chain
import Primitives
import Rewards

extension LedgerParameters {
    package struct Field: Sendable {
        package let number: UInt32
        package let name: String
        let path: any WritableKeyPath<LedgerParameters, UInt64> & Sendable

        init(_ number: UInt32, _ name: String, _ path: any WritableKeyPath<LedgerParameters, UInt64> & Sendable) {
            (self.number, self.name, self.path) = (number, name, path)
        }

        package func value(in parameters: LedgerParameters) -> UInt64 { parameters[keyPath: path] }
    }

    /// Ascending by number.
    package static let fields: [Field] =
        [Field(1, "tx_byte_price", \.txBytePrice)] + calendarFields + feeFields + marketFields + supplyFields
        + usageFields + auditFields + validationFields + slashingFields + periodFields

    private static let calendarFields: [Field] = [
        Field(101, "epoch_seconds", \.rewards.calendar.epochSeconds),
        Field(102, "epoch_blocks_min", \.rewards.calendar.epochBlocksMin),
        Field(103, "epochs_per_day", \.rewards.calendar.epochsPerDay),
        Field(104, "window_commit_seconds", \.rewards.calendar.commit.seconds),
        Field(105, "window_commit_blocks", \.rewards.calendar.commit.blocks),
        Field(106, "window_recheck_seconds", \.rewards.calendar.recheck.seconds),
        Field(107, "window_recheck_blocks", \.rewards.calendar.recheck.blocks),
        Field(108, "window_reveal_seconds", \.rewards.calendar.reveal.seconds),
        Field(109, "window_reveal_blocks", \.rewards.calendar.reveal.blocks),
        Field(110, "window_open_seconds", \.rewards.calendar.open.seconds),
        Field(111, "window_open_blocks", \.rewards.calendar.open.blocks),
        Field(112, "window_vote_seconds", \.rewards.calendar.vote.seconds),
        Field(113, "window_vote_blocks", \.rewards.calendar.vote.blocks),
    ]

    private static let feeFields: [Field] = [
        Field(201, "fee_audit_ppm", \.rewards.fees.audit),
        Field(202, "fee_burn_ppm", \.rewards.fees.burn),
        Field(203, "fee_treasury_ppm", \.rewards.fees.treasury),
        Field(204, "fee_min", \.rewards.fees.minimum.settingUnits),
        Field(205, "fee_escrow_divisor", \.rewards.fees.escrowDivisor),
        Field(206, "task_cap", \.rewards.fees.taskCap.settingUnits),
    ]

    private static let marketFields: [Field] = [
        Field(301, "price_min", \.rewards.market.priceMin.settingUnits),
        Field(302, "price_band_low_ppm", \.rewards.market.bandLow),
        Field(303, "price_band_high_ppm", \.rewards.market.bandHigh),
        Field(304, "price_step_divisor", \.rewards.market.stepDivisor),
        Field(305, "slot_bond", \.rewards.market.slotBond.settingUnits),
        Field(306, "fuel_per_block_cpu", \.rewards.market.fuelPerBlockCPU),
        Field(307, "fuel_per_block_open", \.rewards.market.fuelPerBlockOpen),
        Field(308, "budget_blocks_min", \.rewards.market.budgetBlocksMin),
        Field(309, "timeouts_max", \.rewards.market.timeoutsMax),
    ]

    private static let supplyFields: [Field] = [
        Field(401, "lambda", \.rewards.supply.lambda),
        Field(402, "growth_ppm", \.rewards.supply.growth),
        Field(403, "insurance_ppm", \.rewards.supply.insurance),
        Field(404, "validator_share_start_ppm", \.rewards.supply.shareStart),
        Field(405, "validator_share_min_ppm", \.rewards.supply.shareMin),
        Field(406, "validator_share_max_ppm", \.rewards.supply.shareMax),
        Field(407, "bonded_goal_ppm", \.rewards.supply.bondedGoal),
        Field(408, "validator_share_speed_ppm", \.rewards.supply.shareSpeed),
    ]

    private static let usageFields: [Field] = [
        Field(501, "subsidy_ppm", \.rewards.usage.subsidy),
        Field(502, "standby_ppm", \.rewards.usage.standby),
        Field(503, "account_cap_ppm", \.rewards.usage.accountCap),
        Field(504, "referral_ppm", \.rewards.usage.referral),
        Field(505, "referral_days", \.rewards.usage.referralDays),
        Field(506, "vesting_ppm", \.rewards.usage.vesting),
        Field(507, "vesting_days", \.rewards.usage.vestingDays),
        Field(508, "challenges_per_epoch", \.rewards.usage.challengesPerEpoch),
        Field(509, "answer_blocks", \.rewards.usage.answerBlocks),
    ]

    private static let auditFields: [Field] = [
        Field(601, "audit_rate_floor_ppm", \.rewards.audit.rateFloor),
        Field(602, "audit_rate_numerator", \.rewards.audit.rateNumerator),
        Field(603, "audit_rate_offset", \.rewards.audit.rateOffset),
        Field(604, "recheck_ppm", \.rewards.audit.recheck),
        Field(605, "bond_multiple", \.rewards.audit.bondMultiple),
        Field(606, "admission_tasks", \.rewards.audit.admissionTasks),
        Field(607, "admission_tasks_listed", \.rewards.audit.admissionTasksListed),
        Field(608, "duties_min", \.rewards.audit.dutiesMin),
        Field(609, "duties_missed_max_ppm", \.rewards.audit.missedMax),
        Field(610, "panel_check_ppm", \.rewards.audit.panelCheck),
    ]

    private static let validationFields: [Field] = [
        Field(701, "validator_stake_min", \.rewards.validation.stakeMin.settingUnits),
        Field(702, "proposal_ppm", \.rewards.validation.proposal),
        Field(703, "precommit_ppm", \.rewards.validation.precommit),
        Field(704, "commission_max_ppm", \.rewards.validation.commissionMax),
        Field(705, "commission_step_max_ppm", \.rewards.validation.commissionStepMax),
        Field(706, "self_bond_min_ppm", \.rewards.validation.selfBondMin),
        Field(707, "effective_stake_max_ppm", \.rewards.validation.effectiveStakeMax),
    ]

    private static let slashingFields: [Field] = [
        Field(801, "slash_equivocation_ppm", \.rewards.slashing.equivocation),
        Field(802, "slash_approved_wrong_ppm", \.rewards.slashing.approvedWrong),
        Field(803, "slash_wrong_digest_ppm", \.rewards.slashing.wrongDigest),
        Field(804, "slash_missed_duties_ppm", \.rewards.slashing.missedDuties),
        Field(805, "slash_absence_ppm", \.rewards.slashing.absence),
        Field(806, "slash_correlation_multiplier", \.rewards.slashing.correlationMultiplier),
        Field(807, "signed_window", \.rewards.slashing.signedWindow),
        Field(808, "signed_min_ppm", \.rewards.slashing.signedMin),
        Field(809, "reporter_ppm", \.rewards.slashing.reporter),
        Field(810, "reporter_cap", \.rewards.slashing.reporterCap.settingUnits),
        Field(811, "voter_pay_ppm", \.rewards.slashing.voterPay),
        Field(812, "voter_share_max_ppm", \.rewards.slashing.voterShareMax),
        Field(813, "breaker_operators_min", \.rewards.slashing.breakerOperatorsMin),
        Field(814, "breaker_days", \.rewards.slashing.breakerDays),
        Field(815, "jail_days", \.rewards.slashing.jailDays),
        Field(816, "tombstone_days", \.rewards.slashing.tombstoneDays),
    ]

    private static let periodFields: [Field] = [
        Field(901, "unbond_days", \.rewards.periods.unbond),
        Field(902, "evidence_days", \.rewards.periods.evidence),
        Field(903, "correlation_days", \.rewards.periods.correlation),
        Field(904, "light_trust_days", \.rewards.periods.lightTrust),
        Field(905, "dispute_days", \.rewards.periods.dispute),
        Field(906, "settlement_days", \.rewards.periods.settlement),
    ]
}
