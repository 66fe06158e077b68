// A chain of one process: keys by number, blocks made by the rules, commits signed by every validator, stored as a node
// stores them.
import API
import Chain
import Codec
import Cryptography
import Ledger
import NodeCore
import Primitives
import Quorum

struct TestKeys: Sendable {
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
}

struct TestChain: Sendable {
    static let token = Amount.unitsPerToken
    static let chainID = ChainID(Bytes("merit-test".utf8))!
    static let start = Timestamp(seconds: 1_767_323_045, nanoseconds: 6_000_000)!

    let keys: [TestKeys]
    let genesis: Genesis
    var store = MemoryStore()
    var view: LedgerView
    var lastCommit = Commit.empty
    var blocks: [(block: Block, id: BlockID)] = []

    /// Four validators; accounts 10, 11 and 12 hold 1,000 MRT each.
    init(validators: Int = 4, settings: [Setting] = []) throws {
        keys = (0..<validators).map { TestKeys(UInt8($0)) }
        let members = keys.enumerated().map { number, keys in
            GenesisValidator(
                operatorAddress: keys.account.address,
                keys: ValidatorKeys(
                    consensus: keys.consensus.publicKey, audit: keys.audit.publicKey,
                    transport: keys.transport.publicKey),
                stake: Amount(10_000 * Self.token), name: Bytes("validator \(number)".utf8))
        }
        let accounts = (10...12).map {
            GenesisAccount(address: TestKeys(UInt8($0)).account.address, balance: Amount(1000 * Self.token))
        }
        var consensus = ConsensusParameters()
        // Evidence must not outlive the stake of an epoch that is this short.
        if !settings.isEmpty { consensus.evidenceAgeSeconds = 10 }
        genesis = Genesis(
            chain: (Self.chainID, Self.start, Amount(1_000_000 * Self.token)), consensus: consensus,
            accounts: accounts, bonded: (members, []),
            settings: [Setting(number: 1, value: 10)] + settings.filter { $0.number > 1 })
        let transition = try Ledger.genesis(genesis)
        view = transition.next
        store.commit(transition.writes)
    }

    /// Three blocks: a transfer, an overdraft, and nothing.
    static func small() throws -> TestChain {
        var chain = try TestChain()
        try chain.advance([transfer(10, 0, to: 11, 5_000_000_000)])
        try chain.advance([transfer(11, 0, to: 12, 9_000_000 * token)])
        try chain.advance([])
        return chain
    }

    private func owner(of address: Address) -> TestKeys {
        guard let keys = keys.first(where: { $0.consensus.address == address }) else {
            preconditionFailure("no keys of \(address)")
        }
        return keys
    }

    mutating func advance(_ items: [Bytes]) throws {
        let index = view.seating.schedule.proposer(height: view.height, round: 0)
        let proposer = owner(of: view.validators.validators[index].address)
        let author = keys[0].consensus.address
        let sequence = view.lastSequence(of: author).map { $0 + 1 } ?? 0
        let marks = items.isEmpty ? [] : [BatchMark(author: author, sequence: sequence, count: UInt32(items.count))]
        let preamble = Item.preamble(
            Preamble(beaconProof: VRF.prove(view.beaconAlpha, key: proposer.audit), batches: marks))
        let content = BlockContent(items: [preamble.encoded] + items, evidence: [], lastCommit: lastCommit)
        let header = Ledger.draft(
            on: view, time: view.tip.time.adding(seconds: 1), proposer: proposer.consensus.address, content: content)
        try apply(Block(header: header, items: content.items, evidence: [], lastCommit: lastCommit))
    }

    private mutating func apply(_ block: Block) throws {
        let parts = PartSetHeader(total: 1, hash: Hash.sha256(block.header.encoded))
        let id = BlockID(hash: block.header.hash, parts: parts)
        let transition = try Ledger.apply(block, id: id, on: store, view: view)
        lastCommit = commit(block, id)
        let key = block.header.height.value.bigEndianBytes
        var writes = WriteBatch()
        writes.put(.blocks, key: key, value: block.encoded)
        writes.put(.commits, key: key, value: lastCommit.encoded)
        writes.put(.blockHeights, key: block.header.hash.bytes, value: key)
        writes.put(.results, key: key, value: ResultList(results: transition.results).encoded)
        for (index, item) in block.items.enumerated().dropFirst() {
            writes.put(.transactions, key: Hash.sha256(item).bytes, value: key + UInt32(index).bigEndianBytes)
        }
        writes.append(transition.writes)
        store.commit(writes)
        view = transition.next
        blocks.append((block, id))
    }

    private func commit(_ block: Block, _ id: BlockID) -> Commit {
        let proposal = ProposalID(blockID: id, time: block.header.time)
        let statement = VoteStatement(type: .precommit, height: block.header.height, round: 0, proposal: proposal)
        let message = statement.signBytes(chainID: Self.chainID)
        let entries = view.validators.validators.enumerated().map { place, validator in
            // The last member of the set is away.
            if place == keys.count - 1 { return CommitSignature.absent }
            return CommitSignature(
                flag: .commit, address: validator.address, timestamp: block.header.time,
                signature: owner(of: validator.address).consensus.sign(message).bytes)
        }
        return Commit(height: block.header.height, round: 0, blockID: id, signatures: entries)
    }

    static func transfer(_ sender: UInt8, _ sequence: UInt64, to recipient: UInt8, _ units: UInt64) -> Bytes {
        let transfer = Transfer(recipient: TestKeys(recipient).account.address, amount: Amount(units))
        return item(sender, sequence, .transfer(transfer))
    }

    static func item(_ sender: UInt8, _ sequence: UInt64, _ action: Action) -> Bytes {
        let key = TestKeys(sender).account
        let content = TransactionContent(sender: key.publicKey, sequence: sequence, action: action)
        return Item.transaction(Transaction(signing: content, by: key, chainID: chainID)).encoded
    }
}

/// A node that answers from a chain in memory; what is handed in is answered by `word`.
final class TestNode: NodeFacade {
    let chain: TestChain
    let word: Reply.Answer
    let commits: CommitSignal

    init(_ chain: TestChain, word: Reply.Answer = .admitted) {
        (self.chain, self.word) = (chain, word)
        commits = CommitSignal(tip: chain.view.tip.height)
    }

    func snapshot() -> MemoryStore { chain.store }
    func submit(_ items: [Bytes]) async -> [Reply.Answer] { items.map { _ in word } }

    var facts: NodeFacts {
        var facts = NodeFacts(
            moniker: "zero", transportKey: chain.keys[0].transport.publicKey,
            consensusKey: chain.keys[0].consensus.publicKey, listenAddress: "127.0.0.1:1", rpcAddress: "127.0.0.1:2")
        facts.round = 3
        (facts.itemsOpen, facts.batchesWaiting, facts.signaturesChecked) = (4, 5, 6)
        facts.peers = [
            PeerFacts(
                id: chain.keys[1].transport.address, host: "127.0.0.1", isOutbound: true, age: .seconds(2),
                bytes: (10, 20))
        ]
        return facts
    }
}
