// An explanation from a node that nobody trusts.
import Chain
import Codec
import Cryptography
import Ledger
import LightClient
package import Primitives
import RPC
import Rewards

extension Explanation {
    /// The rows of `account` in the tables of `epoch`, by default of the newest settled one. With a follower the header
    /// is believed as far as the follower's own root is; without one it is only the node's.
    package static func fetch(
        _ account: Address, epoch: UInt64?, from client: RPCClient, follower: LightFollower?, now: Timestamp
    ) throws(LightQueryError) -> Explanation {
        let parameters: JSON = ["account": .string(account.bech32)]
        let asked = try LightFollower.ask(
            client, "why", epoch.map { parameters.adding("epoch", .decimal($0)) } ?? parameters)
        let (found, settled): (UInt64, Height)
        let rows: (rewards: [ExplanationRow], slashes: [ExplanationRow])
        do throws(ShapeError) {
            (found, settled) = (try asked.decimal("epoch"), try asked.height("height"))
            guard found == epoch ?? found else { throw .wrongForm("epoch") }
            rows = (try Self.rows(asked, "rewards"), try Self.rows(asked, "slashes"))
        } catch {
            throw .client(.shape(error))
        }
        let key = StateKey.epochSummary(found)
        let answer: StateAnswer
        var believed: Header?
        if var follower {
            let proved = try follower.answer(of: key, at: settled, from: client, now: now)
            (answer, believed) = (proved.answer, proved.header)
        } else {
            answer = try LightFollower.state(of: key, at: settled, client)
        }
        // The block that settled an epoch is proved by the header after it.
        guard let summary = answer.value else { throw .noAnswer("epoch \(found) is in no proved state yet") }
        let height = answer.height.advanced()
        let block: LightBlock
        do { block = try RPCSource(client).lightBlock(at: height) } catch {
            throw .session(.source(error, height: height))
        }
        if let believed, believed.hash != block.header.hash { throw .answer(.wrongHeight) }
        let evidence = try evidence(of: rows.slashes, epoch: found, settled: settled, client)
        return Explanation(
            account: account, epoch: found, block: block, summary: (summary, answer.proof), rows: rows,
            evidence: evidence)
    }

    // MARK: Evidence

    /// What the chain still has of it: the transcripts of disputes that this epoch decided, and both statements of
    /// equivocations.
    private static func evidence(
        of rows: [ExplanationRow], epoch: UInt64, settled: Height, _ client: RPCClient
    ) throws(LightQueryError) -> [SlashEvidence] {
        var disputed: Set<Digest> = []
        var found: [Digest: SlashEvidence] = [:]
        for entry in rows {
            let row: SlashRow
            do { row = try SlashRow(decoding: entry.row) } catch { throw .badValue(error) }
            switch row.key.offence {
            case .wrongResult, .approvedWrongResult, .wrongDigest, .falseDispute: disputed.insert(row.key.evidence)
            case .equivocation: found[row.key.evidence] = try statements(row.key.evidence, client)
            case .missedDuties, .absence, .undisclosedKey, .timeout: break
            }
        }
        if !disputed.isEmpty {
            let first = try firstHeight(of: epoch, client)
            let places = try DisputeTranscript.places(of: disputed, from: settled, downTo: first, client)
            let header = try LightFollower.header(at: settled, client)
            for (id, place) in places {
                found[id] = try DisputeTranscript.fetch(place, before: header, from: client).map { .dispute($0) }
            }
        }
        return found.keys.sorted().compactMap { found[$0] }
    }

    /// nil where the chain has forgotten them.
    private static func statements(_ id: Digest, _ client: RPCClient) throws(LightQueryError) -> SlashEvidence? {
        let answer: JSON
        do throws(ClientError) { answer = try client.call("evidence", ["id": .hex(id)]) } catch {
            if case .refused = error { return nil }
            throw .client(error)
        }
        let (kind, bytes): (String, Bytes)
        do throws(ShapeError) { (kind, bytes) = (try answer.text("kind"), try answer.base64("bytes")) } catch {
            throw .client(.shape(error))
        }
        do throws(DecodeError) {
            return kind == "votes"
                ? .votes(try Evidence(decoding: bytes)) : .proposals(try DuplicateProposals(decoding: bytes))
        } catch {
            throw .badValue(error)
        }
    }

    /// As the node says; where it lies, less is found.
    private static func firstHeight(of epoch: UInt64, _ client: RPCClient) throws(LightQueryError) -> Height {
        if epoch == 0 { return .first }
        let before = try LightFollower.ask(client, "epoch", ["epoch": .decimal(epoch - 1)])
        do throws(ShapeError) { return try before.height("height").advanced() } catch { throw .client(.shape(error)) }
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
