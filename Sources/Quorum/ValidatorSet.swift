// Who may vote, with what weight. Invariant: at least one validator, power descending then address ascending, no key
// twice, every power positive, the total at most 2^60 - 1. The order is the commit's index and the hash's leaf order.
package import Codec
import Cryptography
package import Primitives

package struct Validator: Hashable, Sendable {
    package let publicKey: PublicKey
    package let power: Int64
    package let address: Address

    package init(publicKey: PublicKey, power: Int64) {
        (self.publicKey, self.power, address) = (publicKey, power, Hash.address(of: publicKey))
    }

    /// CometBFT's SimpleValidator: the leaf of `validators_hash`.
    package var simpleEncoding: Bytes {
        var key = Encoder()
        key.data(1, publicKey)
        var encoder = Encoder()
        encoder.element(1, key.bytes)
        encoder.signed(2, power)
        return encoder.bytes
    }
}

/// Why a list of validators is not a set.
package enum ValidatorSetError: Error, Equatable, Sendable {
    case empty
    case tooMany
    case powerNotPositive
    case totalTooLarge
    case duplicateKey
    case notInOrder
}

package struct ValidatorSet: Hashable, Sendable {
    package let validators: [Validator]
    package let totalPower: Int64
    package let hash: Digest
    /// Positions in `validators`, sorted by address: look-ups without hashing.
    private let byAddress: [Int32]

    /// Puts the validators into the canonical order.
    package init(sorting validators: [Validator]) throws(ValidatorSetError) {
        try self.init(ordered: validators.sorted(by: Self.precedes))
    }

    /// Refuses a list that is not in the canonical order.
    package init(ordered validators: [Validator]) throws(ValidatorSetError) {
        if validators.isEmpty { throw .empty }
        if validators.count > Limits.validatorsMax { throw .tooMany }
        var total: Int64 = 0
        for validator in validators {
            guard validator.power > 0 else { throw .powerNotPositive }
            let (sum, overflow) = total.addingReportingOverflow(validator.power)
            guard !overflow, sum <= Limits.votingPowerTotalMax else { throw .totalTooLarge }
            total = sum
        }
        for (left, right) in zip(validators, validators.dropFirst()) where !Self.precedes(left, right) {
            if left.address == right.address { throw .duplicateKey }
            throw .notInOrder
        }
        let order = validators.indices.sorted { validators[$0].address < validators[$1].address }
        for (left, right) in zip(order, order.dropFirst()) where validators[left].address == validators[right].address {
            throw .duplicateKey
        }
        (self.validators, totalPower, byAddress) = (validators, total, order.map(Int32.init))
        hash = MerkleTree.root(of: validators.map(\.simpleEncoding))
    }

    private static func precedes(_ left: Validator, _ right: Validator) -> Bool {
        left.power == right.power ? left.address < right.address : left.power > right.power
    }

    package var count: Int { validators.count }

    /// The validator's place in the set; nil when it is no member.
    package func index(of address: Address) -> Int? {
        var (low, high) = (0, byAddress.count)
        while low < high {
            let middle = (low + high) / 2
            if validators[Int(byAddress[middle])].address < address { low = middle + 1 } else { high = middle }
        }
        guard low < byAddress.count else { return nil }
        let index = Int(byAddress[low])
        return validators[index].address == address ? index : nil
    }

    /// True when `power` is more than two thirds of the whole: a quorum.
    package func isQuorum(_ power: Int64) -> Bool { Fraction.twoThirds.isExceeded(by: power, of: totalPower) }

    /// True when `power` is more than one third of the whole: at least one correct validator.
    package func isBlocking(_ power: Int64) -> Bool { Fraction.oneThird.isExceeded(by: power, of: totalPower) }
}

/// A share of voting power, compared by CometBFT's rule: tally > total * numerator / denominator, integer division.
package struct Fraction: Hashable, Sendable {
    package let numerator: Int64
    package let denominator: Int64

    /// nil unless 0 < denominator <= 10^3 and 0 <= numerator <= denominator: the product must fit 128 bits with room.
    package init?(_ numerator: Int64, _ denominator: Int64) {
        guard (1...1000).contains(denominator), (0...denominator).contains(numerator) else { return nil }
        self.init(checked: numerator, denominator)
    }

    private init(checked numerator: Int64, _ denominator: Int64) {
        (self.numerator, self.denominator) = (numerator, denominator)
    }

    package static let oneThird = Fraction(checked: 1, 3)
    package static let twoThirds = Fraction(checked: 2, 3)

    package func isExceeded(by tally: Int64, of total: Int64) -> Bool {
        Int128(tally) > Int128(total) * Int128(numerator) / Int128(denominator)
    }
}

extension Validator: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.data(1, publicKey)
        encoder.signed(2, power)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let key: PublicKey = try decoder.fixedBytes(1)
        self.init(publicKey: key, power: try decoder.signed(2))
    }
}

extension ValidatorSet: Message {
    package func encode(into encoder: inout Encoder) { encoder.messages(1, validators) }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let validators: [Validator] = try decoder.messages(1, count: Limits.validatorsMax)
        do { try self.init(ordered: validators) } catch { throw .invalid(field: 1) }
    }
}
