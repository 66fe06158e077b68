// A blocking reader of a node's event stream on a connection of its own. What it reads is what the node says: it wakes
// and shows, and proves nothing.
package import Primitives
package import RPC

package final class EventReader {
    private let exchange: HTTPExchange
    private var decoder: EventDecoder
    private var waiting: ArraySlice<ChainEvent> = []
    private var lastHeard = ContinuousClock.now

    /// Connects, and returns once the node accepted the subscription. `from` is the first height that is told, the next
    /// block without it; `stepSeconds` is how long connecting and the acceptance may take.
    package init(
        _ url: NodeURL, from: Height? = nil, account: Address? = nil, stepSeconds: Int = ClientLimits.stepSeconds
    ) throws(EventStreamError) {
        do throws(ExchangeError) {
            exchange = try HTTPExchange(url, stepSeconds: stepSeconds)
        } catch {
            throw .exchange(error)
        }
        decoder = EventDecoder(from: from)
        let words = [from.map { "from=\($0)" }, account.map { "account=\($0.bech32)" }].compactMap { $0 }
        let query = words.isEmpty ? "" : "?" + words.joined(separator: "&")
        let head = """
            GET /v1/events\(query) HTTP/1.1\r\nHost: \(url.host):\(url.port)\r\nAccept: text/event-stream\r\n\r\n
            """
        do throws(ExchangeError) { try exchange.write(Bytes(head.utf8)) } catch { throw .exchange(error) }
        let deadline = ContinuousClock.now.advanced(by: .seconds(stepSeconds))
        while !decoder.isOpen {
            guard try receive(until: deadline) else { throw .exchange(.timeout) }
        }
    }

    /// The next event; nil when none came within `limit`. A stream that is silent for too long is dead.
    package func next(within limit: Duration) throws(EventStreamError) -> ChainEvent? {
        let deadline = ContinuousClock.now.advanced(by: limit)
        while true {
            if let event = waiting.popFirst() { return event }
            guard try receive(until: deadline) else {
                guard lastHeard.duration(to: .now) < ClientLimits.eventSilence else { throw .exchange(.timeout) }
                return nil
            }
        }
    }

    /// False when nothing came in time; what comes later is left for the next call, however much it is.
    private func receive(until deadline: ContinuousClock.Instant) throws(EventStreamError) -> Bool {
        let rest = ContinuousClock.now.duration(to: deadline)
        guard rest > .zero else { return false }
        let bytes: Bytes?
        do throws(ExchangeError) {
            bytes = try exchange.receive(within: rest)
        } catch {
            throw .exchange(error)
        }
        guard let bytes else { return false }
        if bytes.isEmpty { throw .ended }
        lastHeard = .now
        waiting += try decoder.take(bytes)
        return true
    }
}
