// Points of peers that broke rules. They fade, so that an honest peer's rare mishaps never add up.
import NodeCore
import Primitives

struct PeerScores {
    enum Verdict: Equatable {
        case tolerate
        case disconnect
        case ban
    }

    private struct Score {
        var points: Int
        var since: Int64
    }

    private var scores: [PeerID: Score] = [:]

    /// `now`: any clock in seconds that never goes back.
    mutating func note(_ penalty: Penalty, now: Int64) -> Verdict {
        let peer = penalty.peer
        var score = scores[peer] ?? Score(points: 0, since: now)
        score.points = max(0, score.points - Int(clamping: now - score.since)) + Self.points(penalty)
        score.since = now
        if scores[peer] == nil, scores.count >= RuntimeLimits.scoresMax { forgetLowest() }
        scores[peer] = score
        if score.points >= RuntimeLimits.banScore { return .ban }
        return score.points >= RuntimeLimits.disconnectScore ? .disconnect : .tolerate
    }

    private mutating func forgetLowest() {
        if let lowest = scores.min(by: { $0.value.points < $1.value.points }) { scores[lowest.key] = nil }
    }

    private static func points(_ penalty: Penalty) -> Int {
        switch penalty {
        case .malformedFrame, .badBlock: 50
        case .badRecord: 20
        }
    }
}
