import Client
import Ledger
import Primitives
import RPC
import Testing

@Suite("event decoder")
struct EventDecoderTests {
    static let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nDate: now\r\n\r\n"
    static let hash = String(repeating: "AB", count: 32)

    static func data(_ height: UInt64) -> String {
        """
        {"height":"\(height)","time":"2026-01-02T03:04:08.006Z","hash":"\(hash)","app_hash":"\(hash)","items":"2",\
        "epoch":"1"}
        """
    }

    static func block(_ height: UInt64) -> String { "event: block\nid: \(height)\ndata: \(data(height))\n\n" }

    static func epoch(_ height: UInt64) -> String {
        """
        event: epoch\ndata: {"epoch":"1","height":"\(height)","rewards_root":"\(hash)","slashes_root":"\(hash)",\
        "reward_rows":"3","slash_rows":"0","paid":"5","minted":"4","burned":"3","slashed":"0"}\n\n
        """
    }

    static func row(_ kind: String, _ amount: String) -> String {
        "event: \(kind)\ndata: {\"epoch\":\"1\",\"account\":\"x\",\"amount\":\(amount)}\n\n"
    }

    static func chunk(_ text: String) -> String { String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n" }

    static func decode(_ text: String, from: Height? = nil) throws(EventStreamError) -> [ChainEvent] {
        var decoder = EventDecoder(from: from)
        return try decoder.take(Bytes(text.utf8))
    }

    @Test("events come out the same, however their bytes are cut")
    func pieces() throws {
        let text = Self.head + Self.chunk(":\n\n" + Self.block(7)) + Self.chunk(Self.epoch(8) + Self.block(8) + ":\n\n")
        let whole = try Self.decode(text)
        #expect(whole.count == 3)
        guard case .block(let block) = whole[0], case .epoch(1, let summary) = whole[1] else {
            throw EventStreamError.ended
        }
        #expect(block.height.value == 7 && block.items == 2 && block.json.text == Self.data(7))
        #expect(summary.height.value == 8 && summary.paid.units == 5)
        for size in [1, 2, 3, 7, 64] {
            var decoder = EventDecoder()
            var found: [ChainEvent] = []
            var rest = Bytes(text.utf8)[...]
            while !rest.isEmpty {
                found += try decoder.take(Bytes(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(found == whole && decoder.isOpen)
        }
    }

    @Test("an event that a newer node tells of is passed over; the end of the stream is told after what came with it")
    func passages() throws {
        let newer = "event: vote\ndata: {}\n\n"
        #expect(try Self.decode(Self.head + Self.chunk(newer + Self.block(3))).count == 1)
        #expect(throws: EventStreamError.ended) { try Self.decode(Self.head + "0\r\n\r\n") }
        #expect(try Self.decode(Self.head + Self.chunk(Self.block(3)) + "0\r\n\r\n").count == 1)
    }

    @Test(
        "each malformed body is refused by its name",
        arguments: [
            ("xx\r\n", .chunk), ("\r\n", .chunk), ("00000001\r\n", .chunk), ("5;a=b\r\n", .chunk), ("5\n", .chunk),
            ("2\r\n:\n\n\n", .chunk), ("2\r\n:\n\r\r", .chunk), ("0\r\nA: b\r\n", .chunk), ("-1\r\n", .chunk),
            (chunk(String(repeating: "a", count: 16_385)), .tooLong),
            (chunk("data\n"), .field), (chunk("retry: 5\n"), .field), (chunk("event:block\n"), .field),
            (chunk("event: block\nevent: block\n"), .field),
            (chunk("event: block\nid: 7\ndata: {}\r\n\n"), .shape(.missing("height"))), (chunk("\r\n"), .field),
            (chunk("data: \u{1}\ndata: \n"), .field), (chunk("event: block\n\n"), .incomplete),
            (chunk("id: 7\n\n"), .incomplete), (chunk("data: {}\n\n"), .incomplete),
            (chunk("event: block\nid: 7\ndata: {\n\n"), .notJSON),
            (chunk("event: block\nid: 7\ndata: {}\n\n"), .shape(.missing("height"))),
            (chunk("event: block\ndata: \(data(7))\n\n"), .id),
            (chunk("event: block\nid: 8\ndata: \(data(7))\n\n"), .id),
            (chunk("event: block\nid: 07\ndata: \(data(7))\n\n"), .id),
            (chunk("event: epoch\nid: 7\ndata: {}\n\n"), .id), (chunk(block(0)), .order),
            (chunk(block(7) + block(7)), .order), (chunk(block(7) + block(9)), .order),
            (chunk(block(7) + block(6)), .order), (chunk(block(7) + epoch(7)), .order),
            (chunk(epoch(7) + block(8)), .order),
            (chunk(row("reward", "\"1\"")), .shape(.wrongForm("account"))),
            (chunk(row("slash", "1")), .shape(.wrongForm("amount"))),
        ] as [(String, EventStreamError.Fault)])
    func malformed(body: String, fault: EventStreamError.Fault) {
        #expect(throws: EventStreamError.malformed(fault)) { try Self.decode(Self.head + body) }
    }

    @Test(
        "each head that opens no stream is refused",
        arguments: [
            ("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", .refused(status: 503)),
            ("HTTP/1.1 404 Not Found\r\n\r\n", .refused(status: 404)),
            ("HTTP/2 200\r\n\r\n", .malformed(.head)), ("hello\r\n\r\n", .malformed(.head)),
            ("\r\n\r\n", .malformed(.head)),
            ("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", .malformed(.head)),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                .malformed(.head)
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
                    + "Content-Length: 5\r\n\r\n", .malformed(.head)
            ),
            (String(repeating: "a", count: 65_536), .malformed(.tooLong)),
        ] as [(String, EventStreamError)])
    func heads(head: String, error: EventStreamError) { #expect(throws: error) { try Self.decode(head) } }

    @Test("lines and events are bounded, and the first height is the one asked for")
    func bounds() throws {
        let line = "event: block\ndata: " + String(repeating: "a", count: 16_378)
        #expect(throws: EventStreamError.malformed(.tooLong)) {
            try Self.decode(Self.head + Self.chunk(line + "a"))
        }
        #expect(try Self.decode(Self.head + Self.chunk(line)) == [])
        #expect(try Self.decode(Self.head + Self.chunk(Self.block(7)), from: Height(7)).count == 1)
        #expect(throws: EventStreamError.malformed(.order)) {
            try Self.decode(Self.head + Self.chunk(Self.block(8)), from: Height(7))
        }
    }
}
