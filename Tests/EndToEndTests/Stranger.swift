// One TCP connection that says what a table row says and reads until the other side closes.
import Foundation
import Glibc

enum Stranger {
    /// Bytes of a row: \r \n \0 \xHH, and {text}*N for N repetitions.
    static func bytes(_ row: String) throws -> [UInt8] {
        var (result, rest) = ([UInt8](), row[...])
        while let first = rest.first {
            if first == "{", let end = rest.range(of: "}*"),
                let count = Int(rest[end.upperBound...].prefix { $0.isNumber })
            {
                let piece = try bytes(String(rest[rest.index(after: rest.startIndex)..<end.lowerBound]))
                for _ in 0..<count { result += piece }
                rest = rest[end.upperBound...].drop { $0.isNumber }
            } else if first == "\\" {
                let kind = rest.dropFirst().first
                let isHex = kind == "x"
                result.append(
                    isHex ? UInt8(rest.dropFirst(2).prefix(2), radix: 16) ?? 0 : kind == "r" ? 13 : kind == "n" ? 10 : 0
                )
                rest = rest.dropFirst(isHex ? 4 : 2)
            } else {
                result += Array(String(first).utf8)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// What came back until the line was cut, at most ten seconds later.
    static func send(_ bytes: [UInt8], port: Int) throws -> [UInt8] {
        let line = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(line) }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(line, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isOpen = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(line, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if !isOpen { throw TestFailure.ended("port \(port) does not answer") }
        var rest = bytes[...]
        while !rest.isEmpty {
            // A cut line is an answer, not a signal.
            let sent = rest.withUnsafeBytes { Glibc.send(line, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if sent <= 0 { break }
            rest = rest.dropFirst(sent)
        }
        shutdown(line, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(line, &piece, piece.count, 0)
            if count < 0, errno == EAGAIN || errno == EWOULDBLOCK { throw TestFailure.late("the line stays open") }
            if count <= 0 { return answer }
            answer += piece.prefix(count)
        }
    }
}
