// Jobs, tasks and providers as the market's methods answer them. Digests that are not there are empty strings.
package import Chain
package import Ledger
package import Primitives

extension JobRecord {
    /// `states`: how many tasks stand where, counted by the caller.
    package func json(id: Digest, states: JSON) -> JSON {
        [
            "id": .hex(id), "requester": .string(requester.bech32), "program": .hex(request.program),
            "input": .hex(request.input), "own_bytes": .hex(ownBytes), "input_bytes": .number(inputBytes),
            "pages": .number(pages), "tasks": .number(request.tasks),
            "limits": [
                "fuel": .decimal(request.limits.fuel), "output_bytes": .number(request.limits.outputBytes),
                "compute_units": .decimal(request.limits.computeUnits),
            ],
            "bid": .decimal(request.bid), "resource": .number(request.resource), "engine_id": .hex(request.engineID),
            "assurance": .decimal(request.assurance), "submitted": .decimal(submitted),
            "escrow": .decimal(escrow.units), "prepaid_audit": .decimal(assurance.units),
            "held": .decimal(held.units), "next": .number(next), "end": .number(end), "done": .number(done),
            "closed": .number(closed), "states": states,
            "class": .string(request.replicas == 0 ? "D" : "Q"), "replicas": .number(request.replicas),
        ]
    }
}

extension TaskRecord {
    /// As it is seen in the epoch of the answer.
    package func json(index: UInt32, _ outlook: DisputeOutlook? = nil) -> JSON {
        [
            "index": .number(index), "state": .string(state.label), "provider": .string(provider.bech32),
            "late_provider": .string(late?.bech32 ?? ""), "assigned": .decimal(assigned),
            "deadline": .decimal(deadline), "budget": .decimal(budget), "output": .hex(result?.output),
            "output_bytes": .number(result?.outputBytes ?? 0), "final_state": .hex(result?.finalState),
            "fuel": .decimal(result?.fuel ?? 0), "peak_pages": .number(result?.peakPages ?? 0),
            "compute_units": .decimal(computeUnits), "delivered": .decimal(delivered ?? .zero),
            "audited": .bool(isAudited),
            "dispute": outlook.map { outlook -> JSON in
                ["window": .string(outlook.window.rawValue), "deposit": .decimal(outlook.deposit.units)]
            } ?? .null,
        ]
    }
}

extension ProviderEntry {
    package var json: JSON {
        [
            "account": .string(account.bech32), "bond": .decimal(bond.units), "slots": .decimal(slots),
            "offers": .array(work?.offers.map(\.json) ?? []),
            "endpoint": .string(String(decoding: work?.endpoint ?? [], as: UTF8.self)),
            "open_tasks": .decimal(work?.openTasks ?? 0), "reliability": .decimal(reputation.reliability),
            "paused": .bool(work?.isPaused ?? false), "admission": AdmissionStatus.json(admission),
        ]
    }
}

extension AdmissionStatus {
    /// `status` nil for who is admitted; `tasks` of a provider's own question.
    package static func json(_ status: AdmissionStatus?, tasks: [TaskPlace]? = nil) -> JSON {
        let record = status?.record
        var members: [JSON.Member] = [
            .init("admitted", .bool(status == nil)), .init("needed", .decimal(record?.needed ?? 0)),
            .init("answered", .decimal(record?.answered ?? 0)), .init("right", .decimal(record?.right ?? 0)),
            .init("wrong", .decimal(record?.wrong ?? 0)), .init("open", .decimal(record?.open ?? 0)),
            .init("waits_for", .string(status?.wait.label ?? "")),
        ]
        if let tasks {
            let places = tasks.map { place -> JSON in ["job": .hex(place.job), "index": .number(place.index)] }
            members.append(.init("tasks", .array(places)))
        }
        return .object(members)
    }
}

extension Offer {
    package var json: JSON {
        ["resource": .number(resource), "engine_id": .hex(engineID), "ask": .decimal(ask)]
    }
}
