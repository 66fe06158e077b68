// Which method reads what. One snapshot per call, dropped with the answer.
import Ledger
import Primitives
import RPC

extension RPCHandler {
    func read(_ method: Method, _ arguments: Arguments) throws(RPCError) -> JSON {
        if method == .health { return [:] }
        let chain = try ChainReader(node.snapshot())
        switch method {
        case .status: return try chain.statusAnswer(node.facts)
        case .netInfo: return try chain.netInfoAnswer(node.facts)
        case .genesis: return ["genesis": try chain.genesis().json]
        case .abciInfo: return chain.infoAnswer()
        case .abciQuery: return chain.queryAnswer(try StateQuery(arguments))
        case .tx:
            return try chain.itemAnswer(hash: try arguments.bytes("hash", .base64), prove: try arguments.flag("prove"))
        case .blockByHash: return try chain.blockAnswer(hash: try arguments.bytes("hash", .base64))
        case .headerByHash: return try chain.headerAnswer(hash: try arguments.bytes("hash", .hex))
        case .blockchain:
            return try chain.blockchainAnswer(
                min: try arguments.integer("minHeight") ?? 0, max: try arguments.integer("maxHeight") ?? 0)
        case .job, .assignments, .epoch, .rewards, .slashes, .why, .account, .providers, .market, .supply, .blob,
            .evidence:
            return try readMarket(method, arguments, chain)
        default: return try read(method, arguments, chain)
        }
    }

    private func readMarket(
        _ method: Method, _ arguments: Arguments, _ chain: ChainReader<Node.Reader>
    ) throws(RPCError) -> JSON {
        switch method {
        case .job: return try chain.jobAnswer(try arguments.digest("id"), try PageQuery(arguments))
        case .assignments:
            guard let provider = try arguments.account("provider") else { throw .badParameters("provider is missing") }
            return try chain.assignmentsAnswer(provider, try PageQuery(arguments))
        case .epoch: return try chain.epochAnswer(try arguments.integer("epoch"))
        case .rewards:
            return try chain.rewardsAnswer(
                try arguments.integer("epoch"), of: try arguments.account("account"), try PageQuery(arguments))
        case .slashes: return try chain.slashesAnswer(try arguments.integer("epoch"), try PageQuery(arguments))
        case .why:
            guard let account = try arguments.account("account") else { throw .badParameters("account is missing") }
            return try chain.whyAnswer(try arguments.integer("epoch"), of: account)
        case .account:
            guard let account = try arguments.account("account") else { throw .badParameters("account is missing") }
            return try chain.accountAnswer(account)
        case .providers: return try chain.providersAnswer(try PageQuery(arguments))
        case .market: return try chain.marketAnswer()
        case .supply: return chain.supplyAnswer()
        case .blob: return try chain.blobAnswer(try arguments.digest("digest"))
        case .evidence: return try chain.evidenceAnswer(try arguments.digest("id"))
        default: preconditionFailure("\(method) is no method of the market")
        }
    }

    /// The methods that take a height.
    private func read(
        _ method: Method, _ arguments: Arguments, _ chain: ChainReader<Node.Reader>
    ) throws(RPCError) -> JSON {
        let asked = try arguments.integer("height")
        let next = chain.tip.height.advanced()
        let isAhead = method == .validators || method == .consensusParams
        let height = try chain.height(asked, latest: isAhead ? next : chain.tip.height)
        switch method {
        case .block: return try chain.blockAnswer(at: height)
        case .header: return ["header": try chain.header(at: height).json]
        case .commit: return try chain.commitAnswer(at: height)
        case .blockResults: return try chain.resultsAnswer(at: height)
        case .consensusParams: return try chain.parametersAnswer(at: height)
        case .disputes: return try chain.disputesAnswer(from: height)
        case .validators:
            return try chain.validatorsAnswer(
                at: height, page: try arguments.integer("page"), perPage: try arguments.integer("per_page"))
        default: preconditionFailure("\(method) takes no height")
        }
    }
}
