// genesis.json in CometBFT's shape, with RPC's spelling of it. What CometBFT has no word for is under app_state. The
// chain's name for a genesis is the hash of its canonical encoding, so the spelling of the file does not matter; its
// content is checked in full.
package import Chain
package import Primitives
import RPC

package enum GenesisFile {
    static let keys = [
        "genesis_time", "chain_id", "initial_height", "consensus_params", "validators", "app_hash", "app_state",
    ]
    static let accountKeys = ["address", "balance"]
    static let bondedKeys = ["operator", "name", "consensus_key", "audit_key", "transport_key", "stake"]
    static let timingKeys = [
        "precision", "message_delay", "timeout_propose", "timeout_propose_delta", "timeout_vote",
        "timeout_vote_delta", "block_interval",
    ]
    static let keyType = "tendermint/PubKeyEd25519"

    package static func encode(_ genesis: Genesis) -> Bytes { Bytes(genesis.json.pretty.utf8) }
}
