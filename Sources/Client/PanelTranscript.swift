// Reads a panel from a node that nobody trusts. A panel's record stays in the state, but the state does not say when it
// was paid: that is proved by how it stood after the blocks that settled the epochs since its draw, and what was paid
// by the rows of that epoch's table. Invariant: each record is proved under a believed header, a slash table is
// complete.
package import Chain
import Codec
package import Ledger
import LightClient
import Primitives
import Quorum
package import Rewards

/// All that the chain says of one task of class Q, proved.
package struct PanelTranscript: Sendable {
    /// The end of an epoch that paid for the task.
    package struct Settled: Sendable {
        package let epoch: UInt64
        /// Of that epoch's table, with this task as their evidence; the whole table was read.
        package let slashes: [SlashRow]
        /// What the winners were paid in it; nil where nobody won.
        package var pay: PanelPay?

        package init(epoch: UInt64, slashes: [SlashRow]) { (self.epoch, self.slashes) = (epoch, slashes) }
    }

    package let place: TaskPlace
    package let job: JobRecord
    package let panel: PanelRecord
    /// The believed header under which job and panel were proved.
    package let header: Header
    /// nil while it is not paid, or where that is too long ago to be looked for.
    package var settled: Settled?
    /// Why nobody can say when it was paid, where the node has not the state of that time.
    package var settledGap: String?
    /// Judged, and paid with the end of the running epoch.
    package var isDue = false

    package init(_ place: TaskPlace, job: JobRecord, panel: PanelRecord, header: Header) {
        (self.place, self.job, self.panel, self.header) = (place, job, panel, header)
    }
}

extension TaskReader {
    /// nil where it is proved that no panel was drawn for this task.
    package mutating func panel(of place: TaskPlace) throws(LightQueryError) -> PanelTranscript? {
        let proved = try follower.value(of: StateKey.panel(place), from: client, now: now)
        let height = proved.height
        guard let panel: PanelRecord = try Self.read(proved) else { return nil }
        let job: JobRecord = try require(StateKey.job(place.job), at: height)
        var transcript = PanelTranscript(place, job: job, panel: panel, header: proved.header)
        guard panel.phase == .closed else { return transcript }
        transcript.isDue = try value(StateKey.panelDue(place), at: height).value != nil
        if transcript.isDue { return transcript }
        let running: EpochRecord = try require(StateKey.singleton(.epoch), at: height)
        do throws(LightQueryError) {
            guard let found = try settlement(of: panel, at: place, running: running, height) else { return transcript }
            transcript.settled = try settled(found.epoch, found.summary, panel, place)
        } catch {
            guard case .noAnswer(let log) = error else { throw error }
            transcript.settledGap = log
        }
        return transcript
    }

    /// The epoch whose end settled it, among those in which it is looked for.
    private mutating func settlement(
        of panel: PanelRecord, at place: TaskPlace, running: EpochRecord, _ height: Height
    ) throws(LightQueryError) -> (epoch: UInt64, summary: EpochSummary)? {
        var next = try epoch(of: panel.assigned, running: running, at: height)
        let last = next.addingReportingOverflow(TaskReaderLimits.epochsMax)
        while next < running.number, last.overflow || next <= last.partialValue {
            let summary = try summary(next, at: height)
            if try isSettled(place, at: summary.height) { return (next, summary) }
            next += 1
        }
        return nil
    }

    private mutating func settled(
        _ epoch: UInt64, _ summary: EpochSummary, _ panel: PanelRecord, _ place: TaskPlace
    ) throws(LightQueryError) -> PanelTranscript.Settled {
        let id = DisputeRecord.id(place)
        let rows = try slashes(epoch, summary).filter { $0.key.evidence == id }
        var settled = PanelTranscript.Settled(epoch: epoch, slashes: rows)
        if panel.result != nil { settled.pay = try pay(of: panel, in: epoch, summary) }
        return settled
    }

    /// Closed, and nothing of it is due any more.
    private mutating func isSettled(_ place: TaskPlace, at height: Height) throws(LightQueryError) -> Bool {
        let panel: PanelRecord? = try Self.read(try value(StateKey.panel(place), at: height))
        guard panel?.phase == .closed else { return false }
        return try value(StateKey.panelDue(place), at: height).value == nil
    }
}
