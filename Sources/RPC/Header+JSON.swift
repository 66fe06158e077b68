// Header, block id, commit and validator set as CometBFT's JSON has them (formats A11), both ways. Reading is strict:
// equal values have one text.
package import Chain
import Cryptography
package import Primitives
package import Quorum

extension BlockID {
    package var json: JSON {
        ["hash": .hex(hash), "parts": ["total": .number(parts.total), "hash": .hex(parts.hash)]]
    }

    package init(json: JSON) throws(ShapeError) {
        let parts = try json.member("parts")
        self.init(
            hash: try json.optionalHex("hash"),
            parts: PartSetHeader(total: try parts.number("total"), hash: try parts.optionalHex("hash")))
    }
}

extension Header {
    package var json: JSON {
        [
            "version": ["block": .decimal(blockVersion), "app": .decimal(appVersion)],
            "chain_id": .string(String(decoding: chainID, as: UTF8.self)),
            "height": .decimal(height),
            "time": .time(time),
            "last_block_id": lastBlockID.json,
            "last_commit_hash": .hex(lastCommitHash),
            "data_hash": .hex(dataHash),
            "validators_hash": .hex(validatorsHash),
            "next_validators_hash": .hex(nextValidatorsHash),
            "consensus_hash": .hex(consensusHash),
            "app_hash": .hex(appHash),
            "last_results_hash": .hex(lastResultsHash),
            "evidence_hash": .hex(evidenceHash),
            "proposer_address": .hex(proposerAddress),
        ]
    }

    package init(json: JSON) throws(ShapeError) {
        let version = try json.member("version")
        self.init(
            chainID: Bytes(try json.text("chain_id").utf8), height: try json.height("height"),
            time: try json.time("time"))
        blockVersion = try version.decimal("block")
        appVersion = try version.decimal("app")
        lastBlockID = try BlockID(json: try json.member("last_block_id"))
        lastCommitHash = try json.optionalHex("last_commit_hash")
        dataHash = try json.optionalHex("data_hash")
        validatorsHash = try json.optionalHex("validators_hash")
        nextValidatorsHash = try json.optionalHex("next_validators_hash")
        consensusHash = try json.optionalHex("consensus_hash")
        appHash = try json.hex("app_hash")
        lastResultsHash = try json.optionalHex("last_results_hash")
        evidenceHash = try json.optionalHex("evidence_hash")
        proposerAddress = try json.optionalHex("proposer_address")
    }
}

extension CommitSignature {
    package var json: JSON {
        [
            "block_id_flag": .number(flag.rawValue),
            "validator_address": .hex(address),
            "timestamp": .time(timestamp),
            "signature": .base64(signature),
        ]
    }

    package init(json: JSON) throws(ShapeError) {
        guard let flag = BlockIDFlag(rawValue: try json.number("block_id_flag")) else {
            throw .wrongForm("block_id_flag")
        }
        self.init(
            flag: flag, address: try json.optionalHex("validator_address"), timestamp: try json.time("timestamp"),
            signature: try json.base64("signature"))
        guard flag != .absent || self == .absent else { throw .wrongForm("signature") }
        guard flag == .absent || (1...Signature.count).contains(signature.count) else { throw .wrongForm("signature") }
    }
}

extension Commit {
    package var json: JSON {
        [
            "height": .decimal(height), "round": .number(round), "block_id": blockID.json,
            "signatures": .array(signatures.map(\.json)),
        ]
    }

    package init(json: JSON) throws(ShapeError) {
        var entries: [CommitSignature] = []
        for entry in try json.elements("signatures", max: Limits.validatorsMax) {
            entries.append(try CommitSignature(json: entry))
        }
        let round: Int32 = try json.number("round")
        guard round >= 0 else { throw .wrongForm("round") }
        self.init(
            height: try json.height("height"), round: Round(round),
            blockID: try BlockID(json: try json.member("block_id")), signatures: entries)
    }
}

extension PublicKey {
    /// The only type of key that votes.
    static let jsonType = "tendermint/PubKeyEd25519"

    package var json: JSON { ["type": .string(Self.jsonType), "value": .base64(bytes)] }

    package init(json: JSON) throws(ShapeError) {
        guard try json.text("type") == Self.jsonType else { throw .wrongForm("type") }
        guard let key = PublicKey(try json.base64("value")) else { throw .wrongForm("value") }
        self = key
    }
}

extension Validator {
    package var json: JSON {
        [
            "address": .hex(address), "pub_key": publicKey.json, "voting_power": .decimal(power),
            "proposer_priority": "0",
        ]
    }

    package init(json: JSON) throws(ShapeError) {
        self.init(publicKey: try PublicKey(json: try json.member("pub_key")), power: try json.decimal("voting_power"))
        guard try json.hex("address") == address.bytes else { throw .wrongForm("address") }
    }
}
