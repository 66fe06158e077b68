// How long to wait in each step: timeout(r) = base + r * delta, saturating, without a ceiling, so that however slow the
// network is, some round is long enough. The composition may give each height another table (adaptive timeouts): safety
// does not depend on it.
package import Primitives
package import Quorum

package struct Timeout: Hashable, Sendable {
    package let base: Span
    package let delta: Span

    package init(base: Span, delta: Span) { (self.base, self.delta) = (base, delta) }

    /// base + round * delta; saturates.
    package func duration(round: Round) -> Span { base.adding(delta.times(Int64(round))) }
}

package struct Timeouts: Hashable, Sendable {
    /// Must cover the wait for items of an idle chain's proposer and the pull of a whole block.
    package let propose: Timeout
    package let prevote: Timeout
    package let precommit: Timeout

    package init(propose: Timeout, prevote: Timeout, precommit: Timeout) {
        (self.propose, self.prevote, self.precommit) = (propose, prevote, precommit)
    }
}
