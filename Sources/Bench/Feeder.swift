// Hands prepared items to nodes over JSON-RPC, many to a request and several requests at once, and keeps at most
// `window` of them under way; meanwhile it watches what one node has committed. An item that a node has no room for is
// handed in again. Invariant: nothing is encoded or signed here but requests of items that were refused as busy.
package import Client
import Foundation
package import Primitives
import RPC
import Synchronization

package enum FeederError: Error, Equatable, Sendable {
    /// The node's code and words for an item that it will never take.
    case refused(String)
    case unreachable(String)
    /// Nothing was committed for so many seconds.
    case stalled(seconds: Int, committed: Int)
}

package final class Feeder: Sendable {
    package struct Terms: Sendable {
        /// Items sent and not yet seen committed, at most.
        package let window: Int
        package let itemsPerRequest: Int
        package let connectionsPerNode: Int

        package init(window: Int, itemsPerRequest: Int, connectionsPerNode: Int) {
            (self.window, self.itemsPerRequest) = (window, itemsPerRequest)
            self.connectionsPerNode = connectionsPerNode
        }
    }

    /// What the watched node had committed when it was asked.
    package struct Sight: Sendable {
        package let height: UInt64
        package let items: UInt64
        package let at: ContinuousClock.Instant
    }

    /// Seconds without a committed item after which the run is given up.
    private static let patience = 30
    private static let pollMicroseconds: UInt32 = 5_000
    private static let metricsBytesMax = 1 << 20
    private static let busyMicroseconds: UInt32 = 20_000

    private struct State {
        /// Next request of each node.
        var next: [Int]
        var sent = 0
        var committed = 0
        var error: FeederError?
        /// When the request of an item was sent.
        var sentAt: [ContinuousClock.Instant?]
    }

    /// Places of items in the load, and the request that carries them.
    private struct Request: Sendable {
        let places: [Int]
        let body: Bytes
    }

    private let nodes: [NodeURL]
    private let texts: [String]
    private let requests: [[Request]]
    private let terms: Terms
    private let state: Mutex<State>

    /// Item i goes to node `i mod nodes`.
    package init(_ items: [Bytes], to nodes: [NodeURL], terms: Terms) {
        (self.nodes, self.terms) = (nodes, terms)
        let texts = items.map(Base64.encode)
        self.texts = texts
        requests = nodes.indices.map { node in
            let own = Array(stride(from: node, to: items.count, by: nodes.count))
            return stride(from: 0, to: own.count, by: terms.itemsPerRequest).map { start in
                Self.request(Array(own[start..<min(start + terms.itemsPerRequest, own.count)]), texts)
            }
        }
        state = Mutex(
            State(next: nodes.map { _ in 0 }, sentAt: Array(repeating: nil, count: items.count)))
    }

    private static func request(_ places: [Int], _ texts: [String]) -> Request {
        var body = Bytes("[".utf8)
        for place in places {
            if body.count > 1 { body.append(UInt8(ascii: ",")) }
            body += #"{"jsonrpc":"2.0","id":\#(place),"method":"broadcast_tx_sync","params":{"tx":""#.utf8
            body += texts[place].utf8
            body += #""}}"#.utf8
        }
        body.append(UInt8(ascii: "]"))
        return Request(places: places, body: body)
    }

    // MARK: The run

    /// Sends everything and returns what was seen until the last item was committed. Blocks; call it off the pool.
    package func run() throws(FeederError) -> [Sight] {
        let group = DispatchGroup()
        for node in nodes.indices {
            for _ in 0..<terms.connectionsPerNode {
                let thread = Thread { [self] in
                    feed(node)
                    group.leave()
                }
                group.enter()
                thread.start()
            }
        }
        let sights = watch()
        group.wait()
        if let error = state.withLock({ $0.error }) { throw error }
        return sights
    }

    /// When each item's request was sent, in the order of the load.
    package var sentAt: [ContinuousClock.Instant?] { state.withLock { $0.sentAt } }

    private func fail(_ error: FeederError) { state.withLock { $0.error = $0.error ?? error } }

    private func feed(_ node: Int) {
        while let request = take(from: node) {
            note(request, at: .now)
            do throws(FeederError) { try deliver(request, to: nodes[node]) } catch { return fail(error) }
        }
    }

    private func note(_ request: Request, at now: ContinuousClock.Instant) {
        state.withLock { state in
            for place in request.places { state.sentAt[place] = now }
        }
    }

    /// Hands in until the node has taken every item, or another thread has failed.
    private func deliver(_ first: Request, to node: NodeURL) throws(FeederError) {
        var request = first
        while state.withLock({ $0.error }) == nil {
            let busy = try send(request, to: node)
            if busy.isEmpty { return }
            usleep(Self.busyMicroseconds)
            request = Self.request(busy, texts)
        }
    }

    /// Waits until the window has room; nil when the node has everything.
    private func take(from node: Int) -> Request? {
        while true {
            let (request, isOver) = state.withLock { state -> (Request?, Bool) in
                guard state.error == nil, state.next[node] < requests[node].count else { return (nil, true) }
                let request = requests[node][state.next[node]]
                if state.sent - state.committed + request.places.count > max(terms.window, request.places.count) {
                    return (nil, false)
                }
                state.next[node] += 1
                state.sent += request.places.count
                return (request, false)
            }
            if isOver || request != nil { return request }
            usleep(2_000)
        }
    }

    /// The places of the items that the node had no room for.
    private func send(_ request: Request, to node: NodeURL) throws(FeederError) -> [Int] {
        let answers: JSON
        do {
            answers = try JSON(parsing: try node.exchange(request.body), max: 64 << 20)
        } catch {
            throw .unreachable("\(node): \(error)")
        }
        guard case .array(let list) = answers, list.count == request.places.count else {
            throw .unreachable("\(node) answered \(answers.text.prefix(200))")
        }
        var busy: [Int] = []
        for (place, answer) in zip(request.places, list) {
            if answer["result"]?["code"] == .number(0) { continue }
            guard answer["error"]?["data"] == "mempool is full" else {
                throw .refused(String(answer.text.prefix(300)))
            }
            busy.append(place)
        }
        return busy
    }

    // MARK: Watching

    private func watch() -> [Sight] {
        var sights: [Sight] = []
        var lastItem = ContinuousClock.now
        while true {
            do throws(FeederError) {
                let sight = try Self.look(at: nodes[0])
                if sights.last?.items != sight.items { lastItem = sight.at }
                if sights.last?.height != sight.height { sights.append(sight) }
                let committed = Int(sight.items - sights[0].items)
                let isOver = state.withLock { state in
                    state.committed = committed
                    return state.error != nil || committed >= texts.count
                }
                if isOver { return sights }
                if lastItem.duration(to: sight.at) > .seconds(Self.patience) {
                    throw .stalled(seconds: Self.patience, committed: committed)
                }
            } catch {
                fail(error)
                return sights
            }
            usleep(Self.pollMicroseconds)
        }
    }

    private static func look(at node: NodeURL) throws(FeederError) -> Sight {
        let series = try metrics(of: node)
        guard let height = series["merit_height"], let items = series["merit_items_committed_total"] else {
            throw .unreachable("\(node) has no such series")
        }
        return Sight(height: height, items: items, at: .now)
    }

    /// The series without labels.
    package static func metrics(of node: NodeURL) throws(FeederError) -> [String: UInt64] {
        let body: Bytes
        do { body = try node.get("/metrics", max: Self.metricsBytesMax).body } catch {
            throw .unreachable("\(node): \(error)")
        }
        var series: [String: UInt64] = [:]
        for line in String(decoding: body, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            if parts.count == 2, let value = UInt64(parts[1]) { series[String(parts[0])] = value }
        }
        return series
    }
}
