// Every rule that makes a block invalid, one row each: a good block with one thing changed.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Testing

@Suite("block rules")
struct BlockRuleTests {
    /// A chain at height 2 with a transfer behind it.
    static func chain() throws -> TestChain {
        var chain = try TestChain()
        try chain.advance()
        try chain.advance([(1, [TestChain.transfer(10, 0, to: 11, 1)])])
        return chain
    }

    static func judge(_ chain: TestChain, _ block: Block, id: BlockID? = nil) -> BlockError? {
        do throws(BlockError) {
            _ = try Ledger.apply(block, id: id ?? TestChain.id(of: block.header), on: chain.store, view: chain.view)
            return nil
        } catch {
            return error
        }
    }

    static let other = Digest(Bytes(repeating: 9, count: 32))
    /// What is changed in the header, and the rule that sees it.
    static let headerRows: [(String, BlockError, @Sendable (inout Header) -> Void)] = [
        ("block version", .wrongVersion, { $0.blockVersion = 10 }),
        ("app version", .wrongVersion, { $0.appVersion = 2 }),
        ("chain", .wrongChain, { $0.chainID = Bytes("other".utf8) }),
        ("height", .wrongHeight, { $0.height = $0.height.advanced() }),
        ("equal time", .timeNotLater, { $0.time = $0.time.adding(seconds: -1) }),
        ("earlier time", .timeNotLater, { $0.time = $0.time.adding(seconds: -2) }),
        ("last block", .wrongLastBlockID, { $0.lastBlockID = .empty }),
        ("last commit", .wrongLastCommitHash, { $0.lastCommitHash = other }),
        ("data", .wrongDataHash, { $0.dataHash = other }),
        ("validators", .wrongValidatorsHash, { $0.validatorsHash = other }),
        ("next validators", .wrongNextValidatorsHash, { $0.nextValidatorsHash = other }),
        ("consensus", .wrongConsensusHash, { $0.consensusHash = nil }),
        ("app hash", .wrongAppHash, { $0.appHash = [] }),
        ("results", .wrongLastResultsHash, { $0.lastResultsHash = other }),
        ("evidence", .wrongEvidenceHash, { $0.evidenceHash = other }),
        ("proposer", .proposerNotInSet, { $0.proposerAddress = TestKeys(99).account.address }),
        ("no proposer", .proposerNotInSet, { $0.proposerAddress = nil }),
        (
            "another member", .wrongBeaconProof,
            { header in
                let members = (0..<4).map { TestKeys(UInt8($0)).consensus.address }
                header.proposerAddress = members.first { $0 != header.proposerAddress }
            }
        ),
    ]

    @Test("a header with one other field is refused by that field's rule", arguments: headerRows.indices)
    func headers(row: Int) throws {
        let chain = try Self.chain()
        let content = chain.content([(0, [TestChain.transfer(10, 1, to: 11, 1)])])
        let good = chain.block(content)
        #expect(Self.judge(chain, good) == nil)
        var header = good.header
        Self.headerRows[row].2(&header)
        let block = Block(
            header: header, items: good.items, evidence: [], lastCommit: good.lastCommit)
        #expect(Self.judge(chain, block) == Self.headerRows[row].1, "\(Self.headerRows[row].0)")
    }

    @Test("the block id is complete and names this header")
    func blockID() throws {
        let chain = try Self.chain()
        let block = chain.block(chain.content([]))
        #expect(Self.judge(chain, block, id: .empty) == .wrongBlockID)
        #expect(Self.judge(chain, block, id: chain.view.tip.blockID) == .wrongBlockID)
    }

    @Test("block 1 may carry the genesis time and only the empty commit")
    func firstBlock() throws {
        var chain = try TestChain()
        #expect(Self.judge(chain, chain.block(chain.content([]), seconds: 0)) == nil)
        let commit = try Self.chain().lastCommit
        let content = BlockContent(items: chain.content([]).items, evidence: [], lastCommit: commit)
        #expect(Self.judge(chain, chain.block(content)) == .lastCommitNotEmpty)
        try chain.advance()
        #expect(chain.blocks[0].block.header.lastBlockID == .empty)
        #expect(chain.blocks[0].block.header.appHash == chain.genesisRoot.bytes)
    }

    static func content(_ chain: TestChain, _ items: [Item], commit: Commit? = nil) -> BlockContent {
        BlockContent(items: items.map(\.encoded), evidence: [], lastCommit: commit ?? chain.lastCommit)
    }

    @Test("a last commit proves the tip by more than two thirds, or the block is refused")
    func lastCommit() throws {
        let chain = try Self.chain()
        func judge(_ change: (inout [CommitSignature]) -> Void) -> BlockError? {
            var entries = chain.lastCommit.signatures
            change(&entries)
            let commit = Commit(
                height: chain.lastCommit.height, round: 0, blockID: chain.lastCommit.blockID, signatures: entries)
            return Self.judge(chain, chain.block(Self.content(chain, [chain.preamble([])], commit: commit)))
        }
        #expect(judge { $0[3] = .absent } == nil)
        #expect(
            judge { ($0[3], $0[2]) = (.absent, .absent) }
                == .lastCommit(.notEnoughPower(signed: 20_000, total: 40_000)))
        #expect(judge { $0.removeLast() } == .lastCommit(.wrongNumberOfSignatures))
        let forged = chain.lastCommit.signatures[0]
        let wrong = CommitSignature(
            flag: .commit, address: forged.address, timestamp: forged.timestamp,
            signature: chain.lastCommit.signatures[1].signature)
        #expect(judge { $0[0] = wrong } == .lastCommit(.wrongSignature(index: 0)))
        #expect(judge { $0.swapAt(0, 1) } == .lastCommit(.wrongAddress(index: 0)))
    }

    @Test("a caller that verified the last commit's signatures is spared them, not the other rules")
    func verifiedCommit() throws {
        let chain = try Self.chain()
        let entries = chain.lastCommit.signatures.map {
            CommitSignature(flag: .commit, address: $0.address, timestamp: $0.timestamp, signature: [1])
        }
        let commit = Commit(
            height: chain.lastCommit.height, round: 0, blockID: chain.lastCommit.blockID, signatures: entries)
        let block = chain.block(Self.content(chain, [chain.preamble([])], commit: commit))
        let id = TestChain.id(of: block.header)
        #expect(Self.judge(chain, block) == .lastCommit(.wrongSignature(index: 0)))
        _ = try Ledger.apply(block, id: id, on: chain.store, view: chain.view, vouched: Vouched(lastCommit: true))
    }

    static func mark(_ chain: TestChain, _ author: UInt8, _ sequence: UInt64, _ count: UInt32) -> BatchMark {
        BatchMark(author: TestKeys(author).consensus.address, sequence: sequence, count: count)
    }

    static func preamble(_ chain: TestChain, _ marks: [BatchMark], alpha: Bytes? = nil) -> Item {
        let proof = VRF.prove(alpha ?? chain.view.beaconAlpha, key: chain.proposer.audit)
        return .preamble(Preamble(beaconProof: proof, batches: marks))
    }

    @Test("items follow one preamble and its marks, each content once")
    func items() throws {
        let chain = try Self.chain()
        let (first, second) = (TestChain.transfer(10, 1, to: 11, 1), TestChain.transfer(10, 2, to: 11, 1))
        func judge(_ items: [Item]) -> BlockError? {
            Self.judge(chain, chain.block(Self.content(chain, items)))
        }
        func marked(_ marks: (UInt8, UInt64, UInt32)..., items: [Item] = []) -> BlockError? {
            judge([Self.preamble(chain, marks.map { Self.mark(chain, $0.0, $0.1, $0.2) })] + items)
        }
        #expect(marked((1, 1, 1), (0, 0, 1), items: [first, second]) == nil)
        #expect(marked((1, 7, 1), (1, 8, 0), items: [first]) == nil)
        #expect(judge([]) == .noPreamble)
        #expect(judge([first]) == .noPreamble)
        #expect(judge([Self.preamble(chain, []), Self.preamble(chain, [])]) == .misplacedPreamble(index: 1))
        #expect(judge([Self.preamble(chain, [], alpha: [1])]) == .wrongBeaconProof)
        #expect(marked((1, 0, 1), items: [first]) == .sequenceNotIncreasing(batch: 0))
        #expect(marked((0, 5, 1), (0, 5, 1), items: [first, second]) == .sequenceNotIncreasing(batch: 1))
        #expect(marked((0, .max, 1), items: [first]) == .sequenceNotIncreasing(batch: 0))
        #expect(marked((9, 0, 1), items: [first]) == .unknownAuthor(batch: 0))
        #expect(marked((1, 1, 2), items: [first]) == .countsDiffer)
        #expect(marked((1, 1, .max), items: [first]) == .countsDiffer)
        #expect(marked((1, 1, 0), items: [first]) == .countsDiffer)
        #expect(marked((1, 1, 2), items: [first, first]) == .repeatedItem(index: 2))
        let many = (0...256).map { Self.mark(chain, 0, UInt64($0), 0) }
        #expect(judge([Self.preamble(chain, many)]) == .tooManyBatches(batch: 256))
        let bytes = BlockContent(items: [[1, 2, 3]], evidence: [], lastCommit: chain.lastCommit)
        #expect(Self.judge(chain, chain.block(bytes)) == .malformedItem(index: 0))
        let huge = BlockContent(
            items: Array(repeating: Bytes(repeating: 0, count: 1 << 20), count: 34), evidence: [],
            lastCommit: chain.lastCommit)
        #expect(Self.judge(chain, chain.block(huge)) == .tooManyBytes)
    }

    @Test("a compact proposal is judged without its items")
    func compact() throws {
        let chain = try Self.chain()
        let batch = BatchReference(
            author: TestKeys(0).consensus.address, sequence: 3, digest: .zero, itemCount: 2, itemBytes: 300)
        let good = chain.block(chain.content([])).header
        func judge(_ batches: [BatchReference], header: Header? = nil, proof: VRFProof? = nil) -> BlockError? {
            let compact = CompactProposal(
                header: header ?? good,
                beaconProof: proof ?? VRF.prove(chain.view.beaconAlpha, key: chain.proposer.audit), batches: batches,
                lastCommit: chain.lastCommit, evidence: [])
            do throws(BlockError) {
                try Ledger.check(compact, on: chain.view)
                return nil
            } catch {
                return error
            }
        }
        func sized(_ count: UInt32, _ bytes: UInt32) -> BatchReference {
            BatchReference(
                author: batch.author, sequence: 4, digest: .zero, itemCount: count, itemBytes: bytes)
        }
        #expect(judge([batch]) == nil)
        #expect(judge([batch, batch]) == .sequenceNotIncreasing(batch: 1))
        #expect(judge([sized(262_144, 1)]) == .tooManyItems)
        #expect(judge([batch, sized(1, .max)]) == .tooManyBytes)
        #expect(judge([], proof: VRF.prove([1], key: chain.proposer.audit)) == .wrongBeaconProof)
        var header = good
        header.lastCommitHash = nil
        #expect(judge([], header: header) == .wrongLastCommitHash)
        header = good
        header.evidenceHash = nil
        #expect(judge([], header: header) == .wrongEvidenceHash)
        header = good
        header.appHash = []
        #expect(judge([], header: header) == .wrongAppHash)
    }
}
