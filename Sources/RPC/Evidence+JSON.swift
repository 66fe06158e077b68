// Evidence and votes as CometBFT's JSON has them: answers only.
package import Chain
import Primitives
package import Quorum

extension Vote {
    package var json: JSON {
        [
            "type": .number(type.rawValue), "height": .decimal(height), "round": .number(round),
            "block_id": blockID.json, "timestamp": .time(timestamp), "validator_address": .hex(validatorAddress),
            "validator_index": .number(validatorIndex), "signature": .base64(signature.bytes), "extension": .null,
            "extension_signature": .null,
        ]
    }
}

extension Evidence {
    package var json: JSON {
        switch self {
        case .duplicateVote(let evidence):
            [
                "type": "tendermint/DuplicateVoteEvidence",
                "value": [
                    "vote_a": evidence.voteA.json, "vote_b": evidence.voteB.json,
                    "TotalVotingPower": .decimal(evidence.totalVotingPower),
                    "ValidatorPower": .decimal(evidence.validatorPower), "Timestamp": .time(evidence.timestamp),
                ],
            ]
        }
    }
}
