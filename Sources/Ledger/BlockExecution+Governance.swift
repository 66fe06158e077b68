// Changes of parameters (rewards design, section 10): proposed by a validator, passed by more than 2/3 of the stake at
// an epoch's end, in force from the next epoch's end on. The function that judges a genesis judges each proposal and
// each activation; what it refuses is shown with the rule and its two sides.
import Chain
import Primitives
import Rewards

extension BlockExecution {
    mutating func perform(_ request: ProposeChange, by sender: Address) throws(Rule) {
        guard count.index(of: sender) != nil else { throw .notInSet }
        let (changes, current) = (request.changes, view.parameters)
        guard !changes.isEmpty, zip(changes, changes.dropFirst()).allSatisfy({ $0.number < $1.number }) else {
            throw .badChanges
        }
        for change in changes where !LedgerParameters.fields.contains(where: { $0.number == change.number }) {
            throw .unknownSetting
        }
        guard current.changed(by: changes) != current.settings else { throw .nothingChanges }
        let open = state.scan(.proposal, as: ProposalRecord.self).map(\.record).filter { $0.status == .open }
        guard open.count < ProposalRecord.openMax, !open.contains(where: { $0.proposer == sender }) else {
            throw .tooManyProposals
        }
        if let refusal = refusal(of: changes, to: current) {
            detail = refusal
            throw .parametersRefused
        }
        let newest: GovernanceRecord? = state.load(StateKey.singleton(.governance))
        let number = (newest?.newest ?? 0) + 1
        state.store(GovernanceRecord(newest: number), .governance)
        let record = ProposalRecord(
            number: number, proposer: sender, changes: changes, closes: epoch(daysAhead: ProposalRecord.days))
        state.store(record, at: StateKey.proposal(number))
    }

    mutating func perform(_ vote: VoteForChange, by sender: Address) throws(Rule) {
        guard count.index(of: sender) != nil else { throw .notInSet }
        guard var record: ProposalRecord = state.load(StateKey.proposal(vote.proposal)) else {
            throw .unknownProposal
        }
        guard record.status == .open else { throw .proposalClosed }
        guard !record.votes.contains(sender) else { throw .alreadyVoted }
        record.votes = (record.votes + [sender]).sorted()
        state.store(record, at: StateKey.proposal(vote.proposal))
    }

    private func epoch(daysAhead days: UInt64) -> UInt64 {
        let (epoch, overflow) = (view.epoch.number + 1).addingReportingOverflow(view.parameters.epochs(days: days))
        return overflow ? .max : epoch
    }

    /// Why these changes may not come into force; nil where they may.
    private func refusal(of changes: [Setting], to current: LedgerParameters) -> Bytes? {
        do throws(GenesisError) {
            _ = try LedgerParameters(current.changed(by: changes), view.consensus)
            return nil
        } catch {
            let text = if case .parameters(let rule) = error { rule } else { "\(error)" }
            return Bytes(text.utf8.prefix(ProposalRecord.refusalBytesMax))
        }
    }

    // MARK: The end of an epoch

    /// First what passed an epoch ago comes into force, one after the other, then votes are counted.
    mutating func turnGovernance() {
        var parameters = view.parameters
        let epoch = view.epoch.number
        let keep = view.parameters.epochs(days: ProposalRecord.days)
        for (_, before) in state.scan(.proposal, as: ProposalRecord.self) {
            var record = before
            switch record.status {
            case .passed: activate(&record, &parameters)
            case .open: countVotes(&record)
            case .inForce, .expired, .refused:
                let (end, overflow) = record.decided.addingReportingOverflow(keep)
                if !overflow && end <= epoch { state.remove(StateKey.proposal(record.number)) }
                continue
            }
            if record.status != before.status { record.decided = epoch }
            state.store(record, at: StateKey.proposal(record.number))
        }
        if parameters != view.parameters { state.store(ParameterRecord(parameters), .ledgerParameters) }
    }

    private func activate(_ record: inout ProposalRecord, _ parameters: inout LedgerParameters) {
        if let refusal = refusal(of: record.changes, to: parameters) {
            (record.status, record.refusal) = (.refused, refusal)
        } else {
            parameters = LedgerParameters(stored: parameters.changed(by: record.changes))
            record.status = .inForce
        }
    }

    /// With the stake at the start of the epoch that ends.
    private func countVotes(_ record: inout ProposalRecord) {
        let places = record.votes.compactMap { count.index(of: $0) }
        let stake = places.reduce(UInt128(0)) { $0 + UInt128(count.members[$1].stake.units) }
        if 3 * stake > 2 * UInt128(count.totalStake.units) {
            record.status = .passed
        } else if view.epoch.number + 1 >= record.closes {
            record.status = .expired
        }
    }
}

extension LedgerParameters {
    /// All settings, with these values in the place of their own.
    func changed(by changes: [Setting]) -> [Setting] {
        settings.map { setting in changes.first { $0.number == setting.number } ?? setting }
    }
}
