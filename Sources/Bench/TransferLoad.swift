// The smallest signed items: each of many funded accounts sends one transfer, so no item waits for another's sequence.
package import Chain
import Cryptography
import Primitives
package import Quorum

package struct TransferLoad: Sendable {
    package let count: Int

    package init(count: Int) { self.count = count }

    package var accounts: [GenesisAccount] {
        let balance = Amount(10 * Amount.unitsPerToken)
        return (0..<count).map { GenesisAccount(address: BenchKeys.key("account", $0).address, balance: balance) }
    }

    /// Account i pays account i + 1.
    package func items(chainID: ChainID) -> [Item] {
        guard count > 0 else { return [] }
        let first = BenchKeys.key("account", 0)
        var sender = first
        return (0..<count).map { number in
            let next = number + 1 < count ? BenchKeys.key("account", number + 1) : first
            let action = Action.transfer(Transfer(recipient: next.address, amount: Amount(1_000)))
            let content = TransactionContent(sender: sender.publicKey, sequence: 0, action: action)
            defer { sender = next }
            return .transaction(Transaction(signing: content, by: sender, chainID: chainID))
        }
    }
}
