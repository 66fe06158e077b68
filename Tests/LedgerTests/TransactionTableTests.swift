// Every row of Tables/transactions.txt in a block of its own: the named rule refuses it, somebody pays for its bytes,
// and every other leaf of the state is what it is in a twin block without the item.
import Chain
import Codec
import Cryptography
import Foundation
import Ledger
import Primitives
import Testing

@Suite("transaction table")
struct TransactionTableTests {
    struct Row {
        let item, rule, payer: String
    }

    static func rows() throws -> [Row] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "Tables/transactions.txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { line in
                let (item, rest) = (line.components(separatedBy: " -> "), line.components(separatedBy: " | "))
                try #require(item.count == 2 && rest.count == 2, "\(line)")
                let rule = try #require(item[1].split(separator: " ").first)
                return Row(item: item[0], rule: String(rule), payer: rest[1])
            }
    }

    /// 12 has no money left.
    static func prepared() throws -> MarketChain {
        var market = try MarketChain()
        let all = market.chain.account(12).balance.units
        let fee = UInt64(TestChain.transfer(12, 0, to: 11, all).encoded.count * 10)
        try market.chain.advance([(0, [TestChain.transfer(12, 0, to: 11, all - fee)])])
        try market.run(
            """
            20 provide mrt=700 -> ok
            30 publish -> ok
            30 publish input -> ok
            30 job tasks=4 -> ok
            block
            block
            """)
        return market
    }

    static func leaves(_ chain: TestChain) throws -> [Bytes: Bytes] {
        let found = try #require(StateTree.leaves(at: chain.view.tip.height, in: chain.store))
        return Dictionary(uniqueKeysWithValues: found.map { ($0.key, $0.value) })
    }

    private static func item(_ row: Row, _ market: inout MarketChain) throws -> (item: Item, sender: UInt8) {
        let words = row.item.split(separator: " ")
        let sender = try #require(UInt8(words[0]))
        let isNumbered = UInt64(words[1]) != nil
        let item =
            isNumbered
            ? try LedgerTableTests.parse("\(row.item) -> \(row.rule)").item : try market.item(row.item[...])
        return (item, sender)
    }

    @Test("a refused item is paid for by its sender or by who let it in, and changes nothing else")
    func table() throws {
        let market = try Self.prepared()
        var calm = market.chain
        try calm.advance()
        let before = try Self.leaves(calm)
        for row in try Self.rows() {
            var own = market
            let (item, sender) = try Self.item(row, &own)
            let result = try #require(try own.chain.advance([(0, [item])]).last)
            #expect(LedgerRule(rawValue: result.code)?.label == row.rule, "\(row.item)")
            let fee = UInt64(item.encoded.count * 10)
            #expect(own.chain.view.supply.burned.units == calm.view.supply.burned.units + fee, "\(row.item)")
            #expect(own.chain.view.supply.isConserved)

            let after = try Self.leaves(own.chain)
            let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
            let author = TestKeys(0)
            var allowed: Set = [StateKey.singleton(.supply), StateKey.author(author.consensus.address)]
            if row.payer == "sender" {
                allowed.insert(StateKey.account(TestKeys(sender).account.address))
                #expect(
                    own.chain.account(sender).balance.units == calm.account(sender).balance.units - fee, "\(row.item)")
                #expect(own.chain.account(sender).nextSequence == calm.account(sender).nextSequence + 1)
            } else {
                allowed.insert(StateKey.validator(author.account.address))
                #expect(
                    own.chain.validator(0)?.bond.units == calm.validator(0).map { $0.bond.units - fee }, "\(row.item)")
            }
            #expect(changed == allowed, "\(row.item): \(changed.map { Hex.lower($0) })")
        }
    }
}

@Suite("rules and their rows")
struct RuleCoverageTests {
    /// The list of codes names every rule and shows none at work.
    private static let listing = "LedgerTableTests.swift"

    @Test("every rule refuses something in a row, or by name in a test, of this folder")
    func everyRule() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        var words: Set<Substring> = []
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        where !path.hasSuffix(Self.listing) && (path.hasSuffix(".swift") || path.hasSuffix(".txt")) {
            let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            words.formUnion(text.split { !$0.isLetter && !$0.isNumber && $0 != "_" })
        }
        let missing = LedgerRule.allCases.filter { !words.contains($0.label[...]) && !words.contains("\($0)") }
        #expect(missing == [] && words.count > 1_000)
    }
}
