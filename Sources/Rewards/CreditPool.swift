// Credits: prepaid fees that cannot be transferred (design, section 4). Bought 1:1, spent on fees only.
// Invariant: backing MRT = credits outstanding; nothing is burned by buying, spending moves MRT into the ordinary
// split.

package import Primitives

package struct CreditPool: Hashable, Sendable {
    /// MRT held, equal to all credits in all accounts.
    package private(set) var backing: Amount

    package init(backing: Amount = .zero) { self.backing = backing }

    /// MRT comes in, as many credits are issued to the buyer.
    package mutating func buy(_ amount: Amount) throws(ArithmeticError) { backing = try backing.adding(amount) }

    /// Credits are spent on a fee, as much MRT goes to the fee's escrow.
    package mutating func spend(_ amount: Amount) throws(ArithmeticError) { backing = try backing.subtracting(amount) }

    /// A provider takes its part in credits: the MRT stays here.
    package mutating func payInCredits(_ amount: Amount) throws(ArithmeticError) { try buy(amount) }
}
