// What holds for whole chains: the genesis root is golden, replay gives the same roots, money is conserved.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Testing

@Suite("ledger replay")
struct LedgerReplayTests {
    @Test("a genesis has its golden hash and root")
    func golden() throws {
        let chain = try TestChain()
        #expect(chain.genesis.hash.description == "6a643a220fe20c1ee26f1b73e4fb50dcc023cb48c43a50c8dff284ab546e50e5")
        #expect(chain.view.appHash.description == "01f65786a16dbae4f029bd1fd8aef571a835e15a080da9fe6435ff3e112a88c8")
        #expect(try Genesis(decoding: chain.genesis.encoded) == chain.genesis)
        #expect(LedgerView(chain.store)?.tip == chain.view.tip)
    }

    /// A chain of random transfers, some of them wrong, over several epochs.
    static func randomChain(seed: UInt64, blocks: Int) throws -> TestChain {
        var random = Random(seed: seed)
        var chain = try TestChain()
        for _ in 0..<blocks {
            var items: [Item] = []
            var next = (10...14).map { chain.account(UInt8($0)).nextSequence }
            for _ in 0..<random.below(8) {
                let sender = Int(random.below(5))
                let skew = random.chance(ppm: 100_000) ? UInt64(1) : 0
                let units = random.below(random.chance(ppm: 500_000) ? 100 : 2_000 * TestChain.token)
                items.append(
                    TestChain.transfer(
                        UInt8(10 + sender), next[sender] + skew, to: UInt8(10 + random.below(5)), units))
                next[sender] += 1
            }
            let author = Int(random.below(4))
            try chain.advance(items.isEmpty ? [] : [(author, items)], seconds: 1 + Int64(random.below(9)))
        }
        return chain
    }

    @Test("random transactions conserve money, and the totals are those of the tree's leaves", arguments: 1...4)
    func conservation(seed: UInt64) throws {
        let chain = try Self.randomChain(seed: seed, blocks: 40)
        let supply = chain.view.supply
        #expect(supply.isConserved && supply.burned > .zero)
        let sum = try #require(Ledger.sumOfAccounts(chain.store, at: chain.view.tip.height))
        #expect(sum == supply)
        #expect(chain.view.epoch.number > 2)
    }

    @Test("the same blocks from the same genesis give the same roots and the same store")
    func replay() throws {
        let chain = try Self.randomChain(seed: 9, blocks: 30)
        var copy = try TestChain()
        for (block, _) in chain.blocks { try copy.apply(block) }
        #expect(copy.view.tip == chain.view.tip)
        for table in Table.allCases {
            var next = chain.store.first(table, from: [])
            #expect(copy.store.count(table) == chain.store.count(table))
            while let entry = next {
                #expect(copy.store.load(table, key: entry.key) == entry.value)
                next = chain.store.first(table, from: entry.key + [0])
            }
        }
    }

    @Test("a view loaded from the store is the one the transition gave")
    func views() throws {
        let chain = try Self.randomChain(seed: 5, blocks: 12)
        let loaded = try #require(LedgerView(chain.store))
        #expect(loaded.tip == chain.view.tip && loaded.beacon == chain.view.beacon)
        #expect(loaded.seating == chain.view.seating && loaded.nextSeating == chain.view.nextSeating)
        #expect(loaded.tipSeating == chain.view.tipSeating && loaded.epoch == chain.view.epoch)
        #expect(loaded.supply == chain.view.supply && loaded.parameters == chain.view.parameters)
        #expect(loaded.authors.map(\.lastSequence) == chain.view.authors.map(\.lastSequence))
    }

    @Test("an epoch ends with the first block that has both its seconds and its blocks")
    func epochs() throws {
        var chain = try TestChain()
        for _ in 0..<4 { try chain.advance(seconds: 10) }
        #expect(chain.view.epoch.number == 0)
        try chain.advance(seconds: 1)
        #expect(chain.view.epoch.number == 1)
        #expect(chain.view.epoch.startHeight.value == 6 && chain.view.epoch.startTime == chain.view.tip.time)
        for _ in 0..<19 { try chain.advance(seconds: 1) }
        #expect(chain.view.epoch.number == 1)
        try chain.advance(seconds: 1)
        #expect(chain.view.epoch.number == 2)
    }

    @Test("the beacon chains the proposers' outputs")
    func beacon() throws {
        var chain = try TestChain()
        #expect(chain.view.beacon == chain.genesis.hash)
        let (before, alpha) = (chain.view.beacon, chain.view.beaconAlpha)
        #expect(alpha == before.bytes + Height.first.value.bigEndianBytes)
        let proof = VRF.prove(alpha, key: chain.proposer.audit)
        try chain.advance()
        let output = try #require(VRF.output(of: proof))
        #expect(chain.view.beacon == Hash.sha256([before.bytes, output]))
    }
}
