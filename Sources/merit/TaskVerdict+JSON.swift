// A task's transcript for programs: the names stand in `Network/answers.md`.
import Chain
import Client
import Ledger
import Primitives
import RPC
import Rewards

extension TaskVerdict {
    /// Without what says how far it is proved.
    var members: [(String, JSON)] {
        let place = transcript.place
        return [
            ("job", .hex(place.job)), ("index", .number(place.index)), ("verdict", .string(name)),
            ("reason", .string(reason)),
            (
                "differences",
                .array(
                    differences.map { entry in
                        [
                            "name": .string(entry.name), "receipt": .string(entry.receipt.uppercased()),
                            "executed": .string(entry.executed.uppercased()),
                        ]
                    })
            ),
            ("chain", .string(chain.rawValue)), ("chain_says", .string(chainSays)), ("task", taskJSON),
            ("receipt", receiptJSON), ("executed", executedJSON),
            ("audits", .array(transcript.audits.map { $0.json(result: $0.result ?? receiptOf($0)) })),
            ("dispute", disputeJSON), ("panel", .null),
        ]
    }

    private var receiptJSON: JSON {
        transcript.task.result?.json.adding("compute_units", .decimal(transcript.task.computeUnits)) ?? .null
    }

    private var executedJSON: JSON {
        guard let executed else { return .null }
        let units = Self.computeUnits(executed, transcript.job)
        return executed.json.adding("compute_units", .decimal(units)).adding("ending", .string(ending))
    }

    private func receiptOf(_ entry: AuditEntry) -> TaskResult? {
        entry.state == .agrees ? transcript.task.result : nil
    }

    private var taskJSON: JSON {
        let (job, task) = (transcript.job, transcript.task)
        return [
            "state": .string(task.state.label),
            "class": .string(job.request.resource == ResourceClass.open.rawValue ? "Q" : "D"),
            "requester": .string(job.requester.bech32), "provider": .string(task.provider.bech32),
            "late_provider": .string(task.late?.bech32 ?? ""), "program": .hex(job.request.program),
            "input": .hex(job.request.input), "own_bytes": .hex(job.ownBytes),
            "engine_id": .hex(job.request.engineID), "assigned": .decimal(task.assigned),
            "delivered": .decimal(task.delivered ?? .zero),
            "epoch": transcript.epoch.map { .decimal($0) } ?? .null,
        ]
    }

    private var disputeJSON: JSON {
        guard let decided = transcript.decided else { return .null }
        return decided.dispute.json(isOpen: decided.settledEpoch == nil)
            .adding("settled_epoch", decided.settledEpoch.map { .decimal($0) } ?? .null)
            .adding("slashes", .array(decided.slashes.map(\.json)))
    }
}

extension TaskResult {
    var json: JSON {
        [
            "output": .hex(output), "final_state": .hex(finalState), "fuel": .decimal(fuel),
            "peak_pages": .number(peakPages), "output_bytes": .number(outputBytes),
        ]
    }
}

extension AuditEntry {
    func json(result: TaskResult?) -> JSON {
        [
            "auditor": .string(operatorAddress.bech32), "round": .string(round == .first ? "first" : "recheck"),
            "state": .string("\(state)"), "result": result?.json ?? .null, "digest": digest.map { .hex($0) } ?? .null,
        ]
    }
}

extension DigestObjection {
    fileprivate var json: JSON {
        [
            "auditor": .string(auditor.bech32), "round": .string(round == .first ? "first" : "recheck"),
            "digest": .hex(digest),
        ]
    }
}

extension ProvenDispute {
    func json(isOpen: Bool) -> JSON {
        [
            "task": ["job": .hex(place.job), "index": .number(place.index)], "evidence": .hex(id),
            "epoch": .decimal(record.epoch), "height": .decimal(height),
            "opened_by": .string(record.reporter.bech32),
            "opened_with": .string(record.opening),
            "objection": record.objection?.json ?? .null,
            "claimed": record.claimed?.json ?? .null, "deposit": .decimal(record.deposit.units),
            "extended": .bool(record.isExtended), "receipt": task.result?.json ?? .null,
            "verdicts": .array(record.verdicts.map { $0.json(result: said($0)) }),
            "total_stake": .decimal(totalStake.units),
            "votes": .array(
                votes.map { vote in
                    [
                        "voter": .string(vote.member.operatorAddress.bech32),
                        "stake": .decimal(vote.member.stake.units), "result": vote.vote?.result.json ?? .null,
                    ]
                }),
            "results": .array(
                tally.sides.map { side in
                    [
                        "result": side.result.json, "stake": .decimal(side.stake.units),
                        "voters": .array(side.voters.map { .string($0.bech32) }),
                        "digests": .array(side.digests.map { .hex($0) }),
                        "is_receipt": .bool(side.result == task.result),
                    ]
                }),
            "outcome": .string(isOpen && tally.standing == nil ? "open" : outcomeLabel),
            "stands": tally.standing?.json ?? .null,
        ]
    }

    private var outcomeLabel: String {
        switch tally.outcome {
        case .stands: "stands"
        case .nonDeterministic: "not_deterministic"
        case .extended: "extended"
        case .unresolved: "unresolved"
        }
    }
}

extension Equivocation {
    var json: JSON {
        [
            "kind": .string(kind), "validator": .hex(validator), "height": .decimal(height), "round": .number(round),
            "first": .hex(first), "second": .hex(second),
        ]
    }
}
