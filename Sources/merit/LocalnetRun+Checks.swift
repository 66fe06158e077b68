// What must hold at the end: tables that are equal on every node, a balance that a stranger can verify, money that adds
// up.
import Codec
import Foundation
import Ledger
import Node
import Primitives

extension LocalnetRun {
    /// The summaries of the first epochs; byte-identical on all nodes or an error.
    func waitForEpochs(_ count: UInt64, secondsPerEpoch: UInt64) async throws -> [(epoch: UInt64, EpochSummary)] {
        let patience = TimeInterval((count + 1) * max(secondsPerEpoch, 10) * 3 + 60)
        try await wait(for: "\(count) settled epochs", seconds: patience) { tips in
            guard let last = try self.summary(of: count - 1, at: self.nodes[0]) else { return false }
            return tips.allSatisfy { $0.height > last.height.value }
        }
        var tables: [(epoch: UInt64, EpochSummary)] = []
        for epoch in 0..<count {
            var seen: [EpochSummary] = []
            for node in nodes {
                guard let summary = try summary(of: epoch, at: node) else {
                    throw LocalnetError.late("epoch \(epoch) on \(node.name)")
                }
                seen.append(summary)
            }
            guard let first = seen.first, seen.allSatisfy({ $0 == first }) else {
                throw LocalnetError.child("the tables of epoch \(epoch) differ between nodes")
            }
            tables.append((epoch, first))
        }
        return tables
    }

    private func summary(of epoch: UInt64, at node: Node) throws -> EpochSummary? {
        try NodeClient(node.rpc).state(StateKey.epochSummary(epoch)).flatMap { EpochSummary.decoded($0) }
    }

    /// A separate process that knows nothing but the genesis hash asks for a balance and verifies the answer.
    func lightQuery() throws -> LocalnetSummary.LightQuery {
        struct Answer: Decodable {
            let address: String
            let balance: String
            let height: String
            let verified: Bool
        }
        let arguments = [
            "light", "balance", nodes[0].account, "--node", nodes[nodes.count - 1].rpc, "--genesis-hash", genesisHash,
            "--json",
        ]
        let result = try Child.run(arguments)
        let answer = try JSONDecoder().decode(Answer.self, from: result.output)
        return .init(
            address: answer.address, balance: answer.balance, height: answer.height, verified: answer.verified)
    }

    /// `merit replay` on a copy of one node's store. The node is stopped for the copy, and comes back.
    func supplyOfCopy() async throws -> LocalnetSummary.Supply {
        struct Answer: Decodable {
            struct Supply: Decodable {
                let genesis: String
                let minted: String
                let burned: String
                let sum_of_accounts: String
                let equal: Bool
            }
            let supply: Supply
        }
        progress("\(nodes[0].name) stops for a copy of its store, and returns")
        stop(0)
        let copy = folder + "/copy"
        try? FileManager.default.removeItem(atPath: copy)
        try FileManager.default.copyItem(atPath: nodes[0].home + "/data/chain", toPath: copy)
        try start(0)
        let result = try Child.run(["replay", "--home", nodes[0].home, "--store", copy, "--json"])
        try? FileManager.default.removeItem(atPath: copy)
        let supply = try JSONDecoder().decode(Answer.self, from: result.output).supply
        let before = try NodeClient(nodes[nodes.count - 1].rpc).tip()?.height ?? 0
        try await wait(for: "\(nodes[0].name) to be back") { tips in tips.allSatisfy { $0.height > before } }
        return .init(
            genesis: supply.genesis, minted: supply.minted, burned: supply.burned,
            sumOfAccounts: supply.sum_of_accounts, equal: supply.equal)
    }
}
