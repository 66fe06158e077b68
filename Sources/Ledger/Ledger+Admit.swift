// What an author asks before it takes an item into its batch (protocol 4.7): would its own state accept it? Only the
// sender's rules are asked, because only they cost the author; the action itself is judged in the block.
package import Chain
import Cryptography
package import Primitives

/// Items of one sender that the author took already and that are not in a block yet.
package struct PendingSpend: Hashable, Sendable {
    package let count: UInt64
    /// Size fees and amounts of those items.
    package let amount: Amount

    package init(count: UInt64, amount: Amount) { (self.count, self.amount) = (count, amount) }
    package static let none = PendingSpend(count: 0, amount: .zero)
}

extension Ledger {
    /// The rule that the item would break, nil when it may enter a batch.
    package static func admit(
        _ item: Item, byteCount: Int, on snapshot: some Snapshot, view: LedgerView, pending: PendingSpend = .none
    ) -> Rule? {
        if case .attestation(let attestation) = item {
            return admit(attestation, on: snapshot, view: view)
        }
        if case .audit(let statement) = item { return admit(statement, on: snapshot, view: view) }
        if case .answer(let answer) = item { return admit(answer, on: snapshot, view: view) }
        guard case .transaction(let transaction) = item else { return .unknownAccount }
        let (state, sender) = (WorkingState(snapshot), Hash.address(of: transaction.content.sender))
        var account = collected(state.account(sender), of: sender, in: state, view)
        if account.isVoid { return .unknownAccount }
        let (nonce, overflow) = account.nonce.addingReportingOverflow(pending.count)
        if overflow || account.balance < pending.amount { return .feeUnpayable }
        (account.nonce, account.balance) = (nonce, account.balance.debited(pending.amount))
        do throws(Rule) {
            try check(transaction.content, of: account, fee: fee(byteCount: byteCount, view.parameters))
            return nil
        } catch {
            return error
        }
    }

    private static func admit(
        _ attestation: Attestation, on snapshot: some Snapshot, view: LedgerView
    ) -> Rule? {
        do throws(Rule) {
            _ = try check(attestation, in: WorkingState(snapshot), view: view)
            return nil
        } catch {
            return error
        }
    }

    private static func admit(
        _ statement: AuditStatement, on snapshot: some Snapshot, view: LedgerView
    ) -> Rule? {
        do throws(Rule) {
            try AuditCheck(WorkingState(snapshot), view: view).check(statement)
            return nil
        } catch {
            return error
        }
    }

    private static func admit(_ answer: ChallengeAnswer, on snapshot: some Snapshot, view: LedgerView) -> Rule? {
        do throws(Rule) {
            _ = try check(answer, in: WorkingState(snapshot), view: view)
            return nil
        } catch {
            return error
        }
    }

    /// What an item takes from its sender at most: the size fee and what its action moves.
    package static func spend(of item: Item, byteCount: Int, view: LedgerView) -> Amount {
        let fee = fee(byteCount: byteCount, view.parameters)
        guard case .transaction(let transaction) = item else { return .zero }
        let (sum, overflow) = fee.units.addingReportingOverflow(transaction.content.action.spending.units)
        return Amount(overflow ? .max : sum)
    }
}
