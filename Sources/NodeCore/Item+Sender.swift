// Whose account an item draws on, for the reservations of this author's own batches.
import Chain
import Cryptography
import Primitives

extension Item {
    /// nil for items that no account pays for.
    var sender: Address? {
        guard case .transaction(let transaction) = self else { return nil }
        return Hash.address(of: transaction.content.sender)
    }
}
