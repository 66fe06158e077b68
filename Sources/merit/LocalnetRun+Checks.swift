// What must hold at the end: tables that are equal on every node, work that was paid, a balance that a stranger can
// verify, money that adds up.
import Codec
import Foundation
import Ledger
import Node
import Primitives
import Rewards

extension LocalnetRun {
    /// The tables of the epochs that settle the work of the ones before: 1 to the asked number. Byte-identical on all
    /// nodes or an error.
    func settledEpochs() async throws -> [LocalnetSummary.Table] {
        let patience = TimeInterval((plan.epochs + 2) * max(plan.secondsPerEpoch, 10) * 3 + 60)
        try await wait(for: "\(plan.epochs) settled epochs", seconds: patience) { tips in
            guard let last = try self.summary(of: self.plan.epochs, at: self.nodes[0]) else { return false }
            return tips.allSatisfy { $0.height > last.height.value }
        }
        return try (1...plan.epochs).map { try table(of: $0) }
    }

    private func summary(of epoch: UInt64, at node: Node) throws -> EpochSummary? {
        try NodeClient(node.rpc).state(StateKey.epochSummary(epoch)).flatMap { EpochSummary.decoded($0) }
    }

    private func table(of epoch: UInt64) throws -> LocalnetSummary.Table {
        var seen: [EpochSummary] = []
        for node in nodes {
            guard let summary = try summary(of: epoch, at: node) else {
                throw LocalnetError.child("\(node.name) does not have the settled epoch \(epoch)")
            }
            seen.append(summary)
        }
        guard let first = seen.first, seen.allSatisfy({ $0 == first }) else {
            throw LocalnetError.child("the tables of epoch \(epoch) differ between nodes")
        }
        let client = try NodeClient(nodes[nodes.count - 1].rpc)
        return LocalnetSummary.Table(
            epoch: epoch, summary: first, rewards: try client.rewards(epoch), slashes: try client.slashes(epoch))
    }

    /// Tasks and providers, from the chain's records of the requester's jobs and from the tables.
    func countWork(into summary: inout LocalnetSummary) throws {
        guard let requester else { return }
        summary.complaints += requester.failures
        let tasks = try tasks()
        var counts = LocalnetSummary.TaskCounts()
        counts.submitted = requester.submissions.reduce(0) { $0 + ($1.isPanel ? 0 : Int($1.tasks)) }
        counts.attested = tasks.count { $0.record.delivered != nil }
        counts.audited = tasks.count { $0.record.isAudited }
        counts.settled = tasks.count { $0.record.state == .settled }
        summary.tasks = counts
        let panels = try panels()
        if requester.submissions.contains(where: \.isPanel) {
            summary.panels = LocalnetSummary.PanelCounts(
                panels, asked: requester.submissions.reduce(0) { $0 + ($1.isPanel ? Int($1.tasks) : 0) })
        }
        summary.providers = try providers.map { provider in
            var line = LocalnetSummary.Provider(address: provider.account, isCheater: provider.cheatRate > 0)
            for task in tasks where task.record.provider == provider.account && task.record.state == .settled {
                line.tasks += 1
                line.computeUnits += task.record.computeUnits
            }
            for task in tasks where task.record.provider == provider.account && task.record.state == .forfeited {
                line.withheld = try line.withheld.adding(providerPart(task))
            }
            for panel in panels where panel.phase == .closed {
                for seat in panel.seats where seat.provider == provider.account { line.count(seat, on: panel) }
            }
            for row in summary.tables.flatMap(\.rewards) where row.key.account == provider.account {
                line.paid = try line.paid.adding(row.amount)
                if row.key.kind == .fee { line.fees = try line.fees.adding(row.amount) }
            }
            return line
        }
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
            address: answer.address, balance: answer.balance, height: UInt64(answer.height) ?? 0,
            verified: answer.verified)
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
        processes.stop(nodes[0].name)
        let copy = plan.folder + "/copy"
        try? FileManager.default.removeItem(atPath: copy)
        try FileManager.default.copyItem(atPath: nodes[0].home + "/data/chain", toPath: copy)
        try start(nodes[0])
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
