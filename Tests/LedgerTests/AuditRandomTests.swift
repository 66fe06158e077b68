// Random manners, cheats and disputes: whatever auditors do, money stays, nothing is kept, and replay agrees.
import Chain
import Cryptography
import Ledger
import Primitives
import Testing

@Suite("audits at random")
struct AuditRandomTests {
    static let manners: [AuditChain.Manner] = [
        .honest, .honest, .copying, .diverging, .silent, .absent, .copyingAudits, .forgetful,
        .sloppy,
    ]

    static func chain(seed: UInt64) throws -> AuditChain {
        var random = Random(seed: seed)
        var chain = try AuditChain()
        try chain.market.run("30 publish -> ok")
        for provider in [20, 21, 22] { try chain.market.run("\(provider) provide mrt=3500 -> ok") }
        for provider in [UInt8(20), 21, 22] where random.chance(ppm: 500_000) {
            chain.cheats[provider] = Set((0..<12).filter { _ in random.chance(ppm: 200_000) }.map { UInt32($0) })
        }
        for epoch in UInt64(0)..<4 {
            for auditor in UInt8(0)..<4 { chain.manners[auditor] = manners[Int(random.below(UInt64(manners.count)))] }
            while chain.view.epoch.number == epoch {
                var items: [Item] = []
                if random.chance(ppm: 100_000) {
                    items.append(try chain.market.item("30 job tasks=12 fuel=100000000 cu=116"))
                }
                for provider in [UInt8(20), 21, 22] where random.chance(ppm: 500_000) {
                    items += chain.market.open(provider).map { chain.attestation(provider, $0.job, $0.indexes) }
                }
                // Jobs are refused once their program is quarantined; everything else counts.
                try chain.advance(items)
            }
        }
        // Tasks that are drawn again late may be disputed, and disputes extended.
        try chain.begin(epoch: 9)
        return chain
    }

    @Test("money is where the totals say, and what was said is forgotten", arguments: [1, 4, 5])
    func conservation(seed: UInt64) throws {
        let chain = try Self.chain(seed: seed)
        try chain.market.checkMoney()
        #expect(chain.view.supply.escrow == .zero)
        let tags: [StateTag] = [
            .auditCommit, .taskAudits, .disclosure, .dispute, .disputeVote, .due, .drawBeacon, .missedDuty, .redraw,
        ]
        let kept = chain.store.keys(.state).filter { key in tags.contains { $0.rawValue == key[0] } }
        #expect(kept == [])
    }

    @Test("the same blocks give the same tip")
    func replay() throws {
        let chain = try Self.chain(seed: 7)
        var copy = try AuditChain().market.chain
        for (block, _) in chain.market.chain.blocks { try copy.apply(block) }
        #expect(copy.view.tip == chain.view.tip)
    }
}
