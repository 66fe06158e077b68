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

extension SlashRow {
    package init(json: JSON) throws(ShapeError) {
        let (account, label) = (try json.text("account"), try json.text("offence"))
        guard let account = Address(bech32: account) else { throw .wrongForm("account") }
        guard let offence = SlashOffence.allCases.first(where: { $0.label == label }) else {
            throw .wrongForm("offence")
        }
        let key = SlashKey(account: account, offence: offence, evidence: try json.fixedHex("evidence"))
        let (amount, reporter, injured): (UInt64, UInt64, UInt64) = (
            try json.decimal("amount"), try json.decimal("reporter"), try json.decimal("injured")
        )
        do {
            try self.init(key: key, amount: Amount(amount), reporter: Amount(reporter), injured: Amount(injured))
        } catch {
            throw .wrongForm("amount")
        }
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
        case .wrongResult: "did not deliver the result that re-execution, or the majority of its panel, gives"
        case .approvedWrongResult: "approved a result that re-execution does not give"
        case .wrongDigest: "committed a digest that was not computed"
        case .falseDispute: "opened a dispute about a right result"
        case .missedDuties: "did not do audits that it was drawn for"
        case .absence: "was absent from too many commits"
        case .undisclosedKey: "did not disclose the audit key of an epoch"
        case .timeout: "was late with a task: the provider part of its escrow is burned from the bond"
        }
    }

    /// What the evidence of its rows is.
    package var evidenceText: String {
        switch self {
        case .equivocation: "the two statements that it signed"
        case .wrongResult: "the dispute on its task, or the panel that judged it"
        case .approvedWrongResult, .wrongDigest, .falseDispute: "the dispute on a task"
        case .missedDuties: "the epoch's proofs of duties that it missed: over a tenth of them"
        case .absence: "the commits of a window of blocks: its precommits are in under half of them"
        case .undisclosedKey: "the epoch whose key it kept"
        case .timeout: "the job whose task was late"
        }
    }
}
