// Random stake of others: money is conserved to the last unit, splitting a delegation never gains, and the order in
// which delegators are touched changes nobody's pay by more than the divisions leave.
import Chain
import Codec
import Cryptography
import Primitives
import Quorum
import Rewards
import Testing

@testable import Ledger

@Suite("random delegations")
struct DelegationRandomTests {
    static func action(_ random: inout Random) -> String {
        let (one, other) = (random.below(4), random.below(4))
        let amount = random.chance(ppm: 100_000) ? 150_000 : 1 + random.below(400)
        return switch random.below(9) {
        case 0...2: "delegate \(one) \(amount)"
        case 3, 4: "undelegate \(one) \(amount)"
        case 5, 6: "redelegate \(one) \(other) \(amount)"
        case 7: "claim \(one)"
        default: random.chance(ppm: 500_000) ? "bond \(1 + amount % 50)" : "unbond \(1 + amount % 50)"
        }
    }

    /// Accounts 20 to 22 delegate, operators 0 to 3 bond; validator 3 is slashed in the middle.
    static func chain(seed: UInt64, blocks: Int) throws -> TestChain {
        var random = Random(seed: seed)
        var chain = try TestChain(newcomers: [20, 21, 22])
        let money = (0..<4).map { TestChain.transfer(20, UInt64($0), to: UInt8($0), 500 * TestChain.token) }
        try chain.advance([(0, money)])
        for index in 0..<blocks {
            var items: [Item] = []
            for sender in [UInt8(0), 3, 20, 21, 22] where random.chance(ppm: 600_000) {
                var words = action(&random)
                while (sender < 20) != words.contains("bond") { words = action(&random) }
                let action = try LedgerTableTests.action(words.split(separator: " ").map(String.init), by: sender)
                items.append(TestChain.item(sender, chain.account(sender).nextSequence, action))
            }
            let evidence = index == blocks / 2 ? try slashing(chain) : []
            let author = Int(random.below(3))
            try chain.advance(
                items.isEmpty ? [] : [(author, items)], evidence: evidence, seconds: 1 + Int64(random.below(6)))
            try chain.checkMoney()
        }
        return chain
    }

    /// Two votes of validator 3, at a height whose set still decides.
    static func slashing(_ chain: TestChain) throws -> [Evidence] {
        let (tip, next) = (chain.view.tipValidators, chain.view.validators)
        let address = TestKeys(3).consensus.address
        guard tip == next, let index = tip.index(of: address) else { return [] }
        return [
            chain.duplicateVotes(3, at: chain.view.tip.height.value, power: tip.validators[index].power)
        ]
    }

    @Test("money is where the totals say after every block", arguments: 1...4)
    func conservation(seed: UInt64) throws {
        let chain = try Self.chain(seed: seed, blocks: 90)
        #expect(chain.view.epoch.number > 8)
        var tags: Set<UInt8> = []
        for key in chain.store.keys(.state) {
            tags.insert(key[0])
            let value = try #require(chain.store.load(.state, key: key))
            #expect(value[0] >> 3 == 1, "\(Hex.lower(key))")
        }
        #expect(tags.isSuperset(of: [13, 14, 15, 16]))
    }

    /// Claims everything that the sender has behind validators; takes it back where it is leaving.
    private static func farewells(of sender: UInt8, leaving: Bool, _ chain: TestChain) throws -> [Item] {
        var items: [Item] = []
        var sequence = chain.account(sender).nextSequence
        for validator in UInt8(0)..<4 {
            guard let record = chain.delegation(to: validator, by: sender) else { continue }
            let address = DelegationTests.address(validator)
            items.append(TestChain.item(sender, sequence, .claim(ClaimRewards(validator: address))))
            sequence += 1
            let shares = record.position.shares
            let pool = try #require(chain.validator(validator)).delegations
            let worth = pool.shares == 0 ? 0 : try pool.tokens.scaled(by: shares, over: pool.shares)
            if worth == 0 || !leaving { continue }
            let change = DelegationChange(validator: address, amount: Amount(worth))
            items.append(TestChain.item(sender, sequence, .undelegate(change)))
            sequence += 1
        }
        return items
    }

    @Test("an epoch's end forgets every tranche whose members are gone")
    func forgetting() throws {
        var chain = try Self.chain(seed: 5, blocks: 40)
        for round in 0..<14 {
            for sender in [UInt8(20), 21, 22] {
                let items = try Self.farewells(of: sender, leaving: round < 8, chain)
                try chain.advance(items.isEmpty ? [] : [(0, items)])
            }
            try chain.finishEpoch()
        }
        let left = chain.store.keys(.state).filter { $0[0] == StateTag.delegatorUnbonding.rawValue }
        #expect(left.isEmpty)
        for key in chain.store.keys(.state) where key[0] == StateTag.tranche.rawValue {
            #expect(key[21] != TrancheKind.join.rawValue, "\(Hex.lower(key))")
        }
        try chain.checkMoney()
    }

    // MARK: Arithmetic

    struct Plan {
        let own: UInt64
        /// Rewards before anybody else joins, so that shares are not one to one.
        let slash: UInt64
        let rewards: [UInt64]
    }

    /// What each member of one tranche has in the end: rewards and tokens; touched and left in `order`.
    static func totals(_ amounts: [UInt64], _ plan: Plan, order: [Int], pulls: Int = 0) throws -> [UInt64] {
        var (host, own) = (DelegationPool(), Delegation())
        _ = try host.join(Amount(plan.own), &own)
        _ = try host.slash(rate: plan.slash)
        var tranche = TrancheRecord(isShares: false, matures: 1)
        var members = amounts.map { _ in Delegation() }
        for index in amounts.indices { _ = try tranche.pool.join(Amount(amounts[index]), &members[index]) }
        tranche.becomeShares(in: &host)
        var paid = amounts.map { _ in UInt64(0) }
        for (epoch, reward) in plan.rewards.enumerated() {
            _ = try host.reward(Amount(reward), commission: 50_000)
            if epoch < pulls {
                tranche.pull(from: &host)
                for index in order { paid[index] += try tranche.pool.claim(&members[index]).units }
            }
        }
        tranche.pull(from: &host)
        for index in order {
            let part = try tranche.pool.leave(&members[index], shares: members[index].shares)
            var position = Delegation(shares: part.unbonded.units, accumulator: host.accumulator)
            let left = try host.leave(&position, shares: position.shares)
            paid[index] += part.paid.units + left.paid.units + left.unbonded.units
        }
        return paid
    }

    static func plan(_ random: inout Random) -> Plan {
        Plan(
            own: 1 + random.below(1_000_000), slash: random.below(900_000),
            rewards: (0..<5).map { _ in random.below(50_000) })
    }

    @Test("two delegations never earn more than one of their sum", arguments: 1...4)
    func splitting(seed: UInt64) throws {
        var random = Random(seed: seed)
        for _ in 0..<300 {
            let plan = Self.plan(&random)
            let rest = (0..<random.below(4)).map { _ in 1 + random.below(10_000) }
            let (x, y) = (1 + random.below(10_000), 1 + random.below(10_000))
            let split = try Self.totals([x, y] + rest, plan, order: Array(0..<(rest.count + 2)))
            let whole = try Self.totals([x + y] + rest, plan, order: Array(0..<(rest.count + 1)))
            #expect(split[0] + split[1] <= whole[0], "\(x) and \(y) of \(plan)")
        }
    }

    @Test("the order of touch moves nobody by more than the divisions leave", arguments: 1...4)
    func order(seed: UInt64) throws {
        var random = Random(seed: seed)
        for _ in 0..<300 {
            let plan = Self.plan(&random)
            let amounts = (0..<2 + random.below(5)).map { _ in 1_000 + random.below(10_000) }
            let forward = try Self.totals(amounts, plan, order: Array(amounts.indices))
            let backward = try Self.totals(amounts, plan, order: amounts.indices.reversed(), pulls: 3)
            for (one, other) in zip(forward, backward) {
                #expect(max(one, other) - min(one, other) <= 6, "\(amounts) of \(plan)")
            }
        }
    }
}
