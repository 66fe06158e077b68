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
