// Blocks, items, results and parameters as CometBFT's JSON has them: answers only.
package import Chain
package import Cryptography
import Primitives
import Quorum

extension Block {
    package var json: JSON {
        [
            "header": header.json,
            "data": ["txs": .array(items.map { .base64($0) })],
            "evidence": ["evidence": .array(evidence.map(\.json))],
            "last_commit": lastCommit.json,
        ]
    }
}

extension MerkleProof {
    package var json: JSON {
        [
            "total": .decimal(total), "index": .decimal(index), "leaf_hash": .base64(leafHash.bytes),
            "aunts": .array(aunts.map { .base64($0.bytes) }),
        ]
    }

    package init(json: JSON) throws(ShapeError) {
        func digest(_ bytes: Bytes, _ name: String) throws(ShapeError) -> Digest {
            guard let digest = Digest(bytes) else { throw .wrongForm(name) }
            return digest
        }
        var aunts: [Digest] = []
        for aunt in try json.elements("aunts", max: Limits.merkleAuntsMax) {
            guard case .string(let text) = aunt, let bytes = Base64.decode(text) else { throw .wrongForm("aunts") }
            aunts.append(try digest(bytes, "aunts"))
        }
        self.init(
            total: try json.decimal("total"), index: try json.decimal("index"),
            leafHash: try digest(try json.base64("leaf_hash"), "leaf_hash"), aunts: aunts)
    }
}

extension ItemResult {
    /// `log`: the rule's name, empty for success.
    package func json(log: String) -> JSON {
        [
            "code": .number(code), "data": .base64(data), "log": .string(log), "info": "",
            "gas_wanted": .decimal(gasWanted), "gas_used": .decimal(gasUsed), "events": [],
            "codespace": .string(code == 0 ? "" : "merit"),
        ]
    }
}

extension ConsensusParameters {
    package var json: JSON {
        [
            "block": ["max_bytes": .decimal(blockBytesMax), "max_gas": .decimal(blockGasMax)],
            "evidence": [
                "max_age_num_blocks": .decimal(evidenceAgeBlocks),
                "max_age_duration": .decimal(UInt128(evidenceAgeSeconds) * 1_000_000_000),
                "max_bytes": .decimal(evidenceBytesMax),
            ],
            "validator": ["pub_key_types": ["ed25519"]],
            "version": ["app": "1"],
            "abci": ["vote_extensions_enable_height": "0"],
        ]
    }
}
