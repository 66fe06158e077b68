// What the winners of a panel were paid: rows of the table of the epoch that settled it, from a node that nobody
// trusts. An account has one row of a kind in an epoch, with the pay for all its tasks in it.
// Invariant: every row is checked as `Explanation` checks it, down from a believed header.
package import Chain
package import Ledger
import LightClient
package import Primitives
import RPC
package import Rewards

package struct PanelPay: Sendable {
    package let epoch: UInt64
    package let summary: EpochSummary
    /// The believed header under which the summary was proved.
    package let header: Header
    /// By account, of those who earn: fees of seats that the requester pays, audit pay of checkers.
    package var rows: [Address: CheckedExplanation.Reward] = [:]
    /// Why rows of some are missing.
    package var gap: String?

    package init(epoch: UInt64, summary: EpochSummary, header: Header) {
        (self.epoch, self.summary, self.header) = (epoch, summary, header)
    }

    /// Where the pay for a seat stands.
    package static func kind(of seat: PanelSeat) -> RewardKind { seat.kind == .checker ? .audit : .fee }

    mutating func take(_ rewards: [CheckedExplanation.Reward], of seat: PanelSeat) {
        // What a panel pays is never credits.
        let row = rewards.first { $0.row.key.kind == Self.kind(of: seat) && $0.row.key.asset == .token }
        rows[seat.provider] = row
        if row == nil { gap = "the node shows no row of \(seat.provider.bech32)" }
    }
}

extension TaskReader {
    /// Of the winners of a panel that was settled with `epoch`; its summary is proved.
    mutating func pay(
        of panel: PanelRecord, in epoch: UInt64, _ summary: EpochSummary
    ) throws(LightQueryError) -> PanelPay {
        let header = try follower.header(at: summary.height.advanced(), from: client, now: now)
        var pay = PanelPay(epoch: epoch, summary: summary, header: header)
        for seat in panel.seats where panel.earns(seat) {
            let explanation: Explanation
            do throws(LightQueryError) {
                explanation = try Explanation.fetch(
                    seat.provider, epoch: epoch, from: client, follower: follower, now: now)
            } catch {
                // It proves no table that is large or gone, and that refuses nothing.
                guard case .client(.refused(let reason)) = error else { throw error }
                pay.gap = "the node answers: \(reason.data.isEmpty ? reason.message : reason.data)"
                continue
            }
            let checked: CheckedExplanation
            do { checked = try explanation.check() } catch { throw .explanation(error) }
            pay.take(checked.rewards, of: seat)
        }
        return pay
    }
}
