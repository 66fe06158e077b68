// One HTTP/1.1 exchange on one connection over blocking sockets: enough for a client that asks one thing after the
// other. Everything a server can send is bounded in size and time.
import Glibc
package import Primitives

package enum ClientLimits {
    /// Bytes of one answer: a block of 32 MiB in base64, and its shape.
    static let answerBytesMax = 64 << 20
    static let headBytesMax = 65_536
    /// How long connecting, sending and each wait for more bytes may take, where nothing else is asked for.
    package static let stepSeconds = 10
    /// From the first byte sent to the last one received.
    static let exchangeTimeout = Duration.seconds(60)
    /// Bytes of one line of an event stream, and of all lines of one event.
    package static let eventLineBytesMax = 16_384
    package static let eventBytesMax = 65_536
    /// After so long without a byte an event stream is dead; a living one says something every ten seconds.
    package static let eventSilence = Duration.seconds(25)
    /// Questions in one request; as many as a node takes.
    static let batchMax = 32
    /// Pages of one validator set.
    static let validatorPagesMax = 16
}

package enum ExchangeError: Error, Equatable, Sendable {
    case unreachable(String)
    case timeout
    case tooLong
    /// What came is no HTTP answer with a length.
    case malformed
}

/// `http://host:port`.
package struct NodeURL: Sendable, CustomStringConvertible {
    package let host: String
    package let port: String

    /// nil for another scheme, a path, or a missing port.
    package init?(_ text: String) {
        let prefix = "http://"
        guard text.hasPrefix(prefix) else { return nil }
        var rest = text.dropFirst(prefix.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let colon = rest.lastIndex(of: ":"), let port = UInt16(rest[rest.index(after: colon)...]), port > 0 else {
            return nil
        }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        let isPlain = host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") }
        guard !host.isEmpty, isPlain else { return nil }
        (self.host, self.port) = (String(host), String(port))
    }

    package var description: String { "http://\(host):\(port)" }
}

package struct HTTPBody: Equatable, Sendable {
    package let status: Int
    package let body: Bytes
}

extension NodeURL {
    /// The answer to a GET of `path` on this host; its body has at most `max` bytes.
    package func get(_ path: String, max: Int) throws(ExchangeError) -> HTTPBody {
        try HTTPExchange(self).get(path, from: self, max: max)
    }
}

struct HTTPExchange: ~Copyable {
    private let descriptor: Int32

    deinit { close(descriptor) }

    init(_ url: NodeURL, stepSeconds: Int = ClientLimits.stepSeconds) throws(ExchangeError) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(url.host, url.port, &hints, &list)
        guard code == 0 else { throw .unreachable(String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var next = list
        var reason = "no address"
        while let entry = next?.pointee {
            let descriptor = socket(entry.ai_family, entry.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            next = entry.ai_next
            guard descriptor >= 0 else { continue }
            var limit = timeval(tv_sec: stepSeconds, tv_usec: 0)
            let size = socklen_t(MemoryLayout<timeval>.size)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
            if connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 {
                self.descriptor = descriptor
                return
            }
            reason = String(cString: strerror(errno))
            close(descriptor)
        }
        throw .unreachable(reason)
    }

    /// The body of the answer to a POST of JSON, whatever its status.
    consuming func post(_ body: Bytes, to url: NodeURL) throws(ExchangeError) -> Bytes {
        let head = """
            POST / HTTP/1.1\r\nHost: \(url.host):\(url.port)\r\nContent-Type: application/json\r\n\
            Content-Length: \(body.count)\r\nConnection: close\r\n\r\n
            """
        try write(Bytes(head.utf8) + body)
        return try read(max: ClientLimits.answerBytesMax).body
    }

    /// The answer to a GET of `path`, whose body has at most `max` bytes.
    consuming func get(_ path: String, from url: NodeURL, max: Int) throws(ExchangeError) -> HTTPBody {
        let head = "GET \(path) HTTP/1.1\r\nHost: \(url.host):\(url.port)\r\nConnection: close\r\n\r\n"
        try write(Bytes(head.utf8))
        return try read(max: max)
    }

    borrowing func write(_ bytes: Bytes) throws(ExchangeError) {
        var sent = 0
        while sent < bytes.count {
            let rest = bytes[sent...]
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { throw errno == EAGAIN ? .timeout : .unreachable(String(cString: strerror(errno))) }
            sent += count
        }
    }

    /// What came within `limit`, at most 64 KiB; empty when the other side closed, nil when nothing came.
    borrowing func receive(within limit: Duration) throws(ExchangeError) -> Bytes? {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = poll(&entry, 1, limit.wholeMilliseconds)
        if ready < 0, errno != EINTR { throw .unreachable(String(cString: strerror(errno))) }
        guard ready > 0 else { return nil }
        var chunk = Bytes(repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0 { throw errno == EAGAIN ? .timeout : .unreachable(String(cString: strerror(errno))) }
        return Bytes(chunk[..<count])
    }

    private borrowing func read(max: Int) throws(ExchangeError) -> HTTPBody {
        let deadline = ContinuousClock.now.advanced(by: ClientLimits.exchangeTimeout)
        var received = Bytes()
        var expected: (status: Int, start: Int, end: Int)?
        var chunk = Bytes(repeating: 0, count: 65_536)
        while true {
            if expected == nil { expected = try Self.bounds(of: received, max: max) }
            if let expected, received.count >= expected.end {
                return HTTPBody(status: expected.status, body: Bytes(received[expected.start..<expected.end]))
            }
            guard ContinuousClock.now < deadline else { throw .timeout }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0 { throw errno == EAGAIN ? .timeout : .unreachable(String(cString: strerror(errno))) }
            if count == 0 { throw .malformed }
            received += chunk[..<count]
        }
    }

    /// Where the body stands in what was received; nil while the head is incomplete.
    private static func bounds(
        of received: Bytes, max: Int
    ) throws(ExchangeError) -> (status: Int, start: Int, end: Int)? {
        let head = received.prefix(ClientLimits.headBytesMax)
        let mark = Bytes("\r\n\r\n".utf8)
        guard let end = head.indices.first(where: { head[$0...].starts(with: mark) }) else {
            if received.count >= ClientLimits.headBytesMax { throw .tooLong }
            return nil
        }
        let lines = String(decoding: head[..<end], as: UTF8.self).split(separator: "\r\n")
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3))
        else {
            throw .malformed
        }
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { continue }
            guard let length = Int(parts[1].drop { $0 == " " }), length >= 0 else { throw .malformed }
            guard length <= max else { throw .tooLong }
            return (status, end + mark.count, end + mark.count + length)
        }
        throw .malformed
    }
}

extension Duration {
    /// For `poll`: rounded up, so that a short wait is not none.
    fileprivate var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        if seconds < 0 || attoseconds < 0 { return 0 }
        let rest = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: min(seconds, 1_000_000) * 1_000 + rest)
    }
}
