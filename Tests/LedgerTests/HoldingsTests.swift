// What an account is told it has, against the records and the totals of chains at random work.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Testing

@Suite("holdings")
struct HoldingsTests {
    /// Records of a table with their keys, tag included.
    private static func records<Record: Message>(
        _ tag: StateTag, _ chain: TestChain, as type: Record.Type = Record.self
    ) throws -> [(key: Bytes, record: Record)] {
        var found: [(Bytes, Record)] = []
        var next = chain.store.first(.state, from: [tag.rawValue])
        while let entry = next, entry.key.first == tag.rawValue {
            found.append((entry.key, try Record(decoding: entry.value)))
            next = chain.store.first(.state, from: entry.key + [0])
        }
        return found
    }

    @Test("what all accounts have is what the totals say, and every release has its date", arguments: [2, 5])
    func sums(seed: UInt64) throws {
        let market = try MarketRandomTests.chain(seed: seed, blocks: 90)
        let (chain, epoch) = (market.chain, market.chain.view.epoch.number)
        let accounts = try Self.records(.account, chain, as: Account.self).compactMap { Address($0.key.dropFirst()) }
        let all = accounts.map { Ledger.holdings(of: $0, epoch: epoch, on: chain.store) }
        let supply = chain.view.supply
        #expect(all.reduce(0) { $0 + $1.account.balance.units } == supply.balances.units)
        #expect(all.reduce(0) { $0 + $1.vesting.units + $1.unlocked.units } == supply.vesting.units)
        #expect(supply.vesting.units > 0)
        for holdings in all {
            #expect(holdings.releases.reduce(0) { $0 + $1.amount.units } == holdings.vesting.units)
            #expect(holdings.releases.map(\.epoch) == holdings.releases.map(\.epoch).sorted())
            #expect(holdings.releases.allSatisfy { $0.epoch >= epoch && $0.amount.units > 0 })
        }
        let providers = try Self.records(.provider, chain, as: ProviderRecord.self)
        #expect(all.reduce(0) { $0 + $1.providerBond.units } == providers.reduce(0) { $0 + $1.record.bond.units })
    }

    @Test("bond that leaves stands with the epoch that frees it, and is gone when that begins")
    func leaving() throws {
        var market = try MarketChain()
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=700 -> ok
            20 unbond mrt=100 -> ok
            """)
        let account = TestKeys(20).account.address
        func holdings() -> Holdings {
            Ledger.holdings(of: account, epoch: market.chain.view.epoch.number, on: market.chain.store)
        }
        let records = try Self.records(.providerUnbonding, market.chain, as: UnbondingRecord.self)
        let record = try #require(records.first)
        let part = try #require(holdings().leaving.first)
        #expect(part.role == .provider && part.amount == record.record.amount)
        #expect(part.amount.units == 100 * 1_000_000_000)
        #expect(UInt64(bigEndian: record.key[1..<9]) == part.freeEpoch)
        #expect(holdings().leaving.count == 1 && holdings().providerBond.units == 600 * 1_000_000_000)
        while market.chain.view.epoch.number < part.freeEpoch { _ = try market.chain.advance([]) }
        #expect(holdings().leaving.isEmpty)
    }

    @Test("stake behind validators of others is shown at its worth, with what joins and leaves, and so is a referrer")
    func delegations() throws {
        var chain = try DelegationTests.chain("20 0 delegate 0 100 -> ok\n20 1 delegate 1 7 -> ok")
        let account = DelegationTests.address(20)
        func holdings() -> Holdings {
            Ledger.holdings(of: account, epoch: chain.view.epoch.number, on: chain.store)
        }
        func own() -> Amount {
            Ledger.holdings(of: DelegationTests.address(0), epoch: chain.view.epoch.number, on: chain.store)
                .validatorBond
        }
        #expect(own() == Amount(10_000 * TestChain.token))
        let bond = TestChain.item(0, chain.account(0).nextSequence, .bond(BondChange(amount: Amount(5))))
        try chain.advance([(0, [bond])])
        #expect(chain.results.last?.code == 0 && own() == Amount(10_000 * TestChain.token + 5), "it joins")
        let validators = [DelegationTests.address(0), DelegationTests.address(1)].sorted()
        #expect(holdings().delegations.map(\.validator) == validators)
        #expect(holdings().delegations.allSatisfy { $0.entry.free == .zero && $0.entry.joining > .zero })
        while chain.view.epoch.number == 0 { _ = try chain.advance([]) }
        // What others delegate is theirs.
        #expect(own() == Amount(10_000 * TestChain.token + 5) && chain.validator(0)?.bond ?? .zero > own())
        for part in holdings().delegations {
            #expect(part.entry == Ledger.delegation(to: part.validator, by: account, on: chain.store))
            #expect(part.entry.free > .zero && part.entry.joining == .zero)
        }
        #expect(Ledger.holdings(of: DelegationTests.address(0), epoch: 1, on: chain.store).delegations.isEmpty)

        var market = try MarketChain()
        try market.run("31 refer by=30 -> ok")
        func referrer(_ number: UInt8) -> Address? {
            Ledger.holdings(of: MarketChain.address(number), epoch: 0, on: market.chain.store).referrer
        }
        #expect(referrer(31) == MarketChain.address(30) && referrer(30) == nil)
    }
}
