// What `merit audit` says of a task that a panel judged.
import Chain
import Cryptography
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
    private static func transcript(_ said: [String?], result: String? = "right") throws -> PanelTranscript {
        let engine = try #require(PanelEngine.id("upscale-2"))
        let request = SubmitJob(
            program: Hash.sha256(Bytes("picture".utf8)), input: (nil, []), tasks: 1,
            limits: TaskLimits(fuel: 5_000_000, outputBytes: 64, computeUnits: 16),
            price: JobPrice(bid: 1_000, resource: 2, engineID: engine, replicas: 3))
        let height = try #require(Height(7))
        let job = JobRecord(
            request, by: address(1), at: height, input: (0, nil), pages: 0, held: (Amount(16_000), .zero))
        let seats = said.enumerated().map { number, word in
            var seat = PanelSeat(provider: address(UInt8(10 + number)), kind: .replica)
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
        let verdict = PanelVerdict(transcript: transcript)
        let json = JSON.object(verdict.members)
        #expect(verdict.name == "quorum" && json["verdict"] == "quorum" && json["chain"] == "none")
        #expect(json["chain_says"] == "2 of 3 seats gave the same result" && json["executed"] == .null)
        #expect(try json.member("task")["state"] == "majority")
        #expect(try json.member("receipt")["output"] == .hex(Self.result("right").output))
        let panel = try json.member("panel")
        #expect(panel["settled_epoch"] == "4" && panel["agreeing"] == .number(2))
        let seats = try panel.elements("seats", max: 3)
        #expect(seats.map { $0["pay"] } == ["paid", "unpaid", "paid"])
        #expect(seats.map { $0["lost"] } == ["0", "40", "0"] && seats.map { $0["agrees"] } == [true, false, true])
        let text = verdict.text
        #expect(text.contains("Verdict by quorum: 2 of 3 seats gave the same result."))
        #expect(text.contains("Nothing was executed here") && text.contains("Settled with epoch 4"))
        #expect(text.contains("another, \(String("\(Self.result("wrong").output)".prefix(12)))"))
        let names = verdict.members.map(\.0)
        #expect(names.last == "panel" && names.prefix(3) == ["job", "index", "verdict"])
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
