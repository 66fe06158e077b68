// A chain of one process: keys by number, blocks made by the rules, commits signed by every validator.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Rewards

/// The keys of participant `number`: account, consensus, audit and transport are separate.
struct TestKeys {
    let account: SigningKey
    let consensus: SigningKey
    let audit: SigningKey
    let transport: SigningKey

    init(_ number: UInt8) {
        func key(_ role: UInt8) -> SigningKey {
            guard let key = SigningKey(seed: [role, number] + Bytes(repeating: 7, count: 30)) else {
                preconditionFailure("32 bytes")
            }
            return key
        }
        (account, consensus, audit, transport) = (key(1), key(2), key(3), key(4))
    }

    var validator: ValidatorKeys {
        ValidatorKeys(consensus: consensus.publicKey, audit: audit.publicKey, transport: transport.publicKey)
    }
}

/// Authors and their items for one block; each entry is one batch.
typealias TestBatches = [(author: Int, items: [Item])]

struct TestChain {
    static let token = Amount.unitsPerToken
    static let chainID = ChainID(Bytes("merit-test".utf8))!
    static let start = Timestamp(seconds: 1_767_323_045, nanoseconds: 0)!

    let keys: [TestKeys]
    let genesis: Genesis
    var store = MemoryStore()
    var view: LedgerView
    var results: [ItemResult] = []
    var lastCommit = Commit.empty
    var blocks: [(block: Block, id: BlockID)] = []
    /// Participants 0..<validators are validators; accounts 10, 11 and 12 hold 1,000 MRT each; `listed` are providers
    /// with a bond of 3,500 MRT.
    static func genesis(
        validators: Int, settings: [Setting] = standard, newcomers: [UInt8] = [], stakes: [UInt64] = [],
        listed: [UInt8] = []
    ) -> Genesis {
        let accounts = ([10, 11, 12] + newcomers).map { number in
            let tokens: UInt64 = newcomers.contains(number) ? 100_000 : 1_000
            return GenesisAccount(address: TestKeys(number).account.address, balance: Amount(tokens * token))
        }
        let members = (0..<validators).map { number in
            let keys = TestKeys(UInt8(number))
            return GenesisValidator(
                operatorAddress: keys.account.address, keys: keys.validator,
                stake: Amount((stakes.isEmpty ? 10_000 : stakes[number]) * token),
                name: Bytes("validator \(number)".utf8))
        }
        let providers = listed.map {
            GenesisProvider(account: TestKeys($0).account.address, bond: Amount(3_500 * token))
        }
        var consensus = ConsensusParameters()
        consensus.evidenceAgeSeconds = 60
        return Genesis(
            chain: (chainID, start, Amount(1_000_000 * token)), consensus: consensus, accounts: accounts,
            bonded: (members, providers), settings: settings)
    }

    /// The local network's, with epochs of 20 seconds and at least 5 blocks, and everybody admitted.
    static var parameters: LedgerParameters {
        var rewards = Parameters.local
        rewards.calendar.epochBlocksMin = 5
        rewards.audit.admissionTasks = 0
        let window = Window(seconds: 1, blocks: 1)
        (rewards.calendar.commit, rewards.calendar.recheck, rewards.calendar.reveal) = (window, window, window)
        (rewards.calendar.open, rewards.calendar.vote) = (window, window)
        return LedgerParameters(rewards: rewards)
    }

    static let standard = parameters.differences

    /// `newcomers` hold money and sign commits once they are members.
    init(validators: Int = 4, genesis: Genesis? = nil, newcomers: [UInt8] = []) throws {
        let value = genesis ?? Self.genesis(validators: validators, newcomers: newcomers)
        let transition = try Ledger.genesis(value)
        keys = ((0..<validators).map { UInt8($0) } + newcomers).map(TestKeys.init)
        (self.genesis, view) = (value, transition.next)
        store.commit(transition.writes)
    }

    /// The proposer of the next block in round 0.
    var proposer: TestKeys {
        let index = view.seating.schedule.proposer(height: view.height, round: 0)
        return owner(of: view.validators.validators[index].address)
    }

    func owner(of consensusAddress: Address) -> TestKeys {
        guard let keys = keys.first(where: { $0.consensus.address == consensusAddress }) else {
            preconditionFailure("no keys of \(consensusAddress)")
        }
        return keys
    }

    func preamble(_ batches: TestBatches) -> Item {
        var sequences: [Address: UInt64] = [:]
        let marks = batches.map { batch in
            let author = keys[batch.author].consensus.address
            let sequence = sequences[author] ?? view.lastSequence(of: author).map { $0 + 1 } ?? 0
            sequences[author] = sequence + 1
            return BatchMark(author: author, sequence: sequence, count: UInt32(batch.items.count))
        }
        return .preamble(Preamble(beaconProof: VRF.prove(view.beaconAlpha, key: proposer.audit), batches: marks))
    }

    func content(_ batches: TestBatches, evidence: [Evidence] = []) -> BlockContent {
        let items = [preamble(batches)] + batches.flatMap(\.items)
        return BlockContent(items: items.map(\.encoded), evidence: evidence, lastCommit: lastCommit)
    }

    func block(_ content: BlockContent, seconds: Int64 = 1) -> Block {
        let header = Ledger.draft(
            on: view, time: view.tip.time.adding(seconds: seconds), proposer: proposer.consensus.address,
            content: content)
        return Block(
            header: header, items: content.items, evidence: content.evidence, lastCommit: content.lastCommit)
    }

    /// Stands in for the compact proposal's part set.
    static func id(of header: Header) -> BlockID {
        BlockID(hash: header.hash, parts: PartSetHeader(total: 1, hash: Hash.sha256(header.encoded)))
    }

    func commit(_ block: Block) -> Commit {
        let id = Self.id(of: block.header)
        let proposal = ProposalID(blockID: id, time: block.header.time)
        let statement = VoteStatement(type: .precommit, height: block.header.height, round: 0, proposal: proposal)
        let message = statement.signBytes(chainID: Self.chainID)
        let entries = view.validators.validators.map { validator in
            CommitSignature(
                flag: .commit, address: validator.address, timestamp: block.header.time,
                signature: owner(of: validator.address).consensus.sign(message).bytes)
        }
        return Commit(height: block.header.height, round: 0, blockID: id, signatures: entries)
    }

    /// Applies the block and makes it the tip.
    mutating func apply(_ block: Block) throws {
        let id = Self.id(of: block.header)
        let transition = try Ledger.apply(block, id: id, on: store, view: view)
        lastCommit = commit(block)
        store.commit(transition.writes)
        (view, results) = (transition.next, transition.results)
        blocks.append((block, id))
    }

    /// One block with these batches; its item results, the preamble's first.
    @discardableResult
    mutating func advance(
        _ batches: TestBatches = [], evidence: [Evidence] = [], seconds: Int64 = 1
    ) throws -> [ItemResult] {
        try apply(block(content(batches, evidence: evidence), seconds: seconds))
        return results
    }

    /// With what lies in its purse.
    func account(_ number: UInt8) -> Account {
        let account = WorkingState(store).account(TestKeys(number).account.address)
        return account.holding(purse(number))
    }

    /// Empty where there is none.
    func purse(_ number: UInt8) -> Purse {
        let state = WorkingState(store)
        guard let number = state.account(TestKeys(number).account.address).providerNumber else { return Purse() }
        let page: ProviderPage<Purse>? = state.load(StateKey.purses(page: number.page))
        return page?[number.seat] ?? Purse()
    }

    /// Blocks until the next epoch has begun.
    mutating func finishEpoch(_ batches: TestBatches = []) throws {
        let epoch = view.epoch.number
        try advance(batches, seconds: 5)
        while view.epoch.number == epoch { try advance(seconds: 5) }
    }

    func summary(_ epoch: UInt64) -> EpochSummary? { WorkingState(store).load(StateKey.epochSummary(epoch)) }

    func rows<Row: Message>(_ table: EpochTable, _ epoch: UInt64, as type: Row.Type) throws -> [Row] {
        try TableRows(table, epoch: epoch, on: store).map { try Row(decoding: $0.row) }
    }

    func validator(_ number: UInt8) -> ValidatorRecord? {
        WorkingState(store).load(StateKey.validator(TestKeys(number).account.address))
    }

    static func item(_ sender: UInt8, _ sequence: UInt64, _ action: Action) -> Item {
        let key = TestKeys(sender).account
        let content = TransactionContent(sender: key.publicKey, sequence: sequence, action: action)
        return .transaction(Transaction(signing: content, by: key, chainID: chainID))
    }

    static func transfer(_ sender: UInt8, _ sequence: UInt64, to recipient: UInt8, _ units: UInt64) -> Item {
        item(
            sender, sequence,
            .transfer(
                Transfer(
                    recipient: TestKeys(recipient).account.address, amount: Amount(units))))
    }
}
