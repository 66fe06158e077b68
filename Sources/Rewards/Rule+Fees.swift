// Demand: what a task costs, where its fee goes, and what a timeout moves (design, sections 1, 4 and 7).
// Invariant: audit + burn + treasury + provider = F and F + refund = escrow, to the unit.

package import Primitives

/// What re-execution measured of one task.
package struct ResourceUse: Hashable, Sendable {
    package let fuel: UInt64
    /// Highest number of 64 KiB memory pages.
    package let peakPages: UInt64
    package let inputBytes: UInt64
    package let outputBytes: UInt64

    package init(fuel: UInt64, peakPages: UInt64, inputBytes: UInt64, outputBytes: UInt64) {
        (self.fuel, self.peakPages, self.inputBytes, self.outputBytes) = (fuel, peakPages, inputBytes, outputBytes)
    }
}

/// What a job promised for each of its tasks before assignment.
package struct TaskTerms: Hashable, Sendable {
    /// Compute units at most.
    package let limit: UInt64
    /// Base units per compute unit.
    package let bid: UInt64
    package let escrow: Amount

    package init(limit: UInt64, bid: UInt64, escrow: Amount) {
        (self.limit, self.bid, self.escrow) = (limit, bid, escrow)
    }
}

package struct TaskCharge: Hashable, Sendable {
    package let fee: Amount
    /// What returns to the requester; `fee + refund = escrow`.
    package let refund: Amount
}

package struct FeeSplit: Hashable, Sendable {
    package let audit: Amount
    package let burn: Amount
    package let treasury: Amount
    /// v: everything that the other three parts leave.
    package let provider: Amount
}

package struct TaskTimeout: Hashable, Sendable {
    package let refund: Amount
    /// v of the escrow, taken from the provider's bond and burned.
    package let bondCharge: Amount
}

package struct UndeliverableTask: Hashable, Sendable {
    package let refund: Amount
    package let audit: Amount
    package let burn: Amount
}

/// Why a job's terms are refused before anything is escrowed.
package enum TermsError: Error, Equatable, Sendable {
    case bidBelowFloorPrice(bid: UInt64, floor: UInt64)
    case escrowAboveTaskCap(escrow: Amount, cap: Amount)
    /// The smallest fee could not be charged.
    case escrowBelowMinimumFee(escrow: Amount, minimum: Amount)
    case arithmetic(ArithmeticError)
}

extension Rule {
    /// `10 + ceil(fuel / 10^6) + 4 * peak_pages + ceil((input_bytes + output_bytes) / 65536)`.
    package static func computeUnits(_ use: ResourceUse) throws(ArithmeticError) -> UInt64 {
        let fuel = (UInt128(use.fuel) + 999_999) / 1_000_000
        let bytes = (UInt128(use.inputBytes) + UInt128(use.outputBytes) + 65_535) / 65_536
        return try (10 + fuel + 4 * UInt128(use.peakPages) + bytes).narrowed()
    }

    /// The escrow of one task, `cu_limit * bid`, or the rule that its terms break.
    package static func taskEscrow(
        limit: UInt64, bid: UInt64, floorPrice: UInt64, rules: FeeRules
    ) throws(TermsError) -> TaskTerms {
        if bid < floorPrice { throw .bidBelowFloorPrice(bid: bid, floor: floorPrice) }
        let (units, overflow) = limit.multipliedReportingOverflow(by: bid)
        if overflow { throw .arithmetic(.overflow) }
        let escrow = Amount(units)
        if escrow > rules.taskCap { throw .escrowAboveTaskCap(escrow: escrow, cap: rules.taskCap) }
        if escrow < rules.minimum { throw .escrowBelowMinimumFee(escrow: escrow, minimum: rules.minimum) }
        return TaskTerms(limit: limit, bid: bid, escrow: escrow)
    }

    /// `F = max(1_000, escrow / 10, min(cu, cu_limit) * bid)`, never more than the escrow; the rest is refunded.
    package static func taskCharge(
        computeUnits: UInt64, terms: TaskTerms, rules: FeeRules
    ) throws(ArithmeticError) -> TaskCharge {
        if rules.escrowDivisor == 0 { throw .divisionByZero }
        let (metered, overflow) = min(computeUnits, terms.limit).multipliedReportingOverflow(by: terms.bid)
        if overflow { throw .overflow }
        let due = max(rules.minimum.units, terms.escrow.units / rules.escrowDivisor, metered)
        let fee = Amount(min(terms.escrow.units, due))
        return TaskCharge(fee: fee, refund: try terms.escrow.subtracting(fee))
    }

    package static func feeSplit(_ fee: Amount, rules: FeeRules) throws(ArithmeticError) -> FeeSplit {
        let audit = try fee.atRate(rules.audit)
        let burn = try fee.atRate(rules.burn)
        let treasury = try fee.atRate(rules.treasury)
        let provider = try fee.subtracting(audit).subtracting(burn).subtracting(treasury)
        return FeeSplit(audit: audit, burn: burn, treasury: treasury, provider: provider)
    }

    /// The escrow returns whole; v of it is burned from the bond, so nobody gains by making a provider late.
    package static func taskTimeout(escrow: Amount, rules: FeeRules) throws(ArithmeticError) -> TaskTimeout {
        TaskTimeout(refund: escrow, bondCharge: try feeSplit(escrow, rules: rules).provider)
    }

    /// A second operator timed out: the task closes, the burn and audit parts of its fee are kept.
    package static func taskUndeliverable(fee: Amount, rules: FeeRules) throws(ArithmeticError) -> UndeliverableTask {
        let split = try feeSplit(fee, rules: rules)
        let refund = try fee.subtracting(split.audit).subtracting(split.burn)
        return UndeliverableTask(refund: refund, audit: split.audit, burn: split.burn)
    }

    /// The referrer's part of what one referee's fees paid into the treasury in one epoch.
    package static func referral(treasuryPart: Amount, rate: UInt64) throws(ArithmeticError) -> (
        referrer: Amount, treasury: Amount
    ) {
        let referrer = try treasuryPart.atRate(rate)
        return (referrer, try treasuryPart.subtracting(referrer))
    }

    /// What a raised audit rate costs at submission: `audit * (p' - p) / p`; 0 when the rate is not raised.
    package static func assurance(auditPart: Amount, rate: UInt64, raisedTo: UInt64) throws(ArithmeticError) -> Amount {
        if raisedTo <= rate { return .zero }
        return try auditPart.scaled(by: raisedTo - rate, over: rate)
    }

    /// What a newcomer's extra audits cost it: `pay * (p - p_floor) / 10^6`.
    package static func haircut(pay: Amount, rate: UInt64, floor: UInt64) throws(ArithmeticError) -> Amount {
        try pay.atRate(rate > floor ? rate - floor : 0)
    }
}
