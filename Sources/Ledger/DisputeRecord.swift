// A task that every validator executes, and their votes. Both are forgotten with the decision.
// Invariant: deposits of all disputes are part of Supply.escrow.
package import Chain
package import Codec
import Cryptography
package import Primitives
import Quorum
import Rewards

package struct DisputeRecord: Hashable, Sendable, Message {
    /// Of the receipt; its members vote.
    package let epoch: UInt64
    /// The auditor whose verdict opened it, or the account that did.
    package let reporter: Address
    /// What that account says and holds; nil where a verdict opened it.
    package let claimed: TaskResult?
    package let deposit: Amount
    /// R of the block after the receipt's: salts of first auditors and voters.
    package let beacon: Digest
    /// Salts of second auditors.
    package let recheckBeacon: Digest?
    /// One more epoch to vote.
    package var isExtended = false
    /// Revealed verdicts on the task: votes repeat the digest of each.
    package var verdicts: [AuditEntry] = []
    /// Of who is not admitted; votes repeat its digest after the verdicts'.
    package var answer: DisputedAnswer?
    /// With which an auditor opened it: its digest is checked as that of a verdict is.
    package var objection: DigestObjection?

    init(
        epoch: UInt64, reporter: Address, claim: (result: TaskResult, deposit: Amount)?,
        beacons: (first: Digest, recheck: Digest?)
    ) {
        (self.epoch, self.reporter) = (epoch, reporter)
        (claimed, deposit) = (claim?.result, claim?.deposit ?? .zero)
        (beacon, recheckBeacon) = beacons
    }

    /// What identifies the dispute on a task in rows of tables.
    package static func id(_ place: TaskPlace) -> Digest { Hash.sha256([Bytes("dispute".utf8), place.bytes]) }

    /// The salts that a vote repeats, in its order.
    package func salts(_ place: TaskPlace) -> [Bytes] {
        let auditors = verdicts.map { entry in
            let beacon = entry.round == .first ? beacon : recheckBeacon ?? beacon
            return Verdict.salt(beacon: beacon, auditor: entry.operatorAddress, task: place)
        }
        return auditors + (answer.map { [$0.salt.bytes] } ?? [])
    }

    /// For people and programs: what opened it.
    package var opening: String { claimed != nil ? "deposit" : objection != nil ? "objection" : "verdict" }

    /// How many digests a vote repeats.
    var digests: Int { verdicts.count + (answer == nil ? 0 : 1) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epoch + 1)
        encoder.data(2, reporter)
        encoder.message(3, optional: claimed)
        encoder.unsigned(4, deposit.units)
        encoder.data(5, beacon)
        if let recheckBeacon { encoder.data(6, recheckBeacon) }
        encoder.bool(7, isExtended)
        encoder.messages(8, verdicts)
        encoder.message(9, optional: answer)
        encoder.message(10, optional: objection)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let epochPlusOne = try decoder.unsigned(1)
        if epochPlusOne == 0 { throw .missing(field: 1) }
        epoch = epochPlusOne - 1
        reporter = try decoder.fixedBytes(2)
        claimed = try decoder.optionalMessage(3)
        deposit = Amount(try decoder.unsigned(4))
        beacon = try decoder.fixedBytes(5)
        recheckBeacon = try decoder.optionalFixedBytes(6)
        isExtended = try decoder.bool(7)
        verdicts = try decoder.messages(8, count: AuditLimits.digestsMax)
        answer = try decoder.optionalMessage(9)
        objection = try decoder.optionalMessage(10)
    }
}

package struct VoteRecord: Hashable, Sendable, Message {
    package let result: TaskResult
    package let digests: [Digest]

    init(_ vote: DisputeVote) { (result, digests) = (vote.result, vote.digests) }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, result)
        for digest in digests { encoder.element(2, digest.bytes) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        result = try decoder.message(1)
        digests = try decoder.digests(2, count: AuditLimits.digestsMax)
    }
}

extension StateKey {
    package static func dispute(_ place: TaskPlace) -> Bytes { [StateTag.dispute.rawValue] + place.bytes }
    static func votes(_ place: TaskPlace) -> Bytes { [StateTag.disputeVote.rawValue] + place.bytes }
    package static func vote(_ place: TaskPlace, of operatorAddress: Address) -> Bytes {
        votes(place) + operatorAddress.bytes
    }
}
