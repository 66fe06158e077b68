// From the bytes of an answer to `GET /v1/events` to events: head, chunks, lines, fields, JSON. No socket. Invariants:
// what is kept is at most one event; what our server would not send is refused by its name; block events come at
// neighbouring heights, each after the events of its height.
import Ledger
package import Primitives
package import RPC

package enum EventStreamError: Error, Equatable, Sendable {
    case exchange(ExchangeError)
    /// Another HTTP status than 200: no such stream, no room, or a question that is not answered.
    case refused(status: Int)
    case malformed(Fault)
    /// The other side ended the stream.
    case ended

    package enum Fault: Equatable, Sendable {
        case head, chunk
        /// A line or an event that is too long.
        case tooLong
        /// A line that is no field of ours, or one that stands twice.
        case field
        /// An event without a name or without data.
        case incomplete
        case notJSON
        case shape(ShapeError)
        /// An id that is not the block's height, or stands elsewhere.
        case id
        /// A height that does not follow the one before.
        case order
    }
}

package struct EventDecoder {
    private struct Draft {
        var name: String?
        var id: String?
        var data: String?
        var bytes = 0
    }

    private enum Stage {
        case head(Bytes)
        case body
    }

    private var stage = Stage.head([])
    private var chunks = ChunkDecoder()
    private var line = Bytes()
    private var draft = Draft()
    /// The height whose events come next; nil before the first block event where none was asked for.
    private var expected: Height?

    /// `from`: the height that was asked for.
    package init(from: Height? = nil) { expected = from }

    /// The node accepted the subscription: whatever happens from now on is told.
    package var isOpen: Bool {
        if case .body = stage { true } else { false }
    }

    /// The events that these bytes complete.
    package mutating func take(_ bytes: Bytes) throws(EventStreamError) -> [ChainEvent] {
        guard !chunks.isEnded else { throw .malformed(.chunk) }
        var events: [ChainEvent] = []
        for byte in try chunks.take(try afterHead(bytes)) {
            if byte == UInt8(ascii: "\n") {
                if let event = try endLine() { events.append(event) }
            } else {
                line.append(byte)
                guard line.count <= ClientLimits.eventLineBytesMax else { throw .malformed(.tooLong) }
            }
        }
        if chunks.isEnded, events.isEmpty { throw .ended }
        return events
    }

    // MARK: Head

    private mutating func afterHead(_ bytes: Bytes) throws(EventStreamError) -> Bytes {
        guard case .head(var head) = stage else { return bytes }
        let mark = Bytes("\r\n\r\n".utf8)
        let start = max(0, head.count - mark.count)
        head += bytes
        guard let end = head.indices[start...].first(where: { head[$0...].starts(with: mark) }) else {
            guard head.count < ClientLimits.headBytesMax else { throw .malformed(.tooLong) }
            stage = .head(head)
            return []
        }
        try Self.check(head: String(decoding: head[..<end], as: UTF8.self))
        stage = .body
        return Bytes(head[(end + mark.count)...])
    }

    private static func check(head: String) throws(EventStreamError) {
        let lines = head.split(separator: "\r\n")
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
        else { throw .malformed(.head) }
        guard status == 200 else { throw .refused(status: status) }
        func value(_ name: String) -> String? {
            for line in lines.dropFirst() {
                let parts = line.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, parts[0].lowercased() == name else { continue }
                return parts[1].drop { $0 == " " }.lowercased()
            }
            return nil
        }
        guard value("transfer-encoding") == "chunked", value("content-length") == nil,
            value("content-type")?.split(separator: ";").first == "text/event-stream"
        else { throw .malformed(.head) }
    }

    // MARK: Lines

    /// A blank line ends an event; a comment only says that the stream is alive.
    private mutating func endLine() throws(EventStreamError) -> ChainEvent? {
        defer { line = [] }
        if line.isEmpty {
            if draft.bytes == 0 { return nil }
            defer { draft = Draft() }
            return try event()
        }
        if line[0] == UInt8(ascii: ":") { return nil }
        draft.bytes += line.count
        guard draft.bytes <= ClientLimits.eventBytesMax else { throw .malformed(.tooLong) }
        guard let text = String(validating: line, as: UTF8.self),
            let (place, value) = Self.field(text), draft[keyPath: place] == nil
        else { throw .malformed(.field) }
        draft[keyPath: place] = value
        return nil
    }

    private static func field(_ text: String) -> (WritableKeyPath<Draft, String?>, String)? {
        for (name, place) in [("event: ", \Draft.name), ("id: ", \Draft.id), ("data: ", \Draft.data)]
        where text.hasPrefix(name) {
            return (place, String(text.dropFirst(name.count)))
        }
        return nil
    }

    // MARK: Events

    /// nil for an event that a newer node tells of.
    private mutating func event() throws(EventStreamError) -> ChainEvent? {
        guard let name = draft.name, let data = draft.data else { throw .malformed(.incomplete) }
        let json: JSON
        do { json = try JSON(parsing: Bytes(data.utf8), max: ClientLimits.eventBytesMax) } catch {
            throw .malformed(.notJSON)
        }
        let kind = EventKind(rawValue: name)
        guard (draft.id != nil) == (kind == .block) else { throw .malformed(.id) }
        guard let kind else { return nil }
        let event: ChainEvent
        do { event = try ChainEvent(kind, json: json) } catch { throw .malformed(.shape(error)) }
        switch event {
        case .block(let block):
            guard draft.id == block.height.description else { throw .malformed(.id) }
            guard block.height == expected ?? block.height, block.height > .zero else { throw .malformed(.order) }
            expected = block.height.advanced()
        case .epoch(_, let summary):
            guard summary.height == expected ?? summary.height else { throw .malformed(.order) }
            expected = summary.height
        case .reward, .slash: break
        }
        return event
    }
}
