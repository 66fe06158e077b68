// The series of `/metrics` in Prometheus' text form. Counters of the node come with its facts; the block interval is
// read from the headers that were committed since the last scrape.
import Chain
import Codec
import Ledger
import Primitives
import Synchronization

final class MetricsBook: Sendable {
    /// Upper bounds of the block interval in milliseconds.
    private static let bounds: [Int64] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000]

    private struct State {
        var requests = [UInt64](repeating: 0, count: Method.allCases.count + 1)
        var buckets = [UInt64](repeating: 0, count: MetricsBook.bounds.count)
        var intervals: UInt64 = 0
        var nanoseconds: Int64 = 0
        var last: (height: Height, time: Timestamp)?
    }

    private let state = Mutex(State())

    /// nil: a method that does not exist.
    func count(_ method: Method?) {
        let place = method.flatMap { Method.allCases.firstIndex(of: $0) } ?? Method.allCases.count
        state.withLock { $0.requests[place] += 1 }
    }

    func text(_ snapshot: some Snapshot, _ facts: NodeFacts, _ events: EventBook.Counters) -> String {
        var page = MetricsPage()
        let tip = snapshot.load(.meta, key: LedgerView.tipKey).flatMap { try? Tip(decoding: $0) }
        page.gauge("height", tip?.height.value ?? 0, "height of the newest committed block")
        page.gauge("round", UInt64(facts.round), "round of the open height")
        page.gauge("catching_up", facts.isCatchingUp ? 1 : 0, "1 while blocks are fetched from peers")
        page.gauge("peers", UInt64(facts.peers.count), "linked peers")
        let outbound = facts.peers.count { $0.isOutbound }
        page.gauge("peers_outbound", UInt64(outbound), "linked peers that this node dialled")
        page.counter("items_committed_total", facts.itemsCommitted, "items in committed blocks since the start")
        page.gauge("items_open", facts.itemsOpen, "admitted items in the open batch")
        page.gauge("batches_waiting", facts.batchesWaiting, "held batches that stand in no block yet")
        page.counter("signatures_checked_total", facts.signaturesChecked, "calls of the signature check")
        page.counter("peer_bytes_received_total", facts.bytesReceived, "bytes from peers")
        page.counter("peer_bytes_sent_total", facts.bytesSent, "bytes to peers")
        page.gauge("event_subscribers", UInt64(events.open), "open event streams")
        page.counter("events_sent_total", events.sent, "events that subscribers took")
        page.counter("event_subscribers_dropped_total", events.dropped, "subscribers that were cut for being slow")
        page.counter("event_subscribers_refused_total", events.refused, "subscribers that there was no seat for")
        for metric in facts.metrics { page.add(metric.name, metric.kind, metric.value, metric.help) }
        state.withLock { state in
            if let tip { Self.catchUp(&state, to: tip, snapshot) }
            Self.describe(state, in: &page)
        }
        return page.text
    }

    private static func catchUp(_ state: inout State, to tip: Tip, _ snapshot: some Snapshot) {
        let oldest = tip.height.lowered(by: APILimits.headersPerScrapeMax)
        var next = max(state.last?.height ?? oldest, oldest).advanced()
        while next <= tip.height {
            guard let bytes = snapshot.load(.headers, key: next.value.bigEndianBytes),
                let header = try? Header(decoding: bytes)
            else { return }
            if let last = state.last, last.height.advanced() == next {
                observe(header.time.instant.since(last.time.instant), in: &state)
            }
            state.last = (next, header.time)
            next = next.advanced()
        }
    }

    private static func observe(_ interval: Span, in state: inout State) {
        for (place, bound) in bounds.enumerated() where interval <= .milliseconds(bound) { state.buckets[place] += 1 }
        state.intervals += 1
        state.nanoseconds += interval.nanoseconds
    }

    private static func describe(_ state: State, in page: inout MetricsPage) {
        page.head("block_interval_seconds", "histogram", "header time between neighbouring blocks")
        for (bound, count) in zip(bounds, state.buckets) {
            page.line("block_interval_seconds_bucket{le=\"\(seconds(bound * 1_000_000))\"}", "\(count)")
        }
        page.line("block_interval_seconds_bucket{le=\"+Inf\"}", "\(state.intervals)")
        page.line("block_interval_seconds_sum", seconds(state.nanoseconds))
        page.line("block_interval_seconds_count", "\(state.intervals)")
        page.head("rpc_requests_total", "counter", "calls by method")
        for (place, method) in Method.allCases.enumerated() {
            page.line("rpc_requests_total{method=\"\(method.rawValue)\"}", "\(state.requests[place])")
        }
        page.line("rpc_requests_total{method=\"unknown\"}", "\(state.requests[Method.allCases.count])")
    }

    private static func seconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        if rest == 0 { return "\(whole)" }
        var digits = String(String(1_000_000_000 + rest).dropFirst())
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}

struct MetricsPage {
    private(set) var text = ""

    mutating func gauge(_ name: String, _ value: UInt64, _ help: String) { add(name, .gauge, value, help) }
    mutating func counter(_ name: String, _ value: UInt64, _ help: String) { add(name, .counter, value, help) }

    mutating func add(_ name: String, _ kind: Metric.Kind, _ value: UInt64, _ help: String) {
        head(name, kind.rawValue, help)
        line(name, "\(value)")
    }

    mutating func head(_ name: String, _ kind: String, _ help: String) {
        text += "# HELP merit_\(name) \(help)\n# TYPE merit_\(name) \(kind)\n"
    }

    mutating func line(_ series: String, _ value: String) { text += "merit_\(series) \(value)\n" }
}
