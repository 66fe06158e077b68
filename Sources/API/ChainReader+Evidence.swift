// Answers for whoever wants to know what a slash stands on: rows name evidence by an id; here is what has that id.
// Each answer reads so many blocks and no more; whoever wants older ones asks again.
import Chain
import Codec
import Ledger
import Primitives
import RPC

extension ChainReader {
    /// The two votes or proposals that prove an equivocation.
    func evidenceAnswer(_ id: Digest) throws(RPCError) -> JSON {
        guard let height = Ledger.height(ofEvidence: id, on: snapshot) else {
            throw .failed("evidence \(id) is of no equivocation, or is older than the chain remembers")
        }
        let block = try block(at: height)
        func answer(_ kind: String, _ bytes: Bytes) -> JSON {
            ["id": .hex(id), "kind": .string(kind), "height": .decimal(height), "bytes": .base64(bytes)]
        }
        if let votes = block.evidence.first(where: { $0.id == id }) { return answer("votes", votes.encoded) }
        let chainID = try genesis().chainID
        for bytes in block.items {
            guard case .transaction(let transaction)? = Self.item(bytes),
                case .reportProposals(let proposals) = transaction.content.action, proposals.id(chainID: chainID) == id
            else { continue }
            return answer("proposals", proposals.encoded)
        }
        throw .failed("block \(height) has no evidence \(id)")
    }

    /// The tasks that validators voted on, each once, newest block first.
    func disputesAnswer(from first: Height) throws(RPCError) -> JSON {
        let (least, auditTag) = (max(lowest, .first), UInt8(4 << 3 | 2))
        var (height, bytes, count) = (first, 0, 0)
        var seen: Set<TaskPlace> = []
        var tasks: [JSON] = []
        while true {
            let block = try block(at: height)
            for item in block.items where item.first == auditTag {
                guard case .audit(let statement)? = Self.item(item), case .vote(let vote) = statement.content,
                    seen.insert(vote.task).inserted
                else { continue }
                tasks.append(["job": .hex(vote.task.job), "index": .number(vote.task.index)])
            }
            count += 1
            bytes += block.items.reduce(0) { $0 + $1.count }
            if height <= least || count == APILimits.searchedBlocksMax || bytes >= APILimits.searchedBytesMax { break }
            height = height.lowered()
        }
        return ["height": .decimal(first), "lowest": .decimal(height), "tasks": .array(tasks)]
    }

    /// Blocks hold items that failed too, but only ones that decode.
    private static func item(_ bytes: Bytes) -> Item? {
        do { return try Item(decoding: bytes) } catch { return nil }
    }
}
