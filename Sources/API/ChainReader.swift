// The committed chain as answers need it, out of one snapshot. What is stored was made by us: bytes that do not decode
// are an internal error of the answer, never the end of the process.
import Chain
import Codec
import Ledger
import NodeCore
import Primitives
import Quorum
import RPC

struct ChainReader<Reader: Snapshot> {
    let snapshot: Reader
    let tip: Tip

    init(_ snapshot: Reader) throws(RPCError) {
        guard let bytes = snapshot.load(.meta, key: LedgerView.tipKey) else { throw .failed("the store is empty") }
        self.snapshot = snapshot
        tip = try Self.decoded(bytes, "the tip")
    }

    private static func decoded<Value: Message>(_ bytes: Bytes, _ what: String) throws(RPCError) -> Value {
        do { return try Value(decoding: bytes) } catch { throw .failed("\(what) does not decode: \(error)") }
    }

    func load<Value: Message>(_ table: Table, _ key: Bytes) throws(RPCError) -> Value? {
        guard let bytes = snapshot.load(table, key: key) else { return nil }
        return try Self.decoded(bytes, "a stored entry of \(table)")
    }

    private func require<Value: Message>(_ table: Table, _ height: Height) throws(RPCError) -> Value {
        guard let value: Value = try load(table, height.value.bigEndianBytes) else { throw unavailable(height) }
        return value
    }

    // MARK: Heights

    /// The lowest height whose block is kept.
    var lowest: Height {
        guard let entry = snapshot.first(.blocks, from: []), let value = UInt64(bigEndian: entry.key),
            let height = Height(value)
        else { return .first }
        return height
    }

    func unavailable(_ height: Height) -> RPCError {
        .failed("height \(height) is not available, lowest height is \(lowest)")
    }

    /// The height that was asked for, nothing being `latest`; throws in the words that clients match.
    func height(_ asked: Int64?, latest: Height) throws(RPCError) -> Height {
        guard let asked else {
            guard latest > .zero else { throw tooHigh(1, latest) }
            return latest
        }
        guard asked > 0, let height = Height(signed: asked) else {
            throw .failed("height must be greater than 0, but got \(asked)")
        }
        guard height <= latest else { throw tooHigh(asked, latest) }
        guard height >= lowest else { throw unavailable(height) }
        return height
    }

    private func tooHigh(_ asked: Int64, _ latest: Height) -> RPCError {
        .failed("height \(asked) must be less than or equal to the current blockchain height \(latest)")
    }

    // MARK: Blocks

    func block(at height: Height) throws(RPCError) -> Block { try require(.blocks, height) }
    func header(at height: Height) throws(RPCError) -> Header { try require(.headers, height) }
    /// As this node collected it.
    func ownCommit(at height: Height) throws(RPCError) -> Commit { try require(.commits, height) }

    func results(at height: Height) throws(RPCError) -> [ItemResult] {
        let list: ResultList = try require(.results, height)
        return list.results
    }

    /// The id under which a block was decided.
    func blockID(at height: Height) throws(RPCError) -> BlockID { try ownCommit(at: height).blockID }

    func height(ofBlock hash: Bytes) -> Height? {
        snapshot.load(.blockHeights, key: hash).flatMap { UInt64(bigEndian: $0) }.flatMap { Height($0) }
    }

    /// Where an item stands, by the SHA-256 of its bytes.
    func place(ofItem hash: Digest) -> (height: Height, index: UInt32)? {
        guard let place = snapshot.load(.transactions, key: hash.bytes), place.count == 12,
            let height = UInt64(bigEndian: place.prefix(8)).flatMap({ Height($0) }),
            let index = UInt32(bigEndian: place.suffix(4))
        else { return nil }
        return (height, index)
    }

    // MARK: Sets and state

    /// The set that decides `height`, which is at most tip + 1.
    func validators(at height: Height) throws(RPCError) -> ValidatorSet {
        guard tip.height > .zero else { return try view().validators }
        let hash =
            height <= tip.height
            ? try header(at: height).validatorsHash : try header(at: tip.height).nextValidatorsHash
        guard let hash, let set: ValidatorSet = try load(.validatorSets, hash.bytes) else { throw unavailable(height) }
        return set
    }

    /// The parameters under which `height`, at most tip + 1, was or will be decided.
    func parameters(at height: Height) throws(RPCError) -> ConsensusParameters {
        let key = StateKey.singleton(.consensusParameters)
        guard let bytes = StateTree.value(of: key, at: height.lowered(), in: snapshot) else {
            throw unavailable(height)
        }
        return try Self.decoded(bytes, "the parameters of height \(height)")
    }

    func view() throws(RPCError) -> LedgerView {
        guard let view = LedgerView(snapshot) else { throw .failed("the store is empty") }
        return view
    }

    func genesis() throws(RPCError) -> Genesis {
        guard let genesis: Genesis = try load(.meta, LedgerView.genesisKey) else { throw .failed("the store is empty") }
        return genesis
    }
}
