// What a subscriber asks for: `GET /v1/events?from=HEIGHT&account=merit1…`. A client that comes back says the last id
// it saw in `Last-Event-ID`; that counts more than the `from` it began with.
import Ledger
import Primitives
import RPC

struct EventQuestion: Sendable, Equatable {
    static let path = "/v1/events"

    /// nil begins with the next block.
    let from: Height?
    /// Whose rewards and slashes are told.
    let account: Address?

    init(query: Substring, lastEventID: String?) throws(RPCError) {
        let arguments = try Arguments(query: query)
        from = try Self.from(arguments, lastEventID)
        let name = try arguments.word("account")
        account = name.flatMap { Address(bech32: $0) }
        guard name == nil || account != nil else { throw .badParameters("account is no account (merit1…)") }
    }

    private static func from(_ arguments: Arguments, _ lastEventID: String?) throws(RPCError) -> Height? {
        if let lastEventID, !lastEventID.isEmpty {
            guard let value = UInt64(lastEventID), let height = Height(value) else {
                throw .badParameters("Last-Event-ID is not a height")
            }
            return height.advanced()
        }
        guard let asked = try arguments.integer("from") else { return nil }
        guard asked > 0, let height = Height(signed: asked) else {
            throw .badParameters("from must be greater than 0, but got \(asked)")
        }
        return height
    }

    /// The first height that is told. One that is not there yet is waited for: a node that lags behind the one which
    /// the client came from has to get there first.
    func start(in chain: ChainReader<some Snapshot>) throws(RPCError) -> Height {
        guard let from else { return chain.tip.height.advanced() }
        let oldest = max(chain.lowest, chain.tip.height.lowered(by: APILimits.eventHeightsMax))
        guard from >= oldest else {
            throw .failed("events from height \(from) on are not told any more, lowest height is \(oldest)")
        }
        return from
    }
}
