// What a light client remembers between runs: the newest trusted states of one chain, ascending by height. The bytes
// are believed when they come back, so the shell keeps the file where only its user writes.
import Chain
package import Codec
package import Primitives
package import Quorum

package enum LightLimits {
    /// Trusted states that are remembered; the lowest go first.
    package static let trustedStatesMax = 64
    /// Light blocks that one request may fetch from one source.
    package static let fetchesMax = 1024
}

package struct TrustStore: Hashable, Sendable, Message {
    package let chainID: ChainID
    /// At least one.
    package private(set) var states: [TrustedState]

    /// nil when `state` is of another chain.
    package init?(chainID: ChainID, first state: TrustedState) {
        guard state.header.chainID == chainID.bytes else { return nil }
        (self.chainID, states) = (chainID, [state])
    }

    package var lowest: TrustedState { states[0] }
    package var latest: TrustedState { states[states.count - 1] }

    /// The highest trusted state that is not above `height`.
    package func nearest(upTo height: Height) -> TrustedState? { states.last { $0.height <= height } }

    /// Keeps what is known about a height already.
    package mutating func insert(_ state: TrustedState) {
        precondition(state.header.chainID == chainID.bytes, "a state of another chain at \(state.height)")
        let index = states.firstIndex { $0.height >= state.height } ?? states.count
        if index < states.count, states[index].height == state.height { return }
        states.insert(state, at: index)
        if states.count > LightLimits.trustedStatesMax { states.removeFirst() }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, chainID.bytes)
        encoder.messages(2, states)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let name = try decoder.data(1, max: Limits.chainIDBytesMax)
        guard let chainID = ChainID(name) else { throw .invalid(field: 1) }
        let states: [TrustedState] = try decoder.messages(2, count: LightLimits.trustedStatesMax)
        guard !states.isEmpty else { throw .missing(field: 2) }
        guard states.allSatisfy({ $0.header.chainID == name }),
            zip(states, states.dropFirst()).allSatisfy({ $0.height < $1.height })
        else { throw .invalid(field: 2) }
        (self.chainID, self.states) = (chainID, states)
    }
}
