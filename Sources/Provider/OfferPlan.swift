// Whether the offers on the chain are those of this agent, and when to send them (again).
package import Chain
package import Ledger
package import Primitives

package struct OfferPlan: Sendable {
    package let wanted: SetOffers
    private var sent: Height?

    package init(wanted: SetOffers) { self.wanted = wanted }

    /// True when they are to be sent now: they differ, and what was sent before had its time.
    package mutating func isDue(_ record: WorkRecord?, tip: Height) -> Bool {
        if let record, record.offers == wanted.offers, record.endpoint == wanted.endpoint {
            sent = nil
            return false
        }
        if let sent, tip < sent.advanced(by: ProviderLimits.offersBlocks) { return false }
        sent = tip
        return true
    }
}
