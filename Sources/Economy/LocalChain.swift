// A chain of one process: blocks made by the rules, beacon proofs and commits signed by the seated validators, every
// block through `Ledger.apply`. Invariant: the store is the state at the view's tip.
package import Chain
import Codec
import Cryptography
package import Ledger
package import Primitives
package import Quorum

package struct LocalChain: Sendable {
    package static let id: ChainID = {
        guard let id = ChainID(Bytes("merit-economy".utf8)) else { preconditionFailure("a valid chain id") }
        return id
    }()

    package private(set) var store = MemoryStore()
    package private(set) var view: LedgerView
    private var maker: BlockMaker

    /// `parameters` in place of what the genesis says, valid or not.
    package init(_ genesis: Genesis, _ parameters: LedgerParameters, keys: [Keyring]) {
        let transition: Transition
        do throws(GenesisError) { transition = try Ledger.genesis(genesis, under: parameters) } catch {
            preconditionFailure("the genesis of a simulated chain: \(error)")
        }
        maker = BlockMaker(keys)
        view = transition.next
        store.commit(transition.writes)
    }

    /// The operator that proposes the next block in a round.
    package func proposer(round: Round) -> Address { maker.proposer(of: view, round: round) }

    /// One block with these items in a batch of the proposer; what became of them. `isLeftOut`: operators whose
    /// precommits the proposer leaves out of the commit of the tip, as far as more than 2/3 of the power stays.
    package mutating func advance(
        _ items: [Item], seconds: Int64, round: Round = 0, leavingOut isLeftOut: (Address) -> Bool = { _ in false }
    ) -> [ItemResult] {
        let made = maker.block(items, on: view, seconds: seconds, round: round, leavingOut: isLeftOut)
        let transition: Transition
        do throws(BlockError) {
            transition = try Ledger.apply(
                made.block, id: made.id, on: store, view: view, vouched: Vouched(lastCommit: true, beaconProof: true))
        } catch {
            preconditionFailure("block \(view.height) of a simulated chain: \(error)")
        }
        maker.decide(made, on: view, round: round)
        store.commit(transition.writes)
        store.commit(made.record)
        view = transition.next
        return Array(transition.results.dropFirst())
    }
}
