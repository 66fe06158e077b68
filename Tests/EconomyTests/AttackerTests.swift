// What each attacker does on the ledger, and what its rule takes from it: the same world with the rule moved lets it
// win. Means of few short runs; the bounds are the command's.
import Chain
import Codec
import Cryptography
import Ledger
import enum Ledger.Rule
import Primitives
import Rewards
import Testing

@testable import Economy

@Suite("attackers of the simulated economy")
struct AttackerTests {
    static func difference(
        of name: String, _ settings: [UInt64], _ terms: Terms, seeds: Int = 2
    ) throws -> Int64 {
        try WorldTests.verdict(of: name, settings, terms, seeds: seeds).difference.mean
    }

    static func cast(_ name: String, _ settings: [UInt64]) throws -> Cast {
        try #require(Strategies.named(name)).cast(settings)
    }

    static func keys(_ tag: StateTag, of world: World) -> [Bytes] {
        var (keys, next) = ([Bytes](), [tag.rawValue])
        while let entry = world.chain.store.first(.state, from: next), entry.key.first == tag.rawValue {
            keys.append(entry.key)
            next = entry.key + [0]
        }
        return keys
    }

    @Test("every attacker of the design is there, once")
    func list() {
        let names = Strategies.all.map(\.name)
        #expect(Set(names).count == names.count)
        let wanted = [
            "forger", "forger_with_reputation", "slot_splitter", "cartel", "approving_cartel", "nondet_abstainer",
            "breaker_decoy", "briber", "beacon_withholder", "quorum_forger", "lazy_auditor", "lazy_auditor_of_few",
            "verdict_copier", "absent_voter", "stake_grinder", "precommit_omitter", "wash", "wash_with_third",
            "false_disputer", "slash_farmer", "non_deterministic_job", "endless_job", "job_id_grinder",
            "referral_farmer", "credits_looper", "timeout_griefer", "result_thief", "uptime_faker", "abstainer",
            "latency_gamer", "sybil_split", "sybil_merge",
        ]
        #expect(Set(names) == Set(wanted))
    }

    @Test("a false disputer pays for all the votes it causes, and would win if they were paid at a thousandth")
    func falseDisputer() throws {
        #expect(try Self.difference(of: "false_disputer", [500_000], WorldTests.terms(epochs: 9)) < 0)
        var rules = Terms.standard
        rules.slashing.voterPay = 12
        let cheap = try WorldTests.verdict(of: "false_disputer", [500_000], WorldTests.terms(rules, epochs: 9))
        #expect(cheap.difference.mean > -Int64(Amount.unitsPerToken) && cheap.harm.mean > 0)
    }

    @Test("an auditor of few duties that does none of them loses, unless duties are never enough to judge by")
    func lazyAuditor() throws {
        var rules = Terms.standard
        // Every task is audited, so that few epochs are enough.
        (rules.audit.rateNumerator, rules.audit.rateFloor) = (1_000_000_000, 1_000_000)
        let caught = try Self.difference(
            of: "lazy_auditor_of_few", [1_000_000], WorldTests.terms(rules, epochs: 12))
        rules.audit.dutiesMin = 1_000_000
        let unjudged = try Self.difference(
            of: "lazy_auditor_of_few", [1_000_000], WorldTests.terms(rules, epochs: 12))
        #expect(caught < 0 && unjudged > caught + Int64(20 * Amount.unitsPerToken), "\(caught) \(unjudged)")
    }

    @Test(
        "a thief is paid for none of the tasks of others, and what it passes off for its own costs more than it saves")
    func resultThief() throws {
        let (terms, seed) = (WorldTests.terms(epochs: 9), UInt64(5))
        let strategy = try #require(Strategies.named("result_thief"))
        let honest = strategy.honest[0].cast
        let honestly = RunID(cast: honest, seed: seed).run(terms).subject
        for passesOff in UInt64(0)...1 {
            var world = World(strategy.cast([1_000_000, passesOff]), terms, seed: seed)
            let books = world.run()
            #expect(world.isConserved && books.honestSlashed == 0)
            #expect(world.refused[Rule.receiptNotAssigned.rawValue, default: 0] > 0, "\(world.refused)")
            #expect(books.subject < honestly)
        }
        var rules = Terms.standard
        (rules.audit.bondMultiple, rules.audit.rateFloor, rules.audit.rateNumerator) = (2, 1_000, 10_000)
        let rare = WorldTests.terms(rules, epochs: 9)
        let stolen = RunID(cast: strategy.cast([1_000_000, 1]), seed: seed).run(rare).subject
        #expect(stolen > RunID(cast: honest, seed: seed).run(rare).subject)
    }

    @Test("who makes results up where it has a panel's majority loses to the checks, and wins where they take nothing")
    func quorumForger() throws {
        let settings: [UInt64] = [1_000_000, 4, 1]
        #expect(try Self.difference(of: "quorum_forger", settings, WorldTests.terms(epochs: 14)) < 0)
        var rules = Terms.standard
        rules.audit.bondMultiple = 0
        #expect(try Self.difference(of: "quorum_forger", settings, WorldTests.terms(rules, epochs: 14)) > 0)
    }

    @Test("a farmer gets the referrer's part of what it pays, and far less than it pays")
    func referralFarmer() throws {
        let terms = WorldTests.terms(epochs: 9)
        let seed: UInt64 = 5
        let farmer = RunID(cast: try Self.cast("referral_farmer", [4, 1]), seed: seed).run(terms)
        let wash = RunID(cast: try Self.cast("wash", [4]), seed: seed).run(terms)
        #expect(farmer.subject > wash.subject)
        #expect(try Self.difference(of: "referral_farmer", [4, 4], terms) < 0)
    }

    @Test("who loops credits is paid in them, asks for work with them, and loses what all requesters pay")
    func creditsLooper() throws {
        let terms = WorldTests.terms(epochs: 9)
        var world = World(try Self.cast("credits_looper", [4, 1]), terms, seed: 5)
        let books = world.run()
        #expect(world.isConserved && books.tasksSettled > 0)
        let state = WorkingState(world.chain.store)
        let credits = Self.keys(.account, of: world).reduce(UInt64(0)) { sum, key in
            sum + (state.load(key, as: Account.self)?.credits.units ?? 0)
        }
        let asked = Self.keys(.job, of: world).count { state.load($0, as: JobRecord.self)?.request.paysCredits == true }
        #expect(credits > 0 && asked > 0)
        let fees = try (UInt64(0)..<9).flatMap { epoch in
            try TableRows(.rewards, epoch: epoch, on: world.chain.store).map { try RewardRow(decoding: $0.row).key }
        }
        #expect(fees.contains { $0.kind == .fee && $0.asset == .credits })
        #expect(try Self.difference(of: "credits_looper", [4, 1], terms) < 0)
    }

    /// Four epochs of work: whether a forger is audited in them is the beacon's.
    @Test("decoys make the slashes of their forgers wait, declare the engine, and lose nearly all of their stake")
    func breakerDecoy() throws {
        let cast = try Self.cast("breaker_decoy", [1_000_000, 0])
        let terms = WorldTests.terms(epochs: cast.quietEpochs + 4)
        var shown = 0
        for seed in UInt64(5)...10 where shown == 0 {
            var world = World(cast, terms, seed: seed)
            var (waits, declared) = (0, 0)
            while world.chain.view.epoch.number < 12 {
                world.step()
                let store = world.chain.store
                let key = store.first(.state, from: [StateTag.deferredSlash.rawValue])?.key
                if key?.first == StateTag.deferredSlash.rawValue { waits += 1 }
                declared += Self.keys(.declaration, of: world).count
            }
            if waits == 0 { continue }
            let books = world.run()
            #expect(world.isConserved && books.honestSlashed == 0 && declared > 0)
            #expect(books.subject < -Int64(10_000 * Amount.unitsPerToken))
            shown += 1
        }
        #expect(shown > 0)
    }

    @Test("a third that abstains says nothing in disputes about its own providers, or votes apart", arguments: [0, 1])
    func abstaining(apart: UInt64) throws {
        let (cast, seed) = (try Self.cast("nondet_abstainer", [1_000_000, apart]), UInt64(9))
        func subjects(_ owners: [Owner], _ first: UInt32) -> Set<Address> {
            Set(
                owners.indices.filter { owners[$0] == .subject }.map {
                    Keyring(first + UInt32($0), seed: seed).account.address
                })
        }
        let voters = subjects(cast.validators.map(\.owner), 0)
        let providers = subjects(cast.providers.map(\.owner), 1_000)
        var world = World(cast, WorldTests.terms(epochs: 6), seed: seed)
        var votes: [Bytes: [(isSubject: Bool, result: TaskResult)]] = [:]
        while world.chain.view.epoch.number < 4 {
            world.step()
            let state = WorkingState(world.chain.store)
            var now: [Bytes: [(isSubject: Bool, result: TaskResult)]] = [:]
            for key in Self.keys(.disputeVote, of: world) {
                let (place, voter) = (Bytes(key.dropFirst().dropLast(20)), try #require(Address(key.suffix(20))))
                let task: TaskRecord = try #require(state.load([StateTag.task.rawValue] + place))
                guard providers.contains(task.provider) else { continue }
                let vote: VoteRecord = try #require(state.load(key))
                now[place, default: []].append((voters.contains(voter), vote.result))
            }
            votes.merge(now) { $0.count > $1.count ? $0 : $1 }
        }
        #expect(votes.values.contains { $0.contains { !$0.isSubject } })
        #expect(votes.values.contains { $0.contains(where: \.isSubject) } == (apart == 1))
        for side in votes.values {
            let others = Set(side.filter { !$0.isSubject }.map(\.result))
            #expect(side.allSatisfy { !$0.isSubject || !others.contains($0.result) })
        }
    }

    @Test("all bond ends behind one record, a bond's time after it left the others")
    func merging() throws {
        let cast = try Self.cast("sybil_merge", [2, 2])
        var world = World(cast, WorldTests.terms(epochs: 28), seed: 5)
        _ = world.run()
        var bonds: [UInt64] = []
        for index in cast.providers.indices where cast.providers[index].owner == .subject {
            let account = Keyring(1_000 + UInt32(index), seed: 5).account.address
            let record: ProviderRecord? = WorkingState(world.chain.store).load(StateKey.provider(account))
            bonds.append(record?.bond.units ?? 0)
        }
        // With what it earned meanwhile.
        #expect(bonds.min() == 0 && bonds.max() ?? 0 >= 8 * Prices.slotBond, "\(bonds) \(world.refused)")
        #expect(world.isConserved)
    }

    @Test(
        "whatever an attacker does, supply is conserved and nobody honest is slashed",
        arguments: [
            ("nondet_abstainer", [1_000_000, 0]), ("nondet_abstainer", [1_000_000, 1]), ("wash", [4]),
            ("quorum_forger", [1_000_000, 2, 0]), ("referral_farmer", [2, 4]), ("false_disputer", [1_000_000]),
            ("lazy_auditor_of_few", [1_000_000]), ("verdict_copier", [0]), ("verdict_copier", [1]),
            ("absent_voter", []),
        ] as [(String, [UInt64])])
    func innocence(name: String, settings: [UInt64]) throws {
        var world = World(try Self.cast(name, settings), WorldTests.terms(epochs: 10), seed: 9)
        let books = world.run()
        #expect(world.isConserved && books.honestSlashed == 0 && books.blocks >= 10 * Terms.blocksPerEpoch)
    }
}
