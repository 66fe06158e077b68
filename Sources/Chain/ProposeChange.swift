// Changing parameters: a validator proposes values, validators vote with their stake. Numbers and values are those of a
// genesis.
package import Codec
import Primitives

package struct ProposeChange: Hashable, Sendable, Message {
    /// Ascending by number.
    package let changes: [Setting]

    package static let changesMax = 32

    package init(changes: [Setting]) { self.changes = changes }

    package func encode(into encoder: inout Encoder) { encoder.messages(1, changes) }
    package init(from decoder: inout Decoder) throws(DecodeError) {
        changes = try decoder.messages(1, count: Self.changesMax)
    }
}

/// A vote for a proposal; silence is the vote against it.
package struct VoteForChange: Hashable, Sendable, Message {
    package let proposal: UInt64

    package init(proposal: UInt64) { self.proposal = proposal }

    package func encode(into encoder: inout Encoder) { encoder.unsigned(1, proposal) }
    package init(from decoder: inout Decoder) throws(DecodeError) { proposal = try decoder.unsigned(1) }
}
