// The tables of a settled epoch: every row says in words why it has its amount.
import Chain
package import Ledger
import Primitives
package import Rewards

extension EpochSummary {
    package func json(epoch: UInt64) -> JSON {
        [
            "epoch": .decimal(epoch), "height": .decimal(height), "rewards_root": .hex(rewardsRoot),
            "slashes_root": .hex(slashesRoot), "reward_rows": .decimal(rewardRows), "slash_rows": .decimal(slashRows),
            "paid": .decimal(paid.units), "minted": .decimal(minted.units), "burned": .decimal(burned.units),
            "slashed": .decimal(slashed.units),
        ]
    }
}

extension RewardRow {
    package var json: JSON {
        [
            "account": .string(key.account.bech32), "kind": .string(key.kind.label),
            "asset": .string(key.asset == .token ? "mrt" : "credits"), "amount": .decimal(amount.units),
            "reason": .string(reason.label), "code": .number(reason.rawValue), "why": .string(reason.text),
            "evidence": .hex(evidence),
        ]
    }
}

extension SlashRow {
    package var json: JSON {
        [
            "account": .string(key.account.bech32), "offence": .string(key.offence.label),
            "amount": .decimal(amount.units), "reporter": .decimal(reporter.units),
            "injured": .decimal(injured.units), "burned": .decimal(burned.units),
            "why": .string(key.offence.text), "evidence": .hex(key.evidence),
        ]
    }
}

extension ProvedRow {
    package var json: JSON {
        ["row": .base64(row), "basis": basis.map { .base64($0) } ?? .null, "proof": proof.json]
    }
}

extension Reason {
    /// The name in every machine-readable answer: `tasks_settled`.
    package var label: String {
        "\(self)".reduce(into: "") { label, letter in
            label += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
        }
    }
}

extension SlashOffence {
    /// One sentence for people, in English.
    package var text: String {
        switch self {
        case .equivocation: "signed two different votes or proposals for one place"
        case .wrongResult: "delivered a result that re-execution does not give"
        case .approvedWrongResult: "approved a result that re-execution does not give"
        case .wrongDigest: "committed a digest that was not computed"
        case .falseDispute: "opened a dispute about a right result"
        case .missedDuties: "did not do audits that it was drawn for"
        case .absence: "was absent from too many commits"
        case .undisclosedKey: "did not disclose the audit key of an epoch"
        case .timeout: "was late with a task: the provider part of its escrow is burned from the bond"
        }
    }
}
