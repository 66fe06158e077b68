// Providers that are there, and others: what they say when a block challenges them.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives

extension MarketChain {
    /// The answers of everybody present to everything that is open, as batches of validator 1.
    func answers() -> TestBatches {
        let items = present.flatMap { provider in
            Ledger.openChallenges(of: Self.address(provider), on: chain.store).map { open in
                Item.answer(
                    ChallengeAnswer(
                        signing: open.height, beacon: open.beacon, by: TestKeys(provider).account,
                        chainID: TestChain.chainID))
            }
        }
        let due = items.filter {
            Ledger.admit($0, byteCount: $0.encoded.count, on: chain.store, view: chain.view) == nil
        }
        return due.isEmpty ? [] : [(1, due)]
    }

    /// To the newest challenge, the oldest that is open, or to height 1.
    func answer(by sender: UInt8, _ options: Options) -> Item {
        let open = options.has("oldest") ? challenges.open.first : challenges.open.last
        var (height, beacon) = (open?.height ?? .first, open?.beacon ?? .zero)
        if options.has("first") { (height, beacon) = (.first, .zero) }
        if options.has("beacon") { beacon = .zero }
        return .answer(
            ChallengeAnswer(
                signing: height, beacon: beacon, by: TestKeys(sender).account, chainID: TestChain.chainID))
    }

    var challenges: ChallengeRecord {
        WorkingState(chain.store).load(StateKey.singleton(.challenges)) ?? ChallengeRecord()
    }

    /// Blocks without answers until a block challenges.
    mutating func untilChallenged() throws {
        let before = challenges.issued
        while challenges.issued == before { try chain.advance() }
    }
}
