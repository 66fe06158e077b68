import Chain
import Cryptography
import Primitives
import Provider
import RPC
import Rewards
import Testing

@testable import Ledger
@testable import merit

@Suite("The summary of a local network")
struct LocalnetSummaryTests {
    static func address(_ byte: UInt8) throws -> Address { try #require(Address(Bytes(repeating: byte, count: 20))) }

    static func summary() throws -> LocalnetSummary {
        let (honest, cheater) = (try address(1), try address(2))
        let fee = RewardRow(
            key: RewardKey(account: honest, kind: .fee, asset: .token), amount: Amount(770), reason: .tasksSettled,
            evidence: nil)
        let slash = try SlashRow(
            key: SlashKey(account: cheater, offence: .wrongResult, evidence: Digest.zero), amount: Amount(50),
            reporter: Amount(5), injured: Amount(10))
        var summary = LocalnetSummary(chainID: "merit-local")
        summary.tips = [
            .init(address: "AA", height: 90, appHash: "0F"), .init(address: "BB", height: 90, appHash: "0F"),
        ]
        let settled = EpochSummary.sample(height: 80, rows: (1, 1), paid: Amount(770), slashed: Amount(50))
        summary.tables = [.init(epoch: 1, summary: settled, rewards: [fee], slashes: [slash])]
        summary.tasks = .init(submitted: 24, attested: 23, audited: 12, settled: 20)
        summary.panels = .init(asked: 6, drawn: 5, closed: 4, majorities: 3, minorityResults: 2)
        var (first, second) = (
            LocalnetSummary.Provider(address: honest, isCheater: false),
            LocalnetSummary.Provider(address: cheater, isCheater: true)
        )
        (first.tasks, first.computeUnits, first.fees, first.paid) = (20, 4_000, Amount(770), Amount(770))
        second.withheld = Amount(77)
        (first.handicap, first.blocks, first.subsidy, first.standby) = (
            Handicap(slow: 1, misses: 1), 90, Amount(66), Amount(4)
        )
        (first.majoritySeats, second.minoritySeats, second.silentSeats) = (3, 2, 1)
        summary.providers = [first, second]
        summary.lightQuery = .init(address: "merit1x", balance: "7", height: 88, verified: true)
        summary.supply = .init(genesis: "100", minted: "5", burned: "1", sumOfAccounts: "104", equal: true)
        summary.seconds = 97
        return summary
    }

    @Test("merit.testnet.1 has these members in this order")
    func golden() throws {
        let summary = try Self.summary()
        let zero = String(repeating: "0", count: 64)
        let (honest, cheater) = (try Self.address(1).bech32, try Self.address(2).bech32)
        let expected = [
            #"{"schema":"merit.testnet.1","chain_id":"merit-local","#,
            #""validators":[{"address":"AA","height":90,"app_hash":"0F"},"#,
            #"{"address":"BB","height":90,"app_hash":"0F"}],"#,
            #""app_hash_equal":true,"epochs":[{"epoch":1,"height":80,"rewards_root":"\#(zero)","#,
            #""slashes_root":"\#(zero)","rows":1,"paid":"770","minted":"9","burned":"3","slashed":"50"}],"#,
            #""tasks":{"submitted":24,"attested":23,"audited":12,"settled":20},"#,
            #""panels":{"submitted":6,"drawn":5,"closed":4,"majorities":3,"minority_results":2},"#,
            #""providers":[{"address":"\#(honest)","conduct":"slow, away","tasks":20,"blocks":90,"cu":4000,"#,
            #""fees":"770","subsidy":"66","standby":"4","paid":"770","withheld":"0","#,
            #""seats_majority":3,"seats_minority":0,"seats_silent":0},"#,
            #"{"address":"\#(cheater)","conduct":"cheats","tasks":0,"blocks":0,"cu":0,"fees":"0","#,
            #""subsidy":"0","standby":"0","paid":"0","withheld":"77","#,
            #""seats_majority":0,"seats_minority":2,"seats_silent":1}],"#,
            #""cheaters":[{"address":"\#(cheater)","slashed":"50","offence":"wrong_result","epoch":1}],"#,
            #""honest_slashed":0,"#,
            #""light_query":{"address":"merit1x","balance":"7","height":88,"verified":true},"#,
            #""supply":{"genesis":"100","minted":"5","burned":"1","sum_of_accounts":"104","equal":true},"seconds":97}"#,
        ]
        #expect(summary.json.text == expected.joined())
        #expect(summary.failures == [])
    }

    struct FailureRow: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let failures: [String]
        let change: @Sendable (inout LocalnetSummary) throws -> Void

        init(_ name: String, _ failures: [String], _ change: @escaping @Sendable (inout LocalnetSummary) throws -> Void)
        {
            (testDescription, self.failures, self.change) = (name, failures, change)
        }
    }

    /// What is different from a run in which everything held, and what is then said.
    static let failureRows: [FailureRow] = [
        .init("nothing", []) { _ in },
        .init("another app hash", ["app hashes differ"]) {
            $0.tips[1] = .init(address: "BB", height: 90, appHash: "10")
        },
        .init("no node", ["app hashes differ"]) { $0.tips = [] },
        .init("no light query", ["the light client could not verify a balance"]) { $0.lightQuery = nil },
        .init("an unverified light query", ["the light client could not verify a balance"]) {
            $0.lightQuery = .init(address: "merit1x", balance: "7", height: 88, verified: false)
        },
        .init("no panels", []) { $0.panels = nil },
        .init("no majority", ["no panel came to a majority, of 6 tasks of class Q"]) { $0.panels?.majorities = 0 },
        .init("no supply", ["the supply does not add up"]) { $0.supply = nil },
        .init("an unequal supply", ["the supply does not add up"]) {
            $0.supply = .init(genesis: "100", minted: "5", burned: "1", sumOfAccounts: "105", equal: false)
        },
        .init("a stranger's slash, twice", ["1 honest participants were slashed"]) {
            try $0.slash(address(3), .wrongDigest, evidence: 1)
            try $0.slash(address(3), .wrongDigest, evidence: 2)
        },
        .init("slashes of two", ["2 honest participants were slashed"]) {
            try $0.slash(address(1), .timeout)
            try $0.slash(address(3), .wrongDigest)
        },
        .init("a second offence of the cheater", []) { try $0.slash(address(2), .timeout) },
        .init("nothing settled", ["no task was settled"]) {
            $0.tasks = .init(submitted: 24, attested: 23, audited: 12, settled: 0)
            $0.providers[0].paid = .zero
        },
        .init("no work asked for", []) {
            $0.tasks = nil
            $0.providers[0].paid = .zero
        },
        .init("a worker without pay", ["\(bech32(1)) worked and was not paid"]) { $0.providers[0].paid = .zero },
        .init("one of two cheaters free", ["\(bech32(4)) cheated and was not slashed for a wrong result"]) {
            $0.providers.append(.init(address: try address(4), isCheater: true))
        },
        .init("a cheater slashed for something else", ["\(bech32(4)) cheated and was not slashed for a wrong result"]) {
            $0.providers.append(.init(address: try address(4), isCheater: true))
            try $0.slash(address(4), .timeout)
        },
        .init("a complaint on the way", ["a job was refused", "app hashes differ"]) {
            $0.complaints = ["a job was refused"]
            $0.tips = []
        },
    ]

    static func bech32(_ byte: UInt8) -> String { (try? address(byte).bech32) ?? "" }

    @Test("each check that does not hold is named, and nothing else", arguments: failureRows)
    func failure(_ row: FailureRow) throws {
        var summary = try Self.summary()
        try row.change(&summary)
        #expect(summary.failures == row.failures)
    }

    /// Of as many seats, by what they said; nil is silence.
    private static func panel(
        _ said: [UInt8?], result: UInt8?, _ phase: PanelPhase = .closed
    ) throws -> PanelRecord {
        func outcome(_ word: UInt8) -> TaskResult {
            let digest = Hash.sha256([word])
            return TaskResult(output: digest, finalState: digest, fuel: 1, peakPages: 0, outputBytes: 1)
        }
        let seats = try said.enumerated().map { number, word in
            var seat = PanelSeat(provider: try address(UInt8(number)), kind: .replica)
            seat.result = word.map(outcome)
            return seat
        }
        var panel = PanelRecord(assigned: .first, budget: 3, seats: seats)
        (panel.phase, panel.result) = (phase, result.map(outcome))
        return panel
    }

    @Test("only closed panels count; a minority is against a majority, and silence is of no side")
    func panels() throws {
        let panels = try [
            Self.panel([1, 2, 1], result: 1), Self.panel([1, nil, 1], result: 1), Self.panel([1, 2, 3], result: nil),
            Self.panel([1, 2, nil], result: nil, .revealing),
        ]
        let counts = LocalnetSummary.PanelCounts(panels, asked: 9)
        #expect(counts.asked == 9 && counts.drawn == 4 && counts.closed == 3)
        #expect(counts.majorities == 2 && counts.minorityResults == 1)
        var second = LocalnetSummary.Provider(address: try Self.address(1), isCheater: false)
        for panel in panels.prefix(3) { second.count(panel.seats[1], on: panel) }
        #expect([second.majoritySeats, second.minoritySeats, second.silentSeats] == [0, 1, 1])
        for panel in panels.prefix(3) { second.count(panel.seats[2], on: panel) }
        #expect([second.majoritySeats, second.minoritySeats, second.silentSeats] == [2, 1, 1])
    }

    @Test("columns are as wide as their widest cell, and numbers stand to the right")
    func table() {
        var table = TextTable(["who", "amount"])
        table.add(["a", "5"])
        table.add(["long", "120"])
        #expect(table.lines == ["  who   amount", "  a          5", "  long     120"])
    }
}

extension LocalnetSummary {
    /// One more row in the table of the first epoch.
    fileprivate mutating func slash(_ account: Address, _ offence: SlashOffence, evidence: UInt8 = 0) throws {
        let digest = try #require(Digest(Bytes(repeating: evidence, count: 32)))
        let row = try SlashRow(
            key: SlashKey(account: account, offence: offence, evidence: digest), amount: Amount(5), reporter: .zero,
            injured: .zero)
        let table = tables[0]
        tables[0] = .init(
            epoch: table.epoch, summary: table.summary, rewards: table.rewards, slashes: table.slashes + [row])
    }
}

extension EpochSummary {
    static func sample(height: UInt64, rows: (UInt64, UInt64), paid: Amount, slashed: Amount) -> EpochSummary {
        EpochSummary(
            height: Height(signed: Int64(height)) ?? .zero, roots: (.zero, .zero), rows: rows,
            totals: (paid: paid, minted: Amount(9), burned: Amount(3), slashed: slashed))
    }
}
