// Persistent peers: each dial is connected, waiting for its next attempt, or satisfied because its peer is connected,
// whoever dialled. Invariant: at most one attempt of a dial is under way.
import NIOCore
import NIOPosix
import Primitives
import Synchronization

/// A number for each `dial`.
package struct DialID: Hashable, Sendable {
    let value: UInt64
}

struct Dial {
    enum Phase: Equatable {
        case waiting
        case connecting
        /// This peer has a seat; no attempt until it leaves.
        case satisfied(PeerID)
    }

    let id: DialID
    let host: String
    let port: Int
    let expected: PeerID?
    /// Who answered last.
    var known: PeerID?
    var schedule: RedialSchedule
    var phase = Phase.waiting
    var timer: Scheduled<Void>?

    var address: String { "\(host):\(port)" }
}

extension Transport {
    /// Keeps a link to whoever answers at this address, which must be `expecting` where given: dials now and again
    /// after each end, with exponential back-off. nil after shutdown or beyond `TransportLimits.dialsMax`.
    @discardableResult
    package func dial(host: String, port: Int, expecting: PeerID? = nil) -> DialID? {
        let id = state.withLock { state -> DialID? in
            if state.isShutDown || state.dials.count >= TransportLimits.dialsMax { return nil }
            let id = DialID(value: state.number())
            let schedule = RedialSchedule(
                delayMin: configuration.redialDelayMin, delayMax: configuration.redialDelayMax,
                seed: configuration.seed &+ id.value
            )
            state.dials[id] = Dial(id: id, host: host, port: port, expected: expecting, schedule: schedule)
            return id
        }
        if let id { attempt(id) }
        return id
    }

    /// Forgets a dial. A link that it made stays until it ends.
    package func stopDialing(_ id: DialID) {
        state.withLock { $0.dials.removeValue(forKey: id) }?.timer?.cancel()
    }

    private func attempt(_ id: DialID) {
        let dial = state.withLock { state -> Dial? in
            guard let dial = state.dials[id], dial.phase != .connecting else { return nil }
            if let peer = dial.expected ?? dial.known, state.roster.seat(of: peer) != nil {
                state.dials[id]?.phase = .satisfied(peer)
                return nil
            }
            state.dials[id]?.phase = .connecting
            return dial
        }
        guard let dial else { return }
        counted.withLock { $0.dials &+= 1 }
        let origin = LinkOrigin(dial: id, expected: dial.expected, host: dial.host, address: dial.address)
        ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(configuration.connectDeadline))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.attach(channel, origin) }
            }
            .connect(host: dial.host, port: dial.port)
            .whenComplete { result in
                switch result {
                case .success(let channel): channel.closeFuture.whenComplete { _ in self.ended(id) }
                case .failure(let error):
                    let text = String("\(error)".prefix(TransportLimits.closeTextBytesMax))
                    self.refused(dial.address, .unreachable(text))
                    self.ended(id)
                }
            }
    }

    /// The connection of an attempt is gone, or there was none.
    private func ended(_ id: DialID) {
        state.withLock { $0.dials[id]?.phase = .waiting }
        redial(id)
    }

    /// Plans the next attempt of a dial that has none under way.
    func redial(_ id: DialID) {
        state.withLock { state in
            guard var dial = state.dials[id], dial.phase != .connecting, !state.isShutDown else { return }
            if let peer = dial.expected ?? dial.known, state.roster.seat(of: peer) != nil {
                dial.phase = .satisfied(peer)
            } else {
                dial.phase = .waiting
                dial.timer?.cancel()
                let delay = TimeAmount(dial.schedule.next())
                dial.timer = group.next().scheduleTask(in: delay) { self.attempt(id) }
            }
            state.dials[id] = dial
        }
    }
}
