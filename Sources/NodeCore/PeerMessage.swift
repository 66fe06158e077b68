// What nodes say to each other: one canonical message with exactly one field, whose number is the kind. The
// priority is the queue it travels in; a slow peer loses the lower ones first.
package import Chain
package import Codec
package import Dissemination
package import Primitives
package import Quorum

/// A peer is a connection, named by the address of its transport key.
package typealias PeerID = Address

/// Priorities of the queues between peers, highest first.
package enum MessagePriority: UInt8, CaseIterable, Sendable, Comparable {
    case vote = 1
    case proposal = 2
    case block = 3
    case batch = 4
    case transaction = 5

    package static func < (lhs: MessagePriority, rhs: MessagePriority) -> Bool { lhs.rawValue < rhs.rawValue }
}

package enum PeerMessage: Equatable, Sendable {
    /// A batch, undecoded: its bytes are judged off the core's thread.
    case batch(Bytes)
    case acknowledgement([AcknowledgementMark])
    case batchRequest([BatchReference])
    case proposal(SignedProposal)
    case vote(Vote)
    case proposalRequest(ProposalRequest)
    case blockRequest(BlockRequest)
    case blockPart(BlockPart)
    case status(Status)
    /// The newest vote of the receiver that the sender has verified: the part of the hello that is about signing. It
    /// goes before the first status.
    case newestVote(Vote)
    /// A client's item, from a node without a vote to a validator.
    case item(Bytes)

    package var priority: MessagePriority {
        switch self {
        case .vote, .acknowledgement, .status, .newestVote: .vote
        case .proposal, .proposalRequest, .batchRequest, .blockRequest: .proposal
        case .blockPart: .block
        case .batch: .batch
        case .item: .transaction
        }
    }
}

/// "Send me the proposal with this block hash", for a value that a quorum names and that never arrived.
package struct ProposalRequest: Hashable, Sendable, Message {
    package let height: Height
    package let hash: Digest

    package init(height: Height, hash: Digest) { (self.height, self.hash) = (height, hash) }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, height.signed)
        encoder.data(2, hash)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        height = try decoder.height(1)
        hash = try decoder.fixedBytes(2)
    }
}

/// How far the sender has come: its last decided height and the round it is in above it.
package struct Status: Hashable, Sendable, Message {
    package let tip: Height
    package let round: Round

    package init(tip: Height, round: Round) { (self.tip, self.round) = (tip, round) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, tip.value + 1)
        encoder.unsigned(2, UInt64(round))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let next = try decoder.height(1)
        tip = next.lowered()
        round = try decoder.round(2)
    }
}

private struct MarkList: Message {
    let marks: [AcknowledgementMark]

    init(marks: [AcknowledgementMark]) { self.marks = marks }

    func encode(into encoder: inout Encoder) { encoder.messages(1, marks) }
    init(from decoder: inout Decoder) throws(DecodeError) {
        marks = try decoder.messages(1, count: Limits.validatorsMax)
    }
}

private struct ReferenceList: Message {
    let references: [BatchReference]

    init(references: [BatchReference]) { self.references = references }

    func encode(into encoder: inout Encoder) { encoder.messages(1, references) }
    init(from decoder: inout Decoder) throws(DecodeError) {
        references = try decoder.messages(1, count: DisseminationLimits.batchesPerRequestMax)
    }
}

extension PeerMessage: Message {
    package func encode(into encoder: inout Encoder) {
        switch self {
        case .batch(let bytes): encoder.element(1, bytes)
        case .acknowledgement(let marks): encoder.message(2, MarkList(marks: marks))
        case .batchRequest(let references): encoder.message(3, ReferenceList(references: references))
        case .proposal(let proposal): encoder.message(4, proposal)
        case .vote(let vote): encoder.message(5, vote)
        case .proposalRequest(let request): encoder.message(6, request)
        case .blockRequest(let request): encoder.message(7, request)
        case .blockPart(let part): encoder.message(8, part)
        case .status(let status): encoder.message(9, status)
        case .newestVote(let vote): encoder.message(10, vote)
        case .item(let bytes): encoder.data(11, bytes)
        }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let field = try decoder.nextField() else { throw .missing(field: 1) }
        switch field {
        case 1: self = .batch(try decoder.data(1, max: NodeLimits.batchBytesMax))
        case 2: self = .acknowledgement(try (decoder.message(2) as MarkList).marks)
        case 3: self = .batchRequest(try (decoder.message(3) as ReferenceList).references)
        case 4: self = .proposal(try decoder.message(4))
        case 5: self = .vote(try decoder.message(5))
        case 6: self = .proposalRequest(try decoder.message(6))
        case 7: self = .blockRequest(try decoder.message(7))
        case 8: self = .blockPart(try decoder.message(8))
        case 9: self = .status(try decoder.message(9))
        case 10: self = .newestVote(try decoder.message(10))
        case 11: self = .item(try decoder.data(11, max: Item.bytesMax))
        default: throw .unexpectedField(field)
        }
    }
}
