// The statements of one epoch, window by window, and the votes.
import Chain
import Codec
import Cryptography
import Primitives

extension AuditDesk {
    mutating func statements(for epoch: AuditedEpoch) -> [AuditContent] {
        switch epoch.window {
        case .running, .over: []
        case .commit: commit(.first, epoch)
        case .recheck: commit(.recheck, epoch)
        case .reveal: epoch.isDisclosed ? reveal(epoch) : disclose(epoch)
        }
    }

    /// All verdicts of the round at once when they are there; what is there when time runs out. One part at a time.
    private mutating func commit(_ round: AuditRound, _ epoch: AuditedEpoch) -> [AuditContent] {
        let part = UInt32(epoch.commits.count { $0.round == round })
        guard part < AuditLimits.partsMax, isSettled(epoch) else { return [] }
        let subject = Subject.commit(epoch: epoch.epoch, round: round, part: part)
        let content = sent[subject] == nil ? newCommit(round, part, epoch).map { AuditContent.commit($0) } : nil
        return say(subject) { content }
    }

    private func newCommit(_ round: AuditRound, _ part: UInt32, _ epoch: AuditedEpoch) -> VerdictCommit? {
        let open = epoch.duties.prefix(AuditorLimits.dutiesMax).filter {
            $0.round == round && epoch.commit(of: $0) == nil
        }
        let ready = open.filter { findings[$0.run] != nil }.sorted { $0.task < $1.task }
        let isComplete = open.allSatisfy { findings[$0.run] != nil || isHopeless($0.run) }
        guard !ready.isEmpty, isComplete || epoch.isUrgent else { return nil }
        var (tasks, leaves, bytes): ([TaskPlace], [Bytes], Int) = ([], [], 0)
        for duty in ready.prefix(AuditLimits.verdictsMax) {
            guard let leaf = verdict(duty, epoch.epoch)?.encoded else { continue }
            bytes += leaf.count + 4
            if bytes > AuditLimits.leafBytesMax { break }
            tasks.append(duty.task)
            leaves.append(leaf)
        }
        return VerdictCommit(
            epoch: epoch.epoch, round: round, part: part, tasks: tasks, root: MerkleTree.root(of: leaves))
    }

    private mutating func disclose(_ epoch: AuditedEpoch) -> [AuditContent] {
        say(.disclosure(epoch: epoch.epoch)) {
            let units = epoch.duties.reduce(UInt64(0)) { sum, duty in
                let (total, overflow) = sum.addingReportingOverflow(duty.computeUnits)
                return overflow ? .max : total
            }
            let count = UInt32(clamping: epoch.duties.count)
            return .disclosure(
                KeyDisclosure(epoch: epoch.epoch, proof: epoch.proof, duties: count, computeUnits: units))
        }
    }

    private mutating func reveal(_ epoch: AuditedEpoch) -> [AuditContent] {
        var statements: [AuditContent] = []
        for said in epoch.commits where !said.isRevealed {
            guard let reveal = reveal(of: said, epoch), reveal.root == said.root else { continue }
            statements += say(.reveal(epoch: epoch.epoch, round: said.round, part: said.part)) { .reveal(reveal) }
        }
        return statements
    }

    /// nil while a verdict under it is not there.
    private func reveal(of said: SaidCommit, _ epoch: AuditedEpoch) -> VerdictReveal? {
        var verdicts: [Verdict] = []
        for task in said.tasks {
            guard let duty = epoch.duty(said.round, task), let verdict = verdict(duty, epoch.epoch)
            else { return nil }
            verdicts.append(verdict)
        }
        return VerdictReveal(epoch: epoch.epoch, round: said.round, part: said.part, verdicts: verdicts)
    }

    func lostCommits(of epoch: AuditedEpoch) -> Int {
        epoch.commits.count { said in
            !said.isRevealed && reveal(of: said, epoch).map { $0.root != said.root } ?? false
        }
    }

    mutating func vote(in dispute: DisputedTask) -> [AuditContent] {
        guard let finding = findings[dispute.run], let own = finding.digests.first else { return [] }
        return say(.vote(dispute.task)) {
            .vote(
                DisputeVote(
                    task: dispute.task, result: finding.result, digest: own, digests: Array(finding.digests.dropFirst())
                ))
        }
    }

    /// The first digest that this machine's execution does not give; the dispute compares the others.
    mutating func object(_ check: CheckedTask) -> [AuditContent] {
        guard check.isOpen, let finding = findings[check.run],
            let (other, digest) = zip(check.others, finding.digests).first(where: { $0.digest != $1 })
        else { return [] }
        if sent[check.subject] == nil { counters.objections += 1 }
        return say(check.subject) {
            .objection(
                DigestObjection(
                    epoch: check.epoch, task: check.task, of: (other.auditor, other.round), digest: digest))
        }
    }

    /// What another auditor missed. It needs no execution: the draw is public now.
    mutating func state(_ missed: MissedDuties) -> [AuditContent] {
        guard let subject = missed.subject else { return [] }
        if sent[subject] == nil { counters.misses += UInt64(missed.tasks.count) }
        return say(subject) { .missed(missed) }
    }

    private func verdict(_ duty: DrawnTask, _ epoch: UInt64) -> Verdict? {
        guard let finding = findings[duty.run], let own = finding.digests.first else { return nil }
        let others = finding.digests.dropFirst()
        return Verdict(
            task: duty.task, result: finding.result, digest: own,
            others: (Array(others.dropLast(duty.hasAnswer ? 1 : 0)), duty.hasAnswer ? others.last : nil),
            nonce: nonce(duty, epoch))
    }

    private func nonce(_ duty: DrawnTask, _ epoch: UInt64) -> Digest {
        guard let seed = nonceSeeds[epoch] else { preconditionFailure("a verdict of closed epoch \(epoch)") }
        return Hash.sha256([Bytes("nonce".utf8), seed.bytes, duty.round.rawValue.bigEndianBytes, duty.task.bytes])
    }
}

extension TaskPlace {
    fileprivate static func < (lhs: TaskPlace, rhs: TaskPlace) -> Bool {
        (lhs.job, lhs.index) < (rhs.job, rhs.index)
    }
}
