// The routes by name, with their parameters in the order of an array (formats A12). A method that is not here does not
// exist.

enum Method: String, CaseIterable, Sendable {
    case health, status, genesis, block, header, commit, validators, tx, blockchain
    case netInfo = "net_info"
    case blockByHash = "block_by_hash"
    case headerByHash = "header_by_hash"
    case blockResults = "block_results"
    case consensusParams = "consensus_params"
    case abciQuery = "abci_query"
    case abciInfo = "abci_info"
    case broadcastSync = "broadcast_tx_sync"
    case broadcastAsync = "broadcast_tx_async"
    case broadcastCommit = "broadcast_tx_commit"

    var parameters: [String] {
        switch self {
        case .health, .status, .genesis, .netInfo, .abciInfo: []
        case .block, .header, .commit, .blockResults, .consensusParams: ["height"]
        case .blockByHash, .headerByHash: ["hash"]
        case .validators: ["height", "page", "per_page"]
        case .tx: ["hash", "prove"]
        case .blockchain: ["minHeight", "maxHeight"]
        case .abciQuery: ["path", "data", "height", "prove"]
        case .broadcastSync, .broadcastAsync, .broadcastCommit: ["tx"]
        }
    }
}
