// Evidence: which a block may carry, and what it costs.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Rewards
import Testing

extension TestChain {
    var genesisRoot: Digest {
        guard let root = StateTree.root(at: .zero, in: store) else { preconditionFailure("no version 0") }
        return root
    }

    /// Two precommits of validator `number` at a height that is decided, for two blocks.
    func duplicateVotes(
        _ number: UInt8, at height: UInt64, bytes: (UInt8, UInt8) = (1, 2), power: Int64 = 10_000
    ) -> Evidence {
        let keys = TestKeys(number)
        let header = blocks[Int(height) - 1].block.header
        func vote(_ byte: UInt8) -> Vote {
            let digest = Digest(Bytes(repeating: byte, count: 32))
            let proposal = ProposalID(
                blockID: BlockID(hash: digest, parts: PartSetHeader(total: 1, hash: digest)), time: header.time)
            let statement = VoteStatement(
                type: .precommit, height: header.height, round: 3, proposal: proposal)
            let index = view.validators.index(of: keys.consensus.address) ?? 0
            return Vote(
                statement: statement, address: keys.consensus.address, index: UInt32(index),
                signature: keys.consensus.sign(statement.signBytes(chainID: Self.chainID)))
        }
        let powers = (total: view.validators.totalPower, validator: power)
        return .duplicateVote(
            DuplicateVoteEvidence(vote(bytes.0), vote(bytes.1), powers: powers, timestamp: header.time))
    }
}

@Suite("evidence")
struct EvidenceTests {
    static func judge(_ chain: TestChain, _ evidence: [Evidence]) -> BlockError? {
        BlockRuleTests.judge(chain, chain.block(chain.content([], evidence: evidence)))
    }

    @Test("an equivocation burns three times the offenders' share of the stake, tombstones, and is slashed once")
    func slash() throws {
        var chain = try TestChain()
        try chain.advance()
        try chain.advance()
        try chain.advance(evidence: [chain.duplicateVotes(3, at: 1)])
        let bond = Amount(2_500 * TestChain.token)
        #expect(chain.validator(3)?.bond == bond)
        #expect(chain.validator(3)?.isTombstoned == true)
        #expect(chain.view.supply.burned == Amount(7_500 * TestChain.token))
        try chain.advance(evidence: [chain.duplicateVotes(3, at: 2), chain.duplicateVotes(2, at: 2)])
        #expect(chain.validator(3)?.bond == bond)
        #expect(chain.validator(2)?.isTombstoned == true)
        #expect(chain.validator(2)?.bond == .zero)
        try chain.finishEpoch()
        #expect(chain.validator(3)?.bond == .zero)
        let rows = try chain.rows(.slashes, 0, as: SlashRow.self)
        #expect(rows.map(\.amount) == [Amount(10_000 * TestChain.token), Amount(10_000 * TestChain.token)])
        #expect(chain.summary(0)?.slashed == Amount(20_000 * TestChain.token))
        #expect(chain.summary(0)?.slashesRoot == MerkleTree.root(of: rows.map(\.encoded)))
    }

    @Test("a small offender alone loses the base rate")
    func base() throws {
        let standard = TestChain.genesis(validators: 4)
        let validators = standard.validators.map { validator in
            let isSmall = validator.operatorAddress == TestKeys(3).account.address
            return GenesisValidator(
                operatorAddress: validator.operatorAddress, keys: validator.keys,
                stake: Amount((isSmall ? 10_000 : 900_000) * TestChain.token), name: [])
        }
        var chain = try TestChain(
            genesis: Genesis(
                chain: (standard.chainID, standard.time, standard.reserve), consensus: standard.consensus,
                accounts: standard.accounts, bonded: (validators, []), settings: standard.settings))
        try chain.advance()
        try chain.advance(evidence: [chain.duplicateVotes(3, at: 1)])
        #expect(chain.validator(3)?.bond == Amount(9_500 * TestChain.token))
    }

    /// Of 1,000,000 MRT the largest validator's 600,000 count for 375,000: half above the average of 250,000.
    @Test("the rate goes by all bonded stake, not by what of it counts")
    func bonded() throws {
        var parameters = TestChain.parameters
        parameters.rewards.validation.effectiveStakeMax = 1_500_000
        let genesis = TestChain.genesis(
            validators: 4, settings: parameters.differences, stakes: [600_000, 100_000, 100_000, 200_000])
        var chain = try TestChain(genesis: genesis)
        try chain.finishEpoch()
        let count: EpochCount = try #require(WorkingState(chain.store).load(StateKey.singleton(.epochCount)))
        #expect(count.bonded == Amount(1_000_000 * TestChain.token) && count.totalStake < count.bonded)
        for _ in 0..<3 { try chain.advance() }
        try chain.advance(
            evidence: [chain.duplicateVotes(3, at: chain.view.tip.height.value, power: 200_000)])
        // 3 * 200,000 / 1,000,000 of 200,000.
        #expect(chain.validator(3)?.bond == Amount(80_000 * TestChain.token))
    }

    @Test("stake on its way out is slashed too")
    func unbonding() throws {
        var chain = try TestChain()
        let leave = TestChain.item(3, 0, .unbond(BondChange(amount: Amount(8_000 * TestChain.token))))
        try chain.advance([(0, [TestChain.transfer(10, 0, to: 3, TestChain.token)])])
        try chain.finishEpoch([(0, [leave])])
        #expect(chain.validator(3)?.bond == Amount(2_000 * TestChain.token))
        let free = StateKey.unbonding(TestKeys(3).account.address, free: 5)
        let before: UnbondingRecord? = WorkingState(chain.store).load(free)
        #expect(before?.amount == Amount(8_000 * TestChain.token))
        let height = chain.view.tip.height.value
        try chain.advance(evidence: [chain.duplicateVotes(3, at: height)])
        // X = 10,000 of T = 32,000 tokens: 3 X / T = 93.75 % of each part.
        #expect(chain.validator(3)?.bond == Amount(125 * TestChain.token))
        let after: UnbondingRecord? = WorkingState(chain.store).load(free)
        #expect(after?.amount == Amount(500 * TestChain.token))
        #expect(Ledger.sumOfAccounts(chain.store, at: chain.view.tip.height) == chain.view.supply)
    }

    @Test("a tombstoned validator keeps its power until two blocks after the epoch's end")
    func tombstone() throws {
        var chain = try TestChain()
        try chain.advance()
        try chain.advance(evidence: [chain.duplicateVotes(3, at: 1)])
        while chain.view.epoch.number == 0 { try chain.advance(seconds: 5) }
        let last = chain.view.tip.height
        #expect(chain.view.validators.count == 4)
        #expect(chain.view.nextValidators.count == 3)
        try chain.advance()
        #expect(chain.view.validators.count == 3)
        #expect(chain.view.seating.activeSince == last.advanced(by: 2))
        #expect(chain.view.tipValidators.count == 4)
        try chain.advance()
        #expect(chain.lastCommit.signatures.count == 3)
        try chain.advance()
        #expect(chain.view.tipValidators.count == 3)
    }

    @Test("evidence is refused when it is repeated, known, unproved or of an unknown height")
    func refusals() throws {
        var chain = try TestChain()
        for _ in 0..<3 { try chain.advance() }
        let good = chain.duplicateVotes(3, at: 2)
        #expect(Self.judge(chain, [good]) == nil)
        #expect(Self.judge(chain, [good, good]) == .repeatedEvidence(index: 1))
        let same = chain.duplicateVotes(3, at: 2, bytes: (1, 1))
        #expect(Self.judge(chain, [same]) == .evidence(index: 0, .sameBlockID))
        #expect(Self.judge(chain, [chain.duplicateVotes(9, at: 2)]) == .evidence(index: 0, .notAValidator))
        var ahead = chain
        try ahead.advance()
        #expect(Self.judge(chain, [ahead.duplicateVotes(3, at: 4)]) == .evidenceHeightUnknown(index: 0))
        try chain.advance(evidence: [good])
        #expect(Self.judge(chain, [good]) == .evidenceCommitted(index: 0))
    }

    static func aged(evidenceBytesMax: Int64 = 1 << 20) throws -> TestChain {
        let standard = TestChain.genesis(validators: 4)
        var consensus = standard.consensus
        (consensus.evidenceAgeBlocks, consensus.evidenceAgeSeconds) = (3, 30)
        consensus.evidenceBytesMax = evidenceBytesMax
        let genesis = Genesis(
            chain: (standard.chainID, standard.time, standard.reserve), consensus: consensus,
            accounts: standard.accounts, bonded: (standard.validators, []), settings: standard.settings)
        var chain = try TestChain(genesis: genesis)
        try chain.advance()
        return chain
    }

    @Test("evidence expires only when it is older than both limits")
    func age() throws {
        var chain = try Self.aged()
        for _ in 0..<4 { try chain.advance() }
        let evidence = chain.duplicateVotes(3, at: 1)
        #expect(Self.judge(chain, [evidence]) == nil)
        try chain.advance(seconds: 26)
        #expect(Self.judge(chain, [evidence]) == nil)
        try chain.advance()
        #expect(Self.judge(chain, [evidence]) == .evidenceExpired(index: 0))
    }

    @Test("evidence beyond evidence.max_bytes is refused")
    func size() throws {
        let chain = try Self.aged(evidenceBytesMax: 100)
        #expect(Self.judge(chain, [chain.duplicateVotes(3, at: 1)]) == .tooMuchEvidence)
    }

    @Test("committed evidence is remembered until it is too old to be taken again")
    func forgetting() throws {
        var chain = try Self.aged()
        let evidence = chain.duplicateVotes(3, at: 1)
        try chain.advance(evidence: [evidence])
        #expect(chain.store.load(.state, key: StateKey.evidence(evidence.id)) != nil)
        for _ in 0..<12 { try chain.advance(seconds: 10) }
        #expect(chain.store.load(.state, key: StateKey.evidence(evidence.id)) == nil)
        #expect(Self.judge(chain, [evidence]) == .evidenceExpired(index: 0))
    }
}
