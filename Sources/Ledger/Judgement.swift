// What the disputes of an epoch came to, between their decision and the settlement that pays by it.
import Chain
import Primitives
import Rewards

/// One side of a vote: everybody who executed a task with the same outcome.
struct DisputeSide {
    let result: TaskResult
    let digests: [Digest]
    private(set) var voters: [Address] = []
    private(set) var stakes: [Amount] = []
    private(set) var stake = Amount.zero

    private init(_ vote: VoteRecord) { (result, digests) = (vote.result, vote.digests) }

    /// In the order of their first voters; votes ascend by operator.
    static func sides(_ votes: [(voter: Address, vote: VoteRecord)], _ set: EpochSet) -> [DisputeSide] {
        var sides: [DisputeSide] = []
        for (voter, vote) in votes {
            guard let member = set.member(voter) else { continue }
            var index = sides.firstIndex { $0.result == vote.result && $0.digests == vote.digests }
            if index == nil {
                index = sides.count
                sides.append(DisputeSide(vote))
            }
            guard let index else { continue }
            sides[index].voters.append(voter)
            sides[index].stakes.append(member.stake)
            sides[index].stake = sides[index].stake.credited(member.stake)
        }
        return sides
    }
}

/// A task in dispute, with what its decision needs.
struct DisputedTask {
    let place: TaskPlace
    let dispute: DisputeRecord
    let task: TaskRecord
    let job: JobRecord

    var id: Digest { DisputeRecord.id(place) }
    func said(_ entry: AuditEntry) -> TaskResult? { entry.result ?? task.result }

    /// Whose verdict or vote has another result than what stands, and who said that result with a wrong digest.
    func losers(truth: DisputeSide, sides: [DisputeSide]) -> DisputeLosers {
        var results: Set<Address> = []
        var digests: Set<Address> = []
        for side in sides where side.result != truth.result { results.formUnion(side.voters) }
        for side in sides where side.result == truth.result && side.digests != truth.digests {
            digests.formUnion(side.voters)
        }
        for (entry, digest) in zip(dispute.verdicts, truth.digests) {
            if said(entry) != truth.result {
                results.insert(entry.operatorAddress)
            } else if entry.digest != digest || repeatsWrongly(entry, truth) || misjudges(entry, truth) {
                digests.insert(entry.operatorAddress)
            }
        }
        if isObjectionWrong(truth) { digests.insert(dispute.reporter) }
        return DisputeLosers(results: results.sorted(), digests: digests.subtracting(results).sorted())
    }

    /// What the answer of who is not admitted should have been, by the vote; nil without one.
    func answer(by truth: DisputeSide) -> Digest? { dispute.answer == nil ? nil : truth.digests.last }

    /// The auditor is wrong about that answer.
    private func misjudges(_ entry: AuditEntry, _ truth: DisputeSide) -> Bool {
        guard let said = entry.admissionDigest, let right = answer(by: truth) else { return false }
        return said != right
    }

    private func isObjectionWrong(_ truth: DisputeSide) -> Bool {
        guard let objection = dispute.objection else { return false }
        return dispute.verdicts.firstIndex(where: objection.isAbout).map { truth.digests[$0] != objection.digest }
            ?? true
    }

    /// A second auditor's copy of a first one's digest is not what it should be.
    private func repeatsWrongly(_ entry: AuditEntry, _ truth: DisputeSide) -> Bool {
        zip(entry.firsts, entry.firstDigests).contains { first, said in
            let index = dispute.verdicts.firstIndex { $0.operatorAddress == first && $0.round == .first }
            return index.map { said != truth.digests[$0] } ?? false
        }
    }
}

/// Everybody on a losing side, each ascending and once; a wrong result is the graver.
struct DisputeLosers {
    let results: [Address]
    let digests: [Address]

    var isEmpty: Bool { results.isEmpty && digests.isEmpty }
}

/// What the votes on a task came to.
struct DisputeDecision {
    let disputed: DisputedTask
    let set: EpochSet
    let votes: [(voter: Address, vote: VoteRecord)]
    let sides: [DisputeSide]
    let outcome: DisputeOutcome

    /// nil where no result stands.
    var losers: [Address]? {
        guard case .stands(let index) = outcome else { return nil }
        let losers = disputed.losers(truth: sides[index], sides: sides)
        return losers.results + losers.digests
    }
}

/// Who voted for the result that stands, and who called for the vote if he was right.
struct VoterClaim {
    let computeUnits: UInt64
    /// Base units per cu that the work is worth.
    let price: UInt64
    let voters: [Address]
    let stakes: [Amount]
    let reporter: Address?
    let evidence: Digest
}

struct Judgement {
    /// Providers whose unsettled pay is lost.
    var frauds: Set<Address> = []
    /// Disputes that a provider lost.
    var failures: [Address: UInt64] = [:]
    /// Tasks whose receipts stood in a dispute.
    var verified: Set<TaskPlace> = []
    /// Why some receipts of a provider are not paid.
    var unpaid: [Address: Reason] = [:]
    /// v of the largest task of a provider that is not settled.
    var largestParts: [Address: Amount] = [:]
    /// Validators that did not vote.
    var absent: Set<Address> = []
    /// Audited tasks of a provider that are settled now.
    var successes: [Address: UInt64] = [:]
    /// Validators that are jailed at the epoch's end, unless they are too many.
    var jailings: Set<Address> = []
    /// Auditors whose key of the judged epoch nobody knows.
    var undisclosed: Set<Address> = []
    /// Tasks whose audit somebody missed, and who did.
    var missed: [TaskPlace: Set<Address>] = [:]
    /// Tasks that wait for an auditor in another's place.
    var redrawn: Set<TaskPlace> = []
    /// Engines whose slashes wait.
    var tripped: Set<Digest> = []
    /// Who is paid out of an auditor's slash of this epoch, where the provider was right.
    var claims: [Address: VoterClaim] = [:]
    private var dues: [RewardKey: (amount: Amount, evidence: Digest)] = [:]

    mutating func withhold(_ reason: Reason, from provider: Address) {
        let before = unpaid[provider] ?? reason
        unpaid[provider] = before.rawValue < reason.rawValue ? reason : before
    }

    mutating func pay(_ amount: Amount, to account: Address, _ kind: RewardKind, evidence: Digest) {
        if amount == .zero { return }
        let key = RewardKey(account: account, kind: kind)
        let before = dues[key] ?? (.zero, evidence)
        dues[key] = (before.amount.credited(amount), min(before.evidence, evidence))
    }

    /// One row for each account and kind, ascending.
    var rows: [RewardRow] {
        dues.keys.sorted().compactMap { key in
            dues[key].map { due in
                RewardRow(
                    key: key, amount: due.amount, reason: key.kind == .reporter ? .offenceReported : .compensated,
                    evidence: due.evidence)
            }
        }
    }
}
