// The routes by name, with their parameters in the order of an array (formats A12). A method that is not here does not
// exist. Beside CometBFT's stand those of the market, answered by `ChainReader+Market`:
//   job(id, page, per_page)            a job, its counts by state, and a page of its assigned tasks
//   assignments(provider, page, per_page)  the open tasks of a provider, with deadline and budget in blocks
//   epoch(epoch)                       totals and roots of a settled epoch, the newest without a number
//   rewards(epoch, account, page, per_page), slashes(epoch, page, per_page)  rows of its tables, with their reasons
//   why(epoch, account)                 rows of an account with their proofs and what they were computed from, encoded
//   account(account)                   what it has: balance, bonds, what leaves, vests and is held, with dates
//   providers(page, per_page)          account, bond, slots, offers, endpoint, open tasks, reliability
//   market()                           floor prices, engine, slot bond, and the running epoch
//   supply()                           every place where MRT is, and what was issued
//   evidence(id)                      what proves an equivocation, and the block that has it
//   disputes(height)                  tasks that validators voted on, in the blocks down from a height
//   blob(digest)                       published bytes in base64; whoever asks compares their SHA-256
// Accounts are in bech32, digests in hex, amounts and 64-bit numbers in decimal strings; pages are as `validators` has
// them.

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
    case job, assignments, epoch, rewards, slashes, why, account, providers, market, supply, blob, evidence, disputes

    var parameters: [String] {
        switch self {
        case .health, .status, .genesis, .netInfo, .abciInfo, .market, .supply: []
        case .block, .header, .commit, .blockResults, .consensusParams, .disputes: ["height"]
        case .blockByHash, .headerByHash: ["hash"]
        case .validators: ["height", "page", "per_page"]
        case .tx: ["hash", "prove"]
        case .blockchain: ["minHeight", "maxHeight"]
        case .abciQuery: ["path", "data", "height", "prove"]
        case .broadcastSync, .broadcastAsync, .broadcastCommit: ["tx"]
        case .job: ["id", "page", "per_page"]
        case .evidence: ["id"]
        case .assignments: ["provider", "page", "per_page"]
        case .epoch: ["epoch"]
        case .rewards: ["epoch", "account", "page", "per_page"]
        case .why: ["epoch", "account"]
        case .account: ["account"]
        case .slashes: ["epoch", "page", "per_page"]
        case .providers: ["page", "per_page"]
        case .blob: ["digest"]
        }
    }
}
