// A task's transcript for people.
import Chain
import Client
import Ledger
import Primitives
import RPC
import Rewards

extension TaskVerdict {
    var text: String {
        (headLines + numberLines + auditLines + disputeLines + verdictLines).joined(separator: "\n")
    }

    private var headLines: [String] {
        let (job, task) = (transcript.job, transcript.task)
        let isOpen = job.request.resource == ResourceClass.open.rawValue
        var lines = [
            "Task \(transcript.place.index) of job \(transcript.place.job), "
                + "class \(isOpen ? "Q (judged by a panel)" : "D (the same bytes on every machine)")",
            "  program    \(job.request.program), fuel at most \(job.request.limits.fuel)",
            "  asked for  by \(job.requester.bech32) at height \(job.submitted)",
            "  given to   \(task.provider.bech32) at height \(task.assigned)",
        ]
        if let late = task.late { lines.append("  before to  \(late.bech32), who was late with it") }
        if let delivered = task.delivered {
            let epoch = transcript.epoch.map { ", epoch \($0)" } ?? ""
            lines.append("  receipt    in block \(delivered)\(epoch); the task is \(task.state.label) now")
        }
        return lines
    }

    private var numberLines: [String] {
        guard let executed else { return [] }
        var lines = ["", "Executed here, it \(ending)"]
        for (said, found) in zip(receipt, Self.numbers(executed, transcript.job)) {
            let title = "  " + said.title + String(repeating: " ", count: 15 - said.title.count)
            if said.value == found.value {
                lines.append("\(title)\(said.value)")
            } else {
                lines += [
                    "\(title)\(said.value)  in the receipt",
                    "  \(String(repeating: " ", count: 15))\(found.value)  here: DIFFERS",
                ]
            }
        }
        return lines
    }

    private var auditLines: [String] {
        if transcript.audits.isEmpty { return [] }
        return ["", "Auditors that a hidden draw chose"] + transcript.audits.map { "  \($0.sentence)" }
    }

    private var disputeLines: [String] {
        guard let decided = transcript.decided else { return [] }
        return [""] + decided.dispute.lines(decided.settledEpoch) + decided.slashLines
    }

    private var verdictLines: [String] {
        var lines = [""]
        if executed == nil {
            lines.append("Verdict: none by executing it here, because \(reason).")
        } else if differences.isEmpty {
            lines.append("Verdict: the receipt is what the task gives.")
        } else {
            let names = differences.map(\.name).joined(separator: ", ")
            lines.append("Verdict: the receipt is WRONG in \(names).")
        }
        let agreement =
            switch chain {
            case .same: "The chain judged the same"
            case .other: "The chain judged OTHERWISE"
            case .open: "The chain has not judged yet"
            case .none: "The chain judged nothing"
            }
        return lines + ["\(agreement): \(chainSays)."]
    }
}

extension AuditEntry {
    /// "merit1…, drawn first: found another result".
    var sentence: String {
        let who = "\(operatorAddress.bech32), \(round == .first ? "drawn first" : "drawn to check the first")"
        switch state {
        case .committed: return "\(who): said that it executed the task, and has not said what came out"
        case .agrees: return "\(who): found the receipt's result"
        case .differs: return "\(who): found another result, output \(result.map { "\($0.output)" } ?? "")"
        case .ignored: return "\(who): counts for nothing, the task was no duty of it"
        }
    }
}

extension TaskTranscript.Decided {
    fileprivate var slashLines: [String] {
        if settledEpoch == nil { return [] }
        if slashes.isEmpty { return ["  nobody is slashed on this evidence in that epoch"] }
        return slashes.map { row in
            "  slashed \(row.amount.tokens) MRT: \(row.key.account.bech32) \(row.key.offence.text) "
                + "(\(row.reporter.tokens) to the reporter, \(row.injured.tokens) to the injured, "
                + "\(row.burned.tokens) burned)"
        }
    }
}

extension ProvenDispute {
    /// `settled`: the epoch whose end decided it; nil while it is open, or where the reader knows.
    func lines(_ settled: UInt64?) -> [String] {
        var lines = ["Dispute on task \(place.index) of job \(place.job)", "  evidence   \(id)"]
        if let claimed = record.claimed {
            lines += [
                "  opened by  \(record.reporter.bech32) with a deposit of \(record.deposit.tokens) MRT,",
                "             claiming output \(claimed.output)",
            ]
        } else {
            lines.append("  opened by  the \(record.opening) of \(record.reporter.bech32)")
            if let objection = record.objection {
                lines.append("             to the digest of \(objection.auditor.bech32)")
            }
        }
        if let receipt = task.result {
            lines.append("  receipt    output \(receipt.output), fuel \(receipt.fuel), of \(task.provider.bech32)")
        }
        lines += record.verdicts.map { "  verdict    \($0.sentence)" }
        lines.append("  votes      by stake in epoch \(record.epoch), of \(totalStake.tokens) MRT in all")
        for vote in votes {
            let said = vote.vote.map { "result \(number(of: $0) + 1)" } ?? "absent"
            lines.append("    \(vote.member.operatorAddress.bech32)  \(vote.member.stake.tokens) MRT  \(said)")
        }
        for (index, side) in tally.sides.enumerated() {
            let whose = side.result == task.result ? " (the receipt's)" : ""
            lines.append(
                "  result \(index + 1)   \(side.stake.tokens) MRT: output \(side.result.output), "
                    + "final state \(side.result.finalState), fuel \(side.result.fuel)\(whose)")
        }
        return lines + [outcomeLine(settled)]
    }

    private func number(of vote: VoteRecord) -> Int {
        tally.sides.firstIndex { $0.result == vote.result && $0.digests == vote.digests } ?? 0
    }

    private func outcomeLine(_ settled: UInt64?) -> String {
        let when = settled.map { " at the end of epoch \($0), block \(height)" } ?? " before block \(height)"
        switch tally.outcome {
        case .stands(let index): return "  stood\(when): result \(index + 1), with more than 2/3 of the stake"
        case .nonDeterministic: return "  stood\(when): none; two results have more than 1/3 of the stake each"
        case .unresolved: return "  stood\(when): none, and the time for votes is over"
        case .extended: return "  stood\(when): none yet by the votes above"
        }
    }
}

extension Equivocation {
    var lines: [String] {
        [
            "Two \(kind) that the validator \(validator) signed at height \(height), round \(round)",
            "  evidence   \(id)",
            "  for block  \(first.map { "\($0)" } ?? "none")", "  for block  \(second.map { "\($0)" } ?? "none")",
        ]
    }
}
