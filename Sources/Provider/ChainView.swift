// The chain as the agent sees it: through any of several nodes, none of which is believed. What decides about work
// is proved from the genesis hash; what only says where to look (open tasks, the running epoch, prices) is a hint.
import Chain
import Client
import Codec
import Cryptography
import Ledger
import LightClient
import Primitives
import Quorum
import RPC

/// Why a question has no answer this time.
enum ChainViewError: Error {
    case client(ClientError)
    case proof(LightQueryError)
    /// Published bytes that have another digest, or a record that does not decode.
    case badContent(String)

    /// The genesis of the node, where it is another one.
    var foreignGenesis: Digest? {
        if case .proof(.wrongGenesis(let hash)) = self { hash } else { nil }
    }

    var isTrustExpired: Bool {
        if case .proof(.session(.refused(.trustExpired, _))) = self { true } else { false }
    }
}

struct ChainView {
    /// What a node says of the provider's open tasks.
    struct Hint {
        let tip: Height
        let epoch: UInt64
        let open: [WorkPlan.Open]
        /// All of them at one height.
        let isComplete: Bool
        /// What this provider may answer.
        let challenges: [ChallengeRecord.Open]
        /// How far it is before its first paid task, and the tasks that it must answer; empty once it is admitted.
        let admission: String
        let admissionTasks: [TaskPlace]
        let seats: [PanelPlan.Seat]
    }

    private let nodes: [NodeURL]
    private let now: @Sendable () -> Timestamp
    private var follower: LightFollower
    private var current = 0

    init(nodes: [NodeURL], follower: LightFollower, now: @escaping @Sendable () -> Timestamp) {
        precondition(!nodes.isEmpty, "a provider without a node")
        (self.nodes, self.follower, self.now) = (nodes, follower, now)
    }

    /// Which of the nodes is asked.
    var node: NodeURL { nodes[current] }
    private var client: RPCClient { RPCClient(ImpatientLink(node, stepSeconds: ProviderLimits.nodeStepSeconds)) }

    /// From now on the next node is asked.
    mutating func turn() { current = (current + 1) % nodes.count }

    // MARK: Proved

    mutating func chainID() throws(ChainViewError) -> ChainID {
        do { return try follower.chainID(client) } catch { throw .proof(error) }
    }

    /// The record under a key; nil where nothing stands. `height` becomes the one that it was proved at.
    mutating func record<Record: Message>(
        _ key: Bytes, as type: Record.Type = Record.self, at height: inout Height?
    ) throws(ChainViewError) -> Record? {
        let proved: ProvedValue
        do { proved = try follower.value(of: key, at: height, from: client, now: now()) } catch {
            throw .proof(error)
        }
        height = proved.height
        guard let value = proved.value else { return nil }
        do { return try Record(decoding: value) } catch {
            throw .badContent("the record of \(Hex.lower(key)): \(error)")
        }
    }

    /// Published bytes; their digest is checked.
    func blob(_ digest: Digest) throws(ChainViewError) -> Bytes {
        let answer = try ask("blob", ["digest": .hex(digest)])
        let bytes = try shaped { () throws(ShapeError) in try answer.base64("bytes") }
        guard Hash.sha256(bytes) == digest else { throw .badContent("the bytes of \(digest) have another digest") }
        return bytes
    }

    // MARK: Hints

    func hint(of provider: Address) throws(ChainViewError) -> Hint {
        var open: [WorkPlan.Open] = []
        var first: (tip: Height, epoch: UInt64)?
        var isComplete = true
        var challenges: [ChallengeRecord.Open] = []
        var admission: (text: String, tasks: [TaskPlace]) = ("", [])
        var seats: [PanelPlan.Seat] = []
        for page in 1...(ProviderLimits.tasksMax / ProviderLimits.tasksPerPage + 1) {
            let answer: JSON
            do throws(ChainViewError) {
                answer = try ask(
                    "assignments",
                    [
                        "provider": .string(provider.bech32), "page": .decimal(page),
                        "per_page": .decimal(ProviderLimits.tasksPerPage),
                    ])
            } catch {
                // A page may have gone since the page before it was read.
                guard page > 1, case .client(.refused) = error else { throw error }
                isComplete = false
                break
            }
            let (tip, epoch, entries, total) = try shaped { () throws(ShapeError) in try Self.read(answer) }
            open += entries
            if page == 1 {
                challenges = try shaped { () throws(ShapeError) in try Self.challenges(answer) }
                admission = try shaped { () throws(ShapeError) in try Self.admission(answer) }
                seats = try shaped { () throws(ShapeError) in try Self.seats(answer) }
            }
            isComplete = isComplete && tip == first?.tip ?? tip
            first = first ?? (tip, epoch)
            if entries.isEmpty || open.count >= total { break }
        }
        guard let first else { throw .badContent("no page of open tasks") }
        return Hint(
            tip: first.tip, epoch: first.epoch, open: open, isComplete: isComplete, challenges: challenges,
            admission: admission.text, admissionTasks: admission.tasks, seats: seats)
    }

    private static func read(
        _ answer: JSON
    ) throws(ShapeError) -> (tip: Height, epoch: UInt64, open: [WorkPlan.Open], total: Int) {
        var open: [WorkPlan.Open] = []
        for entry in try answer.elements("assignments", max: ProviderLimits.tasksPerPage) {
            let place = TaskPlace(job: try entry.fixedHex("job"), index: try entry.number("index"))
            open.append(WorkPlan.Open(place: place, deadline: try entry.height("deadline")))
        }
        return (try answer.height("height"), try answer.decimal("epoch"), open, try answer.decimal("total"))
    }

    private static func challenges(_ answer: JSON) throws(ShapeError) -> [ChallengeRecord.Open] {
        var open: [ChallengeRecord.Open] = []
        for entry in try answer.elements("challenges", max: ProviderLimits.challengesMax) {
            open.append(
                ChallengeRecord.Open(height: try entry.height("height"), beacon: try entry.fixedHex("beacon")))
        }
        return open
    }

    private static func seats(_ answer: JSON) throws(ShapeError) -> [PanelPlan.Seat] {
        var seats: [PanelPlan.Seat] = []
        for entry in try answer.elements("seats", max: ProviderLimits.seatsMax) {
            let place = TaskPlace(job: try entry.fixedHex("job"), index: try entry.number("index"))
            guard let phase = PanelPhase(label: try entry.text("phase")) else { throw .wrongForm("phase") }
            seats.append(
                PanelPlan.Seat(
                    place: place, deadline: try entry.height("deadline"), phase: phase,
                    isAnswered: entry["answered"] == true))
        }
        return seats
    }

    private static func admission(_ answer: JSON) throws(ShapeError) -> (text: String, tasks: [TaskPlace]) {
        let status = try answer.member("admission")
        if status["admitted"] == true { return ("", []) }
        var tasks: [TaskPlace] = []
        for entry in try status.elements("tasks", max: ProviderLimits.admissionsMax) {
            tasks.append(TaskPlace(job: try entry.fixedHex("job"), index: try entry.number("index")))
        }
        let (right, needed, reason) = (
            try status.text("right"), try status.text("needed"), try status.text("waits_for")
        )
        return ("\(right) of \(needed) right, \(reason)", tasks)
    }

    /// Base units per compute unit below which no offer is taken.
    func floorPrice(_ resource: String = "cpu") throws(ChainViewError) -> UInt64 {
        let answer = try ask("market", [:])
        return try shaped { () throws(ShapeError) in try answer.member("floor_prices").decimal(resource) }
    }

    /// The next sequence of an account, as the node has it.
    func nextSequence(of address: Address) throws(ChainViewError) -> UInt64 {
        let key = Hex.lower(StateKey.account(address))
        let answer = try ask("abci_query", ["path": "/key", "data": .string(key)])
        let value = try shaped { () throws(ShapeError) in try answer.member("response").base64("value") }
        do { return try value.isEmpty ? 0 : Account(decoding: value).nextSequence } catch {
            throw .badContent("the account: \(error)")
        }
    }

    // MARK: Handing in

    /// The node's word: 0 when it took the item, or the code and name of the rule that refuses it.
    func submit(_ item: Item) throws(ChainViewError) -> (code: UInt32, log: String) {
        let answer = try ask("broadcast_tx_sync", ["tx": .string(Base64.encode(item.encoded))])
        return try shaped { () throws(ShapeError) in (try answer.number("code"), try answer.text("log")) }
    }

    private func ask(_ method: String, _ parameters: JSON) throws(ChainViewError) -> JSON {
        do { return try client.call(method, parameters) } catch { throw .client(error) }
    }

    private func shaped<Value>(_ read: () throws(ShapeError) -> Value) throws(ChainViewError) -> Value {
        do { return try read() } catch { throw .client(.shape(error)) }
    }
}
