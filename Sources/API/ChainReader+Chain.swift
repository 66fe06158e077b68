// Answers about the chain as committed: blocks, headers, commits, sets, parameters, items and their proofs.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import RPC

extension ChainReader {
    func blockAnswer(at height: Height) throws(RPCError) -> JSON {
        ["block_id": try blockID(at: height).json, "block": try block(at: height).json]
    }

    func blockAnswer(hash: Bytes?) throws(RPCError) -> JSON {
        guard let height = height(ofBlock: try blockHash(hash)) else {
            return ["block_id": BlockID.empty.json, "block": .null]
        }
        return try blockAnswer(at: height)
    }

    func headerAnswer(hash: Bytes?) throws(RPCError) -> JSON {
        guard let height = height(ofBlock: try blockHash(hash)) else { return ["header": .null] }
        return ["header": try header(at: height).json]
    }

    private func blockHash(_ hash: Bytes?) throws(RPCError) -> Bytes {
        guard let hash, hash.count == Digest.count else { throw .badParameters("hash is not 32 bytes") }
        return hash
    }

    /// The canonical commit stands in the next block; the tip has only what this node collected.
    func commitAnswer(at height: Height) throws(RPCError) -> JSON {
        let isCanonical = height < tip.height
        let commit = isCanonical ? try block(at: height.advanced()).lastCommit : try ownCommit(at: height)
        return [
            "signed_header": ["header": try header(at: height).json, "commit": commit.json],
            "canonical": .bool(isCanonical),
        ]
    }

    func validatorsAnswer(at height: Height, page: Int64?, perPage: Int64?) throws(RPCError) -> JSON {
        let members = try validators(at: height).validators
        let range = try Self.page(page, perPage: perPage, of: members.count)
        return [
            "block_height": .decimal(height), "validators": .array(members[range].map(\.json)),
            "count": .decimal(range.count), "total": .decimal(members.count),
        ]
    }

    static func page(_ page: Int64?, perPage: Int64?, of count: Int) throws(RPCError) -> Range<Int> {
        let asked = perPage ?? APILimits.pageDefault
        let size = Int(asked < 1 ? APILimits.pageDefault : min(asked, APILimits.pageMax))
        let pages = max(1, (count + size - 1) / size)
        let number = page ?? 1
        guard (1...Int64(pages)).contains(number) else {
            throw .failed("page should be within [1, \(pages)] range, given \(number)")
        }
        let start = (Int(number) - 1) * size
        return start..<min(start + size, count)
    }

    func parametersAnswer(at height: Height) throws(RPCError) -> JSON {
        ["block_height": .decimal(height), "consensus_params": try parameters(at: height).json]
    }

    func blockchainAnswer(min asked: Int64, max limit: Int64) throws(RPCError) -> JSON {
        guard asked >= 0, limit >= 0, let low = Height(signed: asked), let high = Height(signed: limit) else {
            throw .failed("heights must be non-negative")
        }
        let last = high == .zero ? tip.height : Swift.min(high, tip.height)
        let first = Swift.max(low, lowest, last.lowered(by: APILimits.blockMetasMax - 1))
        guard first <= last || tip.height == .zero else {
            throw .failed("min height \(first) can't be greater than max height \(last)")
        }
        var metas: [JSON] = []
        var height = last
        while height >= first, height > .zero {
            metas.append(try meta(at: height))
            height = height.lowered()
        }
        return ["last_height": .decimal(tip.height), "block_metas": .array(metas)]
    }

    private func meta(at height: Height) throws(RPCError) -> JSON {
        let block = try block(at: height)
        return [
            "block_id": try blockID(at: height).json, "block_size": .decimal(block.encoded.count),
            "header": block.header.json, "num_txs": .decimal(block.items.count),
        ]
    }

    func resultsAnswer(at height: Height) throws(RPCError) -> JSON {
        let root = StateTree.root(at: height, in: snapshot)
        return [
            "height": .decimal(height), "txs_results": .array(try results(at: height).map { $0.json(log: $0.log) }),
            "finalize_block_events": [], "validator_updates": .array(try updates(by: height)),
            "consensus_param_updates": .null, "app_hash": .base64(root?.bytes),
        ]
    }

    /// What block `height` changed: the set that decides two heights later against the one before it.
    private func updates(by height: Height) throws(RPCError) -> [JSON] {
        guard height < tip.height else { return [] }
        let old = try validators(at: height.advanced())
        let new = try validators(at: height.advanced(by: 2))
        func json(_ key: PublicKey, _ power: Int64) -> JSON {
            ["pub_key": ["type": "ed25519", "value": .base64(key.bytes)], "power": .decimal(power)]
        }
        let left = old.validators.filter { new.index(of: $0.address) == nil }.map { json($0.publicKey, 0) }
        let changed = new.validators.filter { !old.validators.contains($0) }.map { json($0.publicKey, $0.power) }
        return changed + left
    }

    func itemAnswer(hash: Bytes?, prove: Bool) throws(RPCError) -> JSON {
        guard let hash = hash.flatMap({ Digest($0) }) else { throw .badParameters("hash is not 32 bytes") }
        guard let place = place(ofItem: hash) else { throw .failed("tx (\(Hex.upper(hash.bytes))) not found") }
        let block = try block(at: place.height)
        let results = try results(at: place.height)
        let index = Int(place.index)
        guard block.items.indices.contains(index), results.indices.contains(index) else {
            throw .failed("block \(place.height) has no item \(index)")
        }
        let answer: JSON = [
            "hash": .hex(hash), "height": .decimal(place.height), "index": .number(place.index),
            "tx_result": results[index].json(log: results[index].log), "tx": .base64(block.items[index]),
        ]
        guard prove, let proof = block.proof(ofItem: index) else { return answer }
        return answer.adding(
            "proof",
            [
                "root_hash": .hex(block.header.dataHash), "data": .base64(block.items[index]),
                "proof": proof.json,
            ])
    }
}

extension ItemResult {
    /// The name of the rule that refused the item, and what the refusal says beside it.
    var log: String {
        if code == 0 { return "" }
        let label = Rule(rawValue: code)?.label ?? "rule_\(code)"
        return data.isEmpty ? label : "\(label): \(String(decoding: data, as: UTF8.self))"
    }
}
