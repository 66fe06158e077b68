// An explanation from a node that nobody trusts.
import Chain
import Cryptography
import Ledger
import LightClient
package import Primitives
import RPC

extension Explanation {
    /// The rows of `account` in the tables of `epoch`, by default of the newest settled one. With a follower the header
    /// is believed as far as the follower's own root is; without one it is only the node's.
    package static func fetch(
        _ account: Address, epoch: UInt64?, from client: RPCClient, follower: LightFollower?, now: Timestamp
    ) throws(LightQueryError) -> Explanation {
        let parameters: JSON = ["account": .string(account.bech32)]
        let asked = try LightFollower.ask(
            client, "why", epoch.map { parameters.adding("epoch", .decimal($0)) } ?? parameters)
        let found: UInt64
        let rows: (rewards: [ExplanationRow], slashes: [ExplanationRow])
        do throws(ShapeError) {
            found = try asked.decimal("epoch")
            rows = (try Self.rows(asked, "rewards"), try Self.rows(asked, "slashes"))
        } catch {
            throw .client(.shape(error))
        }
        let key = StateKey.epochSummary(found)
        let answer: StateAnswer
        var believed: Header?
        if var follower {
            let proved = try follower.answer(of: key, from: client, now: now)
            (answer, believed) = (proved.answer, proved.header)
        } else {
            answer = try LightFollower.state(of: key, at: nil, client)
        }
        // The block that settled an epoch is proved by the header after it.
        guard let summary = answer.value else { throw .noAnswer("epoch \(found) is in no proved state yet") }
        let height = answer.height.advanced()
        let block: LightBlock
        do { block = try RPCSource(client).lightBlock(at: height) } catch {
            throw .session(.source(error, height: height))
        }
        if let believed, believed.hash != block.header.hash { throw .answer(.wrongHeight) }
        return Explanation(
            account: account, epoch: found, block: block, summary: (summary, answer.proof), rows: rows)
    }

    private static func rows(_ answer: JSON, _ name: String) throws(ShapeError) -> [ExplanationRow] {
        var rows: [ExplanationRow] = []
        for entry in try answer.elements(name, max: ExplanationLimits.rowsMax) {
            rows.append(
                ExplanationRow(
                    row: try entry.base64("row"), basis: try entry.base64("basis"),
                    proof: try MerkleProof(json: try entry.member("proof"))))
        }
        return rows
    }
}
