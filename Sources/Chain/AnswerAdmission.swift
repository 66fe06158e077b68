// What a provider says of tasks of others that are issued to it again before its first paid task: only who executed a
// task knows the answer. Source: the rewards design, section 7.8. Invariant: an answer is salted for one provider, so
// nothing on the chain helps another one to it.
package import Codec
import Cryptography
package import Primitives

package enum AdmissionLimits {
    /// Answers in one transaction.
    package static let answersMax = 64
}

package struct AdmissionAnswer: Hashable, Sendable, Message {
    package let task: TaskPlace
    /// SHA-256(own salt ‖ final linear memory).
    package let digest: Digest

    package init(task: TaskPlace, digest: Digest) { (self.task, self.digest) = (task, digest) }

    /// SHA-256("admission" ‖ beacon that issued the task again ‖ provider ‖ task).
    package static func salt(beacon: Digest, provider: Address, task: TaskPlace) -> Digest {
        Hash.sha256([Bytes("admission".utf8), beacon.bytes, provider.bytes, task.bytes])
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, task)
        encoder.data(2, digest)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        task = try decoder.message(1)
        digest = try decoder.fixedBytes(2)
    }
}

package struct AnswerAdmission: Hashable, Sendable, Message {
    /// 1...`AdmissionLimits.answersMax`, ascending by (job, index).
    package let answers: [AdmissionAnswer]

    package init(answers: [AdmissionAnswer]) { self.answers = answers }

    package func encode(into encoder: inout Encoder) { encoder.messages(1, answers) }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        answers = try decoder.messages(1, count: AdmissionLimits.answersMax)
        if answers.isEmpty { throw .missing(field: 1) }
        for (left, right) in zip(answers, answers.dropFirst())
        where (left.task.job, left.task.index) >= (right.task.job, right.task.index) { throw .invalid(field: 1) }
    }
}
