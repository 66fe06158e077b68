// Reads a task's transcript from a node that nobody trusts. What auditors and voters said is forgotten when an epoch
// ends, so it is proved as it stood before the blocks that settled the epochs after the receipt's; those heights are
// proved by the epochs' summaries. Invariant: each record is proved under a believed header, a slash table is complete.
package import Chain
import Codec
import Cryptography
import Ledger
import LightClient
package import Primitives
import Quorum
import RPC
import Rewards

package enum TaskReaderLimits {
    /// Epochs after the receipt's in which its audits and its dispute are looked for.
    static let epochsMax: UInt64 = 32
    /// Rows of a slash table.
    static let slashRowsMax = 1 << 16
    static let pageRows = 100
}

package struct TaskReader {
    let client: RPCClient
    let now: Timestamp
    var follower: LightFollower

    package init(_ client: RPCClient, follower: LightFollower, now: Timestamp) {
        (self.client, self.follower, self.now) = (client, follower, now)
    }

    /// nil where it is proved that nobody was given this task.
    package mutating func transcript(of place: TaskPlace) throws(LightQueryError) -> TaskTranscript? {
        let proved = try follower.value(of: StateKey.task(place), from: client, now: now)
        let height = proved.height
        guard let task: TaskRecord = try Self.read(proved) else { return nil }
        let job: JobRecord = try require(StateKey.job(place.job), at: height)
        let running: EpochRecord = try require(StateKey.singleton(.epoch), at: height)
        var transcript = TaskTranscript(
            place, job: job, task: task.seen(in: running.number), header: proved.header)
        guard let delivered = task.delivered else { return transcript }
        let epoch = try epoch(of: delivered, running: running, at: height)
        transcript.epoch = epoch
        try follow(&transcript, from: epoch, running: running.number, at: height)
        return transcript
    }

    // MARK: Epochs

    mutating func epoch(
        of receipt: Height, running: EpochRecord, at height: Height
    ) throws(LightQueryError) -> UInt64 {
        if receipt >= running.startHeight { return running.number }
        var (low, high): (UInt64, UInt64) = (0, running.number)
        while low < high {
            let middle = low + (high - low) / 2
            if try summary(middle, at: height).height < receipt { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func summary(_ epoch: UInt64, at height: Height) throws(LightQueryError) -> EpochSummary {
        try require(StateKey.epochSummary(epoch), at: height)
    }

    /// Through the ends of the epochs in which the task was judged, up to the running one.
    private mutating func follow(
        _ transcript: inout TaskTranscript, from epoch: UInt64, running: UInt64, at height: Height
    ) throws(LightQueryError) {
        var next = epoch + 1
        while next < running, next <= epoch + TaskReaderLimits.epochsMax {
            let summary = try summary(next, at: height)
            let before = summary.height.lowered()
            try readAudits(&transcript, epoch: next - 1, at: before)
            let task: TaskRecord = try require(StateKey.task(transcript.place), at: before)
            if let dispute = try dispute(on: transcript.place, before: summary.height) {
                // An extended one goes on.
                let isOver = try value(StateKey.dispute(transcript.place), at: summary.height).value == nil
                let slashes = isOver ? try slashes(next, summary).filter { $0.key.evidence == dispute.id } : []
                transcript.decided = TaskTranscript.Decided(
                    dispute, settledEpoch: isOver ? next : nil, slashes: slashes)
                if isOver { return }
            } else if task.seen(in: next).state != .delivered {
                return
            }
            next += 1
        }
        guard next == running else { return }
        try readAudits(&transcript, epoch: next - 1, at: height)
        if let dispute = try dispute(on: transcript.place, before: height.advanced()) {
            transcript.decided = TaskTranscript.Decided(dispute, settledEpoch: nil, slashes: [])
        }
    }

    /// Of the tasks that were judged with those of `epoch`.
    private mutating func readAudits(
        _ transcript: inout TaskTranscript, epoch: UInt64, at height: Height
    ) throws(LightQueryError) {
        let audits: TaskAudits? = try Self.read(
            try value(StateKey.taskAudits(epoch, transcript.place), at: height))
        transcript.audits += audits?.entries ?? []
    }

    private mutating func dispute(
        on place: TaskPlace, before height: Height
    ) throws(LightQueryError) -> ProvenDispute? {
        let header = try follower.header(at: height, from: client, now: now)
        guard let transcript = try DisputeTranscript.fetch(place, before: header, from: client) else {
            let proved = try value(StateKey.dispute(place), at: height.lowered())
            guard proved.value == nil else { throw .noAnswer("the dispute on \(place) is there and is not shown") }
            return nil
        }
        do { return try transcript.check(under: header.hash) } catch { throw .transcript(error) }
    }

    // MARK: Slashes

    /// The whole table, under its root.
    func slashes(_ epoch: UInt64, _ summary: EpochSummary) throws(LightQueryError) -> [SlashRow] {
        guard summary.slashRows <= TaskReaderLimits.slashRowsMax else {
            throw .noAnswer("the slash table of epoch \(epoch) has too many rows: \(summary.slashRows)")
        }
        var rows: [SlashRow] = []
        while rows.count < summary.slashRows {
            let answer = try LightFollower.ask(
                client, "slashes",
                [
                    "epoch": .decimal(epoch), "page": .decimal(rows.count / TaskReaderLimits.pageRows + 1),
                    "per_page": .decimal(TaskReaderLimits.pageRows),
                ])
            do throws(ShapeError) {
                let page = try answer.elements("rows", max: TaskReaderLimits.pageRows)
                if page.isEmpty { break }
                for row in page { rows.append(try SlashRow(json: row)) }
            } catch {
                throw .client(.shape(error))
            }
        }
        guard Self.isWhole(rows, under: summary) else { throw .wrongTable(epoch) }
        return rows
    }

    static func isWhole(_ rows: [SlashRow], under summary: EpochSummary) -> Bool {
        MerkleTree.root(of: rows.map(\.encoded)) == summary.slashesRoot
    }

    // MARK: Records

    mutating func value(_ key: Bytes, at height: Height) throws(LightQueryError) -> ProvedValue {
        try follower.value(of: key, at: height, from: client, now: now)
    }

    mutating func require<Record: Message>(
        _ key: Bytes, at height: Height
    ) throws(LightQueryError) -> Record {
        guard let record: Record = try Self.read(try value(key, at: height)) else {
            throw .noAnswer("nothing stands under \(Hex.lower(key)) at height \(height)")
        }
        return record
    }

    static func read<Record: Message>(_ proved: ProvedValue) throws(LightQueryError) -> Record? {
        guard let value = proved.value else { return nil }
        do { return try Record(decoding: value) } catch { throw .badValue(error) }
    }
}
