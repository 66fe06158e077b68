// Which challenges of uptime the agent answers. What a node says of them is a hint, and a wrong one costs nobody but
// who passes the answer on; so nothing is proved. Invariant: each height is signed for once, and only if it is one that
// the chain may ask about now.
package import Ledger
package import Primitives

package struct AnswerPlan: Sendable {
    /// Heights that were answered and may be asked for again.
    private var answered: Set<Height> = []

    package init() {}

    /// Those to answer now, the oldest first.
    package mutating func due(_ open: [ChallengeRecord.Open], tip: Height) -> [ChallengeRecord.Open] {
        let known = answered.filter { Self.isCurrent($0, tip: tip) }
        answered = known
        var seen: Set<Height> = []
        return open.sorted { $0.height < $1.height }.filter {
            Self.isCurrent($0.height, tip: tip) && !known.contains($0.height) && seen.insert($0.height).inserted
        }
    }

    private static func isCurrent(_ height: Height, tip: Height) -> Bool {
        height <= tip && tip <= height.advanced(by: ProviderLimits.answerBlocks)
    }

    /// A node took the answer, or says that it is of no use.
    package mutating func answered(_ height: Height) { answered.insert(height) }
}
