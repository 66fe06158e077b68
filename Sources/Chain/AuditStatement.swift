// What an auditor says under its audit key: that it judged tasks (hidden under a root), which key drew them, what the
// verdicts were, and how it votes in a dispute. Source: the rewards design, section 7.
// Invariant: a commit's root covers leaves with nonces, so no verdict can be read or copied before its reveal.
package import Codec
package import Cryptography
package import Primitives
package import Quorum

/// Bounds on what one auditor says at once.
package enum AuditLimits {
    /// Tasks of one commit, and verdicts of one reveal.
    package static let verdictsMax = 4_096
    /// Parts of one auditor's commits in one epoch and round.
    package static let partsMax: UInt32 = 16
    /// Verdicts that an auditor has room for in one epoch and round.
    package static let dutiesMax = UInt32(verdictsMax) * partsMax
    /// Salted digests that one dispute compares.
    package static let digestsMax = 64
    /// First auditors whose digests a second one repeats.
    package static let firstsMax = 8
    /// Of the leaves of one reveal, so that it fits an item.
    package static let leafBytesMax = Item.bytesMax - 65_536
}

/// The job and number of one task.
package struct TaskPlace: Hashable, Sendable, Message {
    package let job: Digest
    package let index: UInt32

    package init(job: Digest, index: UInt32) { (self.job, self.index) = (job, index) }

    /// As it stands in hashes and at the end of state keys.
    package var bytes: Bytes { job.bytes + index.bigEndianBytes }

    /// From the last bytes of a state key.
    package init(keySuffix key: Bytes) {
        guard let job = Digest(key.suffix(36).prefix(32)), let index = UInt32(bigEndian: key.suffix(4)) else {
            preconditionFailure("a task key of \(key.count) bytes")
        }
        (self.job, self.index) = (job, index)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, job)
        encoder.unsigned(2, UInt64(index))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        job = try decoder.fixedBytes(1)
        index = try decoder.unsigned32(2)
    }
}

/// Which draw gave the duty. The raw value is its number on the chain.
package enum AuditRound: UInt32, CaseIterable, Sendable {
    case first = 1
    /// A second auditor, who also checks the first one's salted digest.
    case recheck = 2

    /// The first bytes of the draw's hash.
    package var label: Bytes { Bytes((self == .first ? "audit" : "recheck").utf8) }
}

package struct AuditStatement: Hashable, Sendable, Message {
    /// The registered audit key.
    package let auditor: PublicKey
    package let content: AuditContent
    package let signature: Signature

    package init(auditor: PublicKey, content: AuditContent, signature: Signature) {
        (self.auditor, self.content, self.signature) = (auditor, content, signature)
    }

    package init(signing content: AuditContent, by key: SigningKey, chainID: ChainID) {
        let message = Self.message(key.publicKey, content, chainID)
        self.init(auditor: key.publicKey, content: content, signature: key.sign(message))
    }

    /// What is signed.
    package var signedContent: Bytes { Self.canonical(auditor, content) }

    private static func canonical(_ auditor: PublicKey, _ content: AuditContent) -> Bytes {
        var encoder = Encoder()
        encoder.data(1, auditor)
        content.encode(into: &encoder)
        return encoder.bytes
    }

    private static func message(_ auditor: PublicKey, _ content: AuditContent, _ chainID: ChainID) -> Bytes {
        SigningDomain.verdict.message(chainID: chainID.bytes, canonical(auditor, content))
    }

    func signatureClaim(chainID: ChainID) -> SignatureClaim {
        SignatureClaim(key: auditor, message: Self.message(auditor, content, chainID), signature: signature)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, auditor)
        content.encode(into: &encoder)
        encoder.data(20, signature)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        auditor = try decoder.fixedBytes(1)
        content = try AuditContent(from: &decoder)
        signature = try decoder.fixedBytes(20)
    }
}

/// Field numbers from 10 up are the kinds.
package enum AuditContent: Hashable, Sendable {
    case commit(VerdictCommit)
    case disclosure(KeyDisclosure)
    case reveal(VerdictReveal)
    case vote(DisputeVote)
    case missed(MissedDuties)
    case objection(DigestObjection)

    func encode(into encoder: inout Encoder) {
        switch self {
        case .commit(let commit): encoder.message(10, commit)
        case .disclosure(let disclosure): encoder.message(11, disclosure)
        case .reveal(let reveal): encoder.message(12, reveal)
        case .vote(let vote): encoder.message(13, vote)
        case .missed(let missed): encoder.message(14, missed)
        case .objection(let objection): encoder.message(15, objection)
        }
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        switch try decoder.nextField() {
        case 10: self = .commit(try decoder.message(10))
        case 11: self = .disclosure(try decoder.message(11))
        case 12: self = .reveal(try decoder.message(12))
        case 13: self = .vote(try decoder.message(13))
        case 14: self = .missed(try decoder.message(14))
        case 15: self = .objection(try decoder.message(15))
        case .some(let field): throw .unexpectedField(field)
        case nil: throw .missing(field: 10)
        }
    }
}

/// "I judged these tasks, and my verdicts are under this root."
package struct VerdictCommit: Hashable, Sendable, Message {
    /// Of the receipts.
    package let epoch: UInt64
    package let round: AuditRound
    /// 0..<`AuditLimits.partsMax`, ascending without gaps.
    package let part: UInt32
    /// 1...`AuditLimits.verdictsMax`, strictly ascending by (job, index), in the order of the leaves.
    package let tasks: [TaskPlace]
    /// RFC 6962 over the canonical verdicts.
    package let root: Digest

    package init(epoch: UInt64, round: AuditRound, part: UInt32, tasks: [TaskPlace], root: Digest) {
        (self.epoch, self.round, self.part, self.tasks, self.root) = (epoch, round, part, tasks, root)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epoch)
        encoder.unsigned(2, UInt64(round.rawValue))
        encoder.unsigned(3, UInt64(part))
        encoder.messages(4, tasks)
        encoder.data(5, root)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        epoch = try decoder.unsigned(1)
        round = try decoder.auditRound(2)
        part = try decoder.unsigned32(3)
        tasks = try decoder.messages(4, count: AuditLimits.verdictsMax)
        root = try decoder.fixedBytes(5)
        if tasks.isEmpty { throw .missing(field: 4) }
        for (left, right) in zip(tasks, tasks.dropFirst())
        where (left.job, left.index) >= (right.job, right.index) { throw .invalid(field: 4) }
        if part >= AuditLimits.partsMax { throw .outOfRange(field: 3) }
    }
}

/// The key that drew the duties of an epoch, and what they came to.
package struct KeyDisclosure: Hashable, Sendable, Message {
    package let epoch: UInt64
    /// Of "merit/audit" ‖ chain id ‖ epoch under the audit key; the first 32 bytes of its output are k_e.
    package let proof: VRFProof
    /// Claimed, not enumerated: duties of both rounds, and their compute units.
    package let duties: UInt32
    package let computeUnits: UInt64

    package init(epoch: UInt64, proof: VRFProof, duties: UInt32, computeUnits: UInt64) {
        (self.epoch, self.proof, self.duties, self.computeUnits) = (epoch, proof, duties, computeUnits)
    }

    /// What the audit key proves: "merit/audit" ‖ chain id ‖ epoch (8 bytes, big-endian).
    package static func alpha(epoch: UInt64, chainID: ChainID) -> Bytes {
        Bytes("merit/audit".utf8) + chainID.bytes + epoch.bigEndianBytes
    }

    /// k_e of a proof that is known to hold; nil where it cannot hold.
    package static func key(of proof: VRFProof) -> Digest? {
        VRF.output(of: proof).flatMap { Digest($0.prefix(32)) }
    }

    /// k_e, or nil when the proof does not hold under the audit key.
    package func key(auditor: PublicKey, chainID: ChainID) -> Digest? {
        VRF.verify(proof, Self.alpha(epoch: epoch, chainID: chainID), key: auditor).flatMap { Digest($0.prefix(32)) }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epoch)
        encoder.data(2, proof)
        encoder.unsigned(3, UInt64(duties))
        encoder.unsigned(4, computeUnits)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        epoch = try decoder.unsigned(1)
        proof = try decoder.fixedBytes(2)
        duties = try decoder.unsigned32(3)
        computeUnits = try decoder.unsigned(4)
    }
}

/// One leaf under a commit's root.
package struct Verdict: Hashable, Sendable, Message {
    package let task: TaskPlace
    package let result: TaskResult
    /// SHA-256(own salt ‖ final linear memory): only who executed the task can know it.
    package let digest: Digest
    /// In a re-check: the same for the salts of the first auditors, in the order in which the beacon names them.
    package let firstDigests: [Digest]
    /// Secret until the reveal.
    package let nonce: Digest
    /// The same for the salt of the provider to whom the task was issued again.
    package let admissionDigest: Digest?

    package init(
        task: TaskPlace, result: TaskResult, digest: Digest, others: (firsts: [Digest], admission: Digest?),
        nonce: Digest
    ) {
        (self.task, self.result, self.digest) = (task, result, digest)
        (firstDigests, admissionDigest, self.nonce) = (others.firsts, others.admission, nonce)
    }

    package init(task: TaskPlace, result: TaskResult, digest: Digest, firstDigests: [Digest], nonce: Digest) {
        self.init(task: task, result: result, digest: digest, others: (firstDigests, nil), nonce: nonce)
    }

    /// SHA-256("salt" ‖ beacon of the draw ‖ operator ‖ task).
    package static func salt(beacon: Digest, auditor operatorAddress: Address, task: TaskPlace) -> Bytes {
        Hash.sha256([Bytes("salt".utf8), beacon.bytes, operatorAddress.bytes, task.bytes]).bytes
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, task)
        encoder.message(2, result)
        encoder.data(3, digest)
        for digest in firstDigests { encoder.element(4, digest.bytes) }
        encoder.data(5, nonce)
        if let admissionDigest { encoder.data(6, admissionDigest) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        task = try decoder.message(1)
        result = try decoder.message(2)
        digest = try decoder.fixedBytes(3)
        firstDigests = try decoder.digests(4, count: AuditLimits.firstsMax)
        nonce = try decoder.fixedBytes(5)
        admissionDigest = try decoder.optionalFixedBytes(6)
    }
}

/// The leaves of one commit, all of them.
package struct VerdictReveal: Hashable, Sendable, Message {
    package let epoch: UInt64
    package let round: AuditRound
    package let part: UInt32
    package let verdicts: [Verdict]

    package init(epoch: UInt64, round: AuditRound, part: UInt32, verdicts: [Verdict]) {
        (self.epoch, self.round, self.part, self.verdicts) = (epoch, round, part, verdicts)
    }

    /// Equals the root of the commit that it opens.
    package var root: Digest { MerkleTree.root(of: verdicts.map(\.encoded)) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epoch)
        encoder.unsigned(2, UInt64(round.rawValue))
        encoder.unsigned(3, UInt64(part))
        encoder.messages(4, verdicts)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        epoch = try decoder.unsigned(1)
        round = try decoder.auditRound(2)
        part = try decoder.unsigned32(3)
        verdicts = try decoder.messages(4, count: AuditLimits.verdictsMax)
        if verdicts.isEmpty { throw .missing(field: 4) }
    }
}

/// "I executed this task as its auditor too, and that auditor's digest of the final memory is not what it should be."
package struct DigestObjection: Hashable, Sendable, Message {
    /// Of the receipt, or into which the task was drawn again.
    package let epoch: UInt64
    package let task: TaskPlace
    /// The operator whose verdict is meant, and which one.
    package let auditor: Address
    package let round: AuditRound
    /// SHA-256(that auditor's salt ‖ final linear memory).
    package let digest: Digest

    package init(epoch: UInt64, task: TaskPlace, of verdict: (auditor: Address, round: AuditRound), digest: Digest) {
        (self.epoch, self.task, self.digest) = (epoch, task, digest)
        (auditor, round) = verdict
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epoch)
        encoder.message(2, task)
        encoder.data(3, auditor)
        encoder.unsigned(4, UInt64(round.rawValue))
        encoder.data(5, digest)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        epoch = try decoder.unsigned(1)
        task = try decoder.message(2)
        auditor = try decoder.fixedBytes(3)
        round = try decoder.auditRound(4)
        digest = try decoder.fixedBytes(5)
    }
}

/// One validator's own execution of a disputed task.
package struct DisputeVote: Hashable, Sendable, Message {
    package let task: TaskPlace
    package let result: TaskResult
    /// SHA-256(own salt ‖ final linear memory).
    package let digest: Digest
    /// The same for each salt that the dispute lists, in its order: what the auditors' digests should have been.
    package let digests: [Digest]

    package init(task: TaskPlace, result: TaskResult, digest: Digest, digests: [Digest]) {
        (self.task, self.result, self.digest, self.digests) = (task, result, digest, digests)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, task)
        encoder.message(2, result)
        encoder.data(3, digest)
        for digest in digests { encoder.element(4, digest.bytes) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        task = try decoder.message(1)
        result = try decoder.message(2)
        digest = try decoder.fixedBytes(3)
        digests = try decoder.digests(4, count: AuditLimits.digestsMax)
    }
}

extension Decoder {
    package mutating func digests(_ field: UInt32, count: Int) throws(DecodeError) -> [Digest] {
        var digests: [Digest] = []
        for element in try elements(field, count: count, max: 32) {
            guard let digest = Digest(element) else { throw .invalid(field: field) }
            digests.append(digest)
        }
        return digests
    }

    package mutating func auditRound(_ field: UInt32) throws(DecodeError) -> AuditRound {
        guard let round = AuditRound(rawValue: try unsigned32(field)) else { throw .invalid(field: field) }
        return round
    }
}
