// Returns the own validator from its jail (decision 30). The operator's key is read when it is needed, signs one
// transaction and is forgotten; where it is not there to be read, one line in the log says what to type.
import Chain
import Codec
import Cryptography
import Ledger
import Logging
import NodeCore
import Primitives
import Quorum
import Storage

final class JailWatch: Sendable {
    /// What it needs of the node.
    struct Surroundings: Sendable {
        let home: NodeHome
        /// `automatic_unjail`.
        let isAutomatic: Bool
        let rpc: SocketAddress
        let chainID: ChainID
        let board: StatusBoard
        let snapshot: @Sendable () -> StoreSnapshot
        let submit: @Sendable (Bytes) async -> Reply.Answer
        let logger: Logger
    }

    private let task: Task<Void, Never>

    /// `validator`: the own consensus address.
    init(_ validator: Address, _ around: Surroundings) {
        guard let heights = around.board.heights() else { preconditionFailure("an early follower of a fresh node") }
        task = Task {
            var plan = JailPlan()
            for await _ in heights {
                let jail = Ledger.jail(of: validator, on: around.snapshot())
                switch plan.next(jail, isBehind: around.board.status.isCatchingUp) {
                case .wait: break
                case .announce(let jail): around.announce(jail)
                case .ask(let jail, let isLast): if await around.ask(jail, isLast: isLast) { plan.isPutOff() }
                }
            }
        }
    }

    /// Returns after its last use of the store.
    func stop() async {
        task.cancel()
        await task.value
    }
}

/// Why the node does not sign by itself.
private struct JailObstacle: Error {
    let reason: String
}

extension JailWatch.Surroundings {
    fileprivate func announce(_ jail: Jail) {
        logger.warning(
            "this validator is jailed: it earns nothing until it returns",
            metadata: ["epoch": "\(jail.epoch)", "free": "\(jail.freeEpoch)"])
    }

    /// True: the node could not take it now.
    fileprivate func ask(_ jail: Jail, isLast: Bool) async -> Bool {
        let key: SigningKey
        do throws(JailObstacle) { key = try operatorKey(of: jail) } catch {
            tell(jail, error.reason)
            return false
        }
        let content = TransactionContent(
            sender: key.publicKey, sequence: jail.nextSequence, action: .unjail(Unjail()))
        let item = Item.transaction(Transaction(signing: content, by: key, chainID: chainID)).encoded
        switch await submit(item) {
        case .admitted: logger.notice("asked to return from the jail", metadata: ["epoch": "\(jail.epoch)"])
        case .busy, .unready:
            if isLast { tell(jail, "the node had no room for a transaction, or no link to a validator") }
            return true
        case .refused(Rule.nonceStale.rawValue, _):
            // Another transaction of the operator is under way, the own one of an epoch that just ended perhaps.
            logger.debug("the operator's account is busy: asked again in the next epoch")
        case .refused(_, let reason): tell(jail, reason)
        }
        return false
    }

    /// Only from a plain file: whoever sealed the key wants to be asked.
    private func operatorKey(of jail: Jail) throws(JailObstacle) -> SigningKey {
        guard isAutomatic else { throw JailObstacle(reason: "automatic_unjail is off") }
        let path = home.keyPath(.account)
        guard TextFile.exists(path) else { throw JailObstacle(reason: "the operator's key is not at \(path)") }
        if home.isSealed(.account) { throw JailObstacle(reason: "the operator's key is sealed") }
        let key: SigningKey
        do throws(HomeError) { key = try KeyFile.load(.account, at: path, passphrase: .none) } catch {
            throw JailObstacle(reason: "\(error)")
        }
        guard key.address == jail.operatorAddress else {
            throw JailObstacle(reason: "\(path) is another account's key")
        }
        return key
    }

    private func tell(_ jail: Jail, _ reason: String) {
        logger.warning(
            "the jail of this validator is over: return with `\(jail.command(home: home, rpc: rpc))`",
            metadata: ["operator": "\(jail.operatorAddress.bech32)", "reason": "\(reason)"])
    }
}

extension Jail {
    /// What an operator types.
    fileprivate func command(home: NodeHome, rpc: SocketAddress) -> String {
        "merit stake unjail --key \(home.keyPath(.account)) --node http://\(rpc)"
    }
}
