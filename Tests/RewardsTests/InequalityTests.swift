// The inequalities that keep cheating from paying, with 1/3 of the stake adversarial: each holds at every shipped set
// of parameters and at its own edge, and is refused a fifth past the edge.

import Primitives
import Testing

@testable import Rewards

@Suite("Inequalities")
struct InequalityTests {
    /// One inequality, and the parameter that is turned towards breaking it.
    struct Case: Sendable {
        let name: String
        let start: @Sendable (Parameters) -> UInt64
        let set: @Sendable (inout Parameters, UInt64) -> Void
        /// Breaking it means a larger value.
        let grows: Bool
        let isIt: @Sendable (ParameterError) -> Bool

        func judge(_ parameters: Parameters, _ value: UInt64) -> ParameterError? {
            var changed = parameters
            set(&changed, value)
            do throws(ParameterError) {
                try changed.validate()
                return nil
            } catch {
                return error
            }
        }

        /// The last value that the rule allows.
        func edge(_ parameters: Parameters) -> UInt64 {
            var good = start(parameters)
            var bad = grows ? good * 64 : 0
            while max(good, bad) - min(good, bad) > 1 {
                let middle = good / 2 + bad / 2 + (good & bad & 1)
                if judge(parameters, middle) == nil { good = middle } else { bad = middle }
            }
            return good
        }
    }

    static let cases: [Case] = [
        Case(
            name: "wash trading by the cap", start: { $0.usage.accountCap }, set: { $0.usage.accountCap = $1 },
            grows: true, isIt: { if case .washTradingPays(let sides) = $0 { sides.left >= sides.right } else { false } }
        ),
        Case(
            name: "cheating by the audit rate", start: { $0.audit.rateFloor }, set: { $0.audit.rateFloor = $1 },
            grows: false, isIt: { if case .cheatingPays(let sides) = $0 { sides.left < sides.right } else { false } }),
        Case(
            name: "cheating by the bond", start: { $0.audit.bondMultiple },
            set: {
                // Else panels bind first where audits are many.
                ($0.audit.bondMultiple, $0.audit.panelCheck) = ($1, 1_000_000)
            }, grows: false, isIt: { if case .cheatingPays(let sides) = $0 { sides.left < sides.right } else { false } }
        ),
        Case(
            name: "forging panels by the checks", start: { $0.audit.panelCheck }, set: { $0.audit.panelCheck = $1 },
            grows: false,
            isIt: { if case .forgingPanelsPays(let sides) = $0 { sides.left < sides.right } else { false } }),
        Case(
            name: "lazy auditing by the redraw", start: { $0.audit.recheck }, set: { $0.audit.recheck = $1 },
            grows: false,
            isIt: { if case .lazyAuditingPays(let sides) = $0 { sides.left <= sides.right } else { false } }),
        Case(
            name: "lazy auditing by the slash", start: { $0.slashing.approvedWrong },
            set: { $0.slashing.approvedWrong = $1 }, grows: false,
            isIt: { if case .lazyAuditingPays(let sides) = $0 { sides.left <= sides.right } else { false } }),
        Case(
            name: "slots by their bond", start: { $0.market.slotBond.units },
            set: { $0.market.slotBond = Amount($1) }, grows: false,
            isIt: { if case .slotBondTooSmall(let bond, let needed) = $0 { bond < needed } else { false } }),
        Case(
            name: "slots by the task cap", start: { $0.fees.taskCap.units }, set: { $0.fees.taskCap = Amount($1) },
            grows: true,
            isIt: { if case .slotBondTooSmall(let bond, let needed) = $0 { bond < needed } else { false } }),
        Case(
            name: "unbonding by evidence", start: { $0.periods.unbond }, set: { $0.periods.unbond = $1 },
            grows: false,
            isIt: { if case .unbondShorterThanEvidence(let unbond, let age) = $0 { unbond < age } else { false } }),
        Case(
            name: "evidence by disputes", start: { $0.periods.dispute }, set: { $0.periods.dispute = $1 },
            grows: true,
            isIt: { if case .evidenceShorterThanDispute(let age, let needed) = $0 { age < needed } else { false } }),
    ]

    @Test("each inequality holds as shipped and at its edge, and fails a fifth past it", arguments: cases.indices)
    func edges(index: Int) throws {
        let rule = Self.cases[index]
        for parameters in [Parameters.standard, .local] {
            #expect(rule.judge(parameters, rule.start(parameters)) == nil, "\(rule.name)")
            let edge = rule.edge(parameters)
            #expect(rule.judge(parameters, edge) == nil, "\(rule.name) at \(edge)")
            // At least one step: days are small numbers.
            let past = rule.grows ? max(edge + 1, edge * 6 / 5) : min(edge - 1, edge * 4 / 5)
            let error = try #require(rule.judge(parameters, past), "\(rule.name) at \(past)")
            #expect(rule.isIt(error), "\(rule.name) at \(past): \(error)")
        }
    }
}
