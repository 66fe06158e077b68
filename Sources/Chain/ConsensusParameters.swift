// The two numbers that `consensus_hash` covers, and the ones beside them that our own chain keeps as state.
package import Codec
import Cryptography
package import Primitives

package struct ConsensusParameters: Hashable, Sendable, Message {
    /// −1 or 1...104,857,600.
    package var blockBytesMax: Int64
    /// −1 or more.
    package var blockGasMax: Int64
    package var evidenceAgeBlocks: UInt64
    package var evidenceAgeSeconds: UInt64
    package var evidenceBytesMax: Int64
    /// Proposer-based timestamps: clock precision and message delay.
    package var precision: Span
    package var messageDelay: Span
    package var timeouts: Timeouts
    /// An idle chain makes a block this often.
    package var blockInterval: Span

    /// timeout(r) = base + r * delta, for each step.
    package struct Timeouts: Hashable, Sendable {
        package var propose: Span
        package var proposeDelta: Span
        package var vote: Span
        package var voteDelta: Span

        package init(propose: Span, proposeDelta: Span, vote: Span, voteDelta: Span) {
            (self.propose, self.proposeDelta, self.vote, self.voteDelta) = (propose, proposeDelta, vote, voteDelta)
        }
    }

    /// The local network's values; genesis overrides each.
    package init() {
        (blockBytesMax, blockGasMax) = (33_554_432, -1)
        (evidenceAgeBlocks, evidenceAgeSeconds, evidenceBytesMax) = (10_000, 1_728_000, 1_048_576)
        (precision, messageDelay) = (.milliseconds(500), .seconds(15))
        timeouts = Timeouts(
            propose: .milliseconds(1000), proposeDelta: .milliseconds(500), vote: .milliseconds(500),
            voteDelta: .milliseconds(250))
        blockInterval = .milliseconds(250)
    }

    /// `consensus_hash`: SHA-256 over block_max_bytes and block_max_gas only.
    package var hash: Digest {
        var encoder = Encoder()
        encoder.signed(1, blockBytesMax)
        encoder.signed(2, blockGasMax)
        return Hash.sha256(encoder.bytes)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, blockBytesMax)
        encoder.signed(2, blockGasMax)
        encoder.unsigned(3, evidenceAgeBlocks)
        encoder.unsigned(4, evidenceAgeSeconds)
        encoder.signed(5, evidenceBytesMax)
        encoder.signed(6, precision.nanoseconds)
        encoder.signed(7, messageDelay.nanoseconds)
        encoder.signed(8, timeouts.propose.nanoseconds)
        encoder.signed(9, timeouts.proposeDelta.nanoseconds)
        encoder.signed(10, timeouts.vote.nanoseconds)
        encoder.signed(11, timeouts.voteDelta.nanoseconds)
        encoder.signed(12, blockInterval.nanoseconds)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        blockBytesMax = try decoder.signed(1)
        blockGasMax = try decoder.signed(2)
        evidenceAgeBlocks = try decoder.unsigned(3)
        evidenceAgeSeconds = try decoder.unsigned(4)
        evidenceBytesMax = try decoder.signed(5)
        precision = Span(nanoseconds: try decoder.signed(6))
        messageDelay = Span(nanoseconds: try decoder.signed(7))
        timeouts = Timeouts(
            propose: Span(nanoseconds: try decoder.signed(8)), proposeDelta: Span(nanoseconds: try decoder.signed(9)),
            vote: Span(nanoseconds: try decoder.signed(10)), voteDelta: Span(nanoseconds: try decoder.signed(11)))
        blockInterval = Span(nanoseconds: try decoder.signed(12))
    }

    /// The first rule that these values break, as the inequality that fails; nil when all hold. The same function
    /// judges genesis, a proposal to change parameters, and its activation.
    package var firstBrokenRule: String? {
        let rules: [(Bool, String)] = [
            (
                blockBytesMax == -1 || (1...104_857_600).contains(blockBytesMax),
                "block.max_bytes is -1 or 1...104857600"
            ),
            (blockGasMax >= -1, "block.max_gas >= -1"),
            (evidenceAgeBlocks > 0 && evidenceAgeSeconds > 0, "evidence ages > 0"),
            (blockBytesMax == -1 || evidenceBytesMax <= blockBytesMax, "evidence.max_bytes <= block.max_bytes"),
            (evidenceBytesMax >= 0, "evidence.max_bytes >= 0"),
            (precision > .zero && messageDelay > .zero, "synchrony precision and message_delay > 0"),
            (timeouts.propose > .zero && timeouts.vote > .zero, "timeouts > 0"),
            (timeouts.proposeDelta >= .zero && timeouts.voteDelta >= .zero, "timeout deltas >= 0"),
            (blockInterval >= .zero, "block_interval_ms >= 0"),
        ]
        return rules.first { !$0.0 }?.1
    }
}
