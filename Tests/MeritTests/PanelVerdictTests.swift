// What `merit audit` says of a task that a panel judged.
import Chain
import Cryptography
import Foundation
import Primitives
import ProgramRules
import RPC
import Rewards
import Testing

@testable import Client
@testable import Ledger
@testable import merit

@Suite("verdicts of panels")
struct PanelVerdictTests {
    private static func address(_ number: UInt8) -> Address {
        guard let address = Address(Bytes(repeating: number, count: 20)) else { preconditionFailure("20 bytes") }
        return address
    }

    private static func result(_ said: String) -> TaskResult {
        let digest = Hash.sha256(Bytes(said.utf8))
        return TaskResult(output: digest, finalState: digest, fuel: 5_000_000, peakPages: 0, outputBytes: 5)
    }

    /// Seats by what they said; nil is silence after the seal.
    private static func transcript(
        _ said: [String?], result: String? = "right", checkers: Int = 0
    ) throws -> PanelTranscript {
        let engine = try #require(PanelEngine.id("upscale-2"))
        let request = SubmitJob(
            program: Hash.sha256(Bytes("picture".utf8)), input: (nil, []), tasks: 1,
            limits: TaskLimits(fuel: 5_000_000, outputBytes: 64, computeUnits: 16),
            price: JobPrice(bid: 1_000, resource: 2, engineID: engine, replicas: 3))
        let height = try #require(Height(7))
        let job = JobRecord(
            request, by: address(1), at: height, input: (0, nil), pages: 0, held: (Amount(16_000), .zero))
        let seats = said.enumerated().map { number, word in
            let kind: SeatKind = number < said.count - checkers ? .replica : .checker
            var seat = PanelSeat(provider: address(UInt8(10 + number)), kind: kind)
            (seat.isOpen, seat.seal, seat.result) = (false, .zero, word.map(Self.result))
            return seat
        }
        var panel = PanelRecord(assigned: height.advanced(), budget: 10, seats: seats)
        (panel.phase, panel.result) = (.closed, result.map(Self.result))
        let header = Header(chainID: Bytes("merit-test".utf8), height: height.advanced(by: 90), time: .epoch1970)
        return PanelTranscript(
            TaskPlace(job: Hash.sha256(Bytes("job".utf8)), index: 3), job: job, panel: panel, header: header)
    }

    @Test("seats are told with what they said, whether they agree, are paid, and lost")
    func quorum() throws {
        var transcript = try Self.transcript(["right", "wrong", "right"])
        let slash = try SlashRow(
            key: SlashKey(account: Self.address(11), offence: .wrongResult, evidence: .zero), amount: Amount(40),
            reporter: .zero, injured: .zero)
        transcript.settled = PanelTranscript.Settled(epoch: 4, slashes: [slash])
        let pay = Self.pay(transcript, [10: 77, 12: 770])
        transcript.settled?.pay = pay
        let verdict = PanelVerdict(transcript: transcript)
        let json = JSON.object(verdict.members)
        #expect(verdict.name == "quorum" && json["verdict"] == "quorum" && json["chain"] == "none")
        #expect(json["chain_says"] == "2 of 3 seats gave the same result" && json["executed"] == .null)
        #expect(try json.member("task")["state"] == "majority")
        #expect(try json.member("receipt")["output"] == .hex(Self.result("right").output))
        let panel = try json.member("panel")
        #expect(panel["settled_epoch"] == "4" && panel["agreeing"] == .number(2) && panel["rows_missing"] == "")
        #expect(try panel.member("table")["reward_rows"] == "40")
        let seats = try panel.elements("seats", max: 3)
        #expect(seats.map { $0["pay"] } == ["paid", "unpaid", "paid"])
        #expect(seats.map { $0["lost"] } == ["0", "40", "0"] && seats.map { $0["agrees"] } == [true, false, true])
        #expect(try seats[2].member("row")["amount"] == "770" && seats[2].member("row")["epoch"] == "4")
        #expect(seats[1]["row"] == .null)
        let text = verdict.text
        for line in [
            "Rows of epoch 4, each an account's pay of its kind for all its tasks",
            "  \(Self.address(12).bech32)  fee   0.000000770  \(Reason.tasksSettled.text)  12 of 40",
            "  and header 97, \(transcript.header.hash)",
        ] {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line) is not in\n\(text)")
        }
        #expect(text.contains("Verdict by quorum: 2 of 3 seats gave the same result."))
        #expect(text.contains("Nothing was executed here") && text.contains("Settled with epoch 4"))
        #expect(text.contains("another, \(String("\(Self.result("wrong").output)".prefix(12)))"))
        let names = verdict.members.map(\.0)
        #expect(names.last == "panel" && names.prefix(3) == ["job", "index", "verdict"])
    }

    /// Of the table of epoch 4: what these accounts were paid for their seats.
    private static func pay(_ transcript: PanelTranscript, _ amounts: [UInt8: UInt64]) -> PanelPay {
        let summary = EpochSummary(
            height: transcript.header.height, roots: (.zero, .zero), rows: (40, 1),
            totals: (.zero, .zero, .zero, .zero))
        var pay = PanelPay(epoch: 4, summary: summary, header: transcript.header)
        for seat in transcript.panel.seats {
            guard let number = seat.provider.bytes.first, let amount = amounts[number] else { continue }
            let kind = PanelPay.kind(of: seat)
            let reason: Reason = amount == 0 ? .noAuditFees : kind == .fee ? .tasksSettled : .dutiesDone
            let row = RewardRow(
                key: RewardKey(account: seat.provider, kind: kind), amount: Amount(amount), reason: reason)
            pay.rows[seat.provider] = CheckedExplanation.Reward(row: row, basis: nil, place: UInt64(number))
        }
        return pay
    }

    @Test("the answer about a checked panel is the golden one; a checker for whom the pool had nothing is unpaid")
    func golden() throws {
        var transcript = try Self.transcript(["right", "right", "wrong", "right", "right", "right", nil], checkers: 4)
        let slash = try SlashRow(
            key: SlashKey(account: Self.address(12), offence: .wrongResult, evidence: .zero), amount: Amount(300),
            reporter: .zero, injured: .zero)
        transcript.settled = PanelTranscript.Settled(epoch: 4, slashes: [slash])
        let pay = Self.pay(transcript, [10: 77, 11: 77, 13: 77, 14: 7, 15: 0])
        transcript.settled?.pay = pay
        let verdict = PanelVerdict(transcript: transcript)
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let golden = try String(contentsOf: folder.appendingPathComponent("Golden/audit-panel.json"), encoding: .utf8)
        let json = JSON.object(verdict.members)
        #expect(json.text + "\n" == golden)
        let seats = try json.member("panel").elements("seats", max: 7)
        #expect(seats.map { $0["pay"] } == ["paid", "paid", "unpaid", "paid", "paid", "unpaid", "unpaid"])
    }

    @Test("where a row cannot be shown the answer says why")
    func gaps() throws {
        func said(_ transcript: PanelTranscript) throws -> (missing: JSON?, text: String) {
            let verdict = PanelVerdict(transcript: transcript)
            return (try JSON.object(verdict.members).member("panel")["rows_missing"], verdict.text)
        }
        var transcript = try Self.transcript(["right", "wrong", "right"])
        let old = try said(transcript)
        #expect(old.missing == "it was settled longer ago than is looked for here")
        #expect(old.text.contains("No row is shown: it was settled longer ago than is looked for here."))
        transcript.settledGap = "height 9 is gone"
        #expect(try said(transcript).missing == "the node has no proof of when it was settled: height 9 is gone")
        transcript.settledGap = nil
        transcript.isDue = true
        let due = try said(transcript).text
        #expect(due.contains("No row is shown: its pay is due with the end of the running epoch."))
        transcript.isDue = false
        transcript.settled = PanelTranscript.Settled(epoch: 4, slashes: [])
        let pay = Self.pay(transcript, [10: 77])
        transcript.settled?.pay = pay
        transcript.settled?.pay?.gap = "the node shows no row of X"
        let part = try said(transcript)
        #expect(part.missing == "the node shows no row of X" && part.text.contains("Rows of epoch 4"))
        #expect(part.text.contains("Not every row is shown: the node shows no row of X."))
        let none = try said(try Self.transcript(["a", "b", "c"], result: nil))
        #expect(none.missing == "" && none.text.contains("Nothing is paid for it."))
    }

    @Test("before the settlement pay is due; without a majority nobody is paid; an open panel has no verdict")
    func others() throws {
        var due = try Self.transcript(["right", nil, "right"])
        due.isDue = true
        let seats = try JSON.object(PanelVerdict(transcript: due).members).member("panel").elements("seats", max: 3)
        #expect(seats.map { $0["pay"] } == ["due", "unpaid", "due"])
        #expect(PanelVerdict(transcript: due).text.contains("silent"))
        let none = PanelVerdict(transcript: try Self.transcript(["a", "b", "c"], result: nil))
        #expect(none.name == "no_quorum" && none.chainSays.contains("nobody is paid"))
        #expect(!none.text.contains("  paid"))
        var open = try Self.transcript(["right", "right", "right"], result: nil)
        var panel = open.panel
        panel.phase = .revealing
        open = PanelTranscript(open.place, job: open.job, panel: panel, header: open.header)
        #expect(PanelVerdict(transcript: open).name == "open")
        #expect(PanelVerdict(transcript: open).text.contains("Verdict: none yet; the panel is revealing"))
    }
}
