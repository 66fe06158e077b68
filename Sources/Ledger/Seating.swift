// A validator set with what the ledger must know beside keys and powers: operators, audit keys, transport keys, and the
// first height it decides. Invariant: seat i belongs to validator i of `set`.
package import Codec
package import Chain
import Cryptography
package import Primitives
package import Quorum

package struct Seat: Hashable, Sendable, Message {
    package let operatorAddress: Address
    package let keys: ValidatorKeys
    package let power: Int64

    package init(operatorAddress: Address, keys: ValidatorKeys, power: Int64) {
        (self.operatorAddress, self.keys, self.power) = (operatorAddress, keys, power)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, operatorAddress)
        encoder.message(2, keys)
        encoder.signed(3, power)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        operatorAddress = try decoder.fixedBytes(1)
        keys = try decoder.message(2)
        power = try decoder.signed(3)
    }
}

package struct Seating: Hashable, Sendable, Message {
    /// The first height that this set decides.
    package let activeSince: Height
    /// In the order of `set`.
    package let seats: [Seat]
    package let set: ValidatorSet

    /// Puts the seats into the order of the set.
    package init(_ unordered: [Seat], activeSince: Height) throws(ValidatorSetError) {
        let set = try ValidatorSet(
            sorting: unordered.map { Validator(publicKey: $0.keys.consensus, power: $0.power) })
        let seats = unordered.sorted { left, right in
            left.power == right.power
                ? Hash.address(of: left.keys.consensus) < Hash.address(of: right.keys.consensus)
                : left.power > right.power
        }
        (self.activeSince, self.set, self.seats) = (activeSince, set, seats)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, activeSince.signed)
        encoder.messages(2, seats)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let height = try decoder.height(1)
        let seats: [Seat] = try decoder.messages(2, count: Limits.validatorsMax)
        do { try self.init(seats, activeSince: height) } catch { throw .invalid(field: 2) }
        guard self.seats == seats else { throw .invalid(field: 2) }
    }

    /// The seat of a consensus address; nil when it is no member.
    package func seat(of consensusAddress: Address) -> Seat? { set.index(of: consensusAddress).map { seats[$0] } }

    package var schedule: ProposerSchedule { ProposerSchedule(set, activeSince: activeSince) }
}
