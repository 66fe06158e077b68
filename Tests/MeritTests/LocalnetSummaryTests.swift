import Ledger
import Primitives
import RPC
import Rewards
import Testing

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
        var (first, second) = (
            LocalnetSummary.Provider(address: honest, isCheater: false),
            LocalnetSummary.Provider(address: cheater, isCheater: true)
        )
        (first.tasks, first.computeUnits, first.fees, first.paid) = (20, 4_000, Amount(770), Amount(770))
        second.withheld = Amount(77)
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
            #""providers":[{"address":"\#(honest)","tasks":20,"cu":4000,"fees":"770","paid":"770","withheld":"0"},"#,
            #"{"address":"\#(cheater)","tasks":0,"cu":0,"fees":"0","paid":"0","withheld":"77"}],"#,
            #""cheaters":[{"address":"\#(cheater)","slashed":"50","offence":"wrong_result","epoch":1}],"#,
            #""honest_slashed":0,"#,
            #""light_query":{"address":"merit1x","balance":"7","height":88,"verified":true},"#,
            #""supply":{"genesis":"100","minted":"5","burned":"1","sum_of_accounts":"104","equal":true},"seconds":97}"#,
        ]
        #expect(summary.json.text == expected.joined())
        #expect(summary.failures == [])
    }

    @Test(
        "each check that does not hold is named",
        arguments: [
            ("app hashes differ", 0), ("the light client could not verify a balance", 1),
            ("the supply does not add up", 2), ("1 honest participants were slashed", 3), ("no task was settled", 4),
        ])
    func failure(_ line: String, _ number: Int) throws {
        var summary = try Self.summary()
        switch number {
        case 0: summary.tips[1] = .init(address: "BB", height: 90, appHash: "10")
        case 1: summary.lightQuery = nil
        case 2: summary.supply = nil
        case 3: summary.providers[1] = .init(address: try Self.address(3), isCheater: false)
        default: summary.tasks = .init(submitted: 24, attested: 23, audited: 12, settled: 0)
        }
        #expect(summary.failures.contains(line))
    }

    @Test("a cheater that went free and a worker without pay fail the run")
    func justice() throws {
        var summary = try Self.summary()
        summary.providers[1] = .init(address: try Self.address(4), isCheater: true)
        summary.providers[0].paid = .zero
        let (worker, cheater) = (try Self.address(1).bech32, try Self.address(4).bech32)
        #expect(summary.failures.contains("\(worker) worked and was not paid"))
        #expect(summary.failures.contains("\(cheater) cheated and was not slashed for a wrong result"))
    }

    @Test("columns are as wide as their widest cell, and numbers stand to the right")
    func table() {
        var table = TextTable(["who", "amount"])
        table.add(["a", "5"])
        table.add(["long", "120"])
        #expect(table.lines == ["  who   amount", "  a          5", "  long     120"])
    }
}

extension EpochSummary {
    static func sample(height: UInt64, rows: (UInt64, UInt64), paid: Amount, slashed: Amount) -> EpochSummary {
        EpochSummary(
            height: Height(signed: Int64(height)) ?? .zero, roots: (.zero, .zero), rows: rows,
            totals: (paid: paid, minted: Amount(9), burned: Amount(3), slashed: slashed))
    }
}
