// What is counted while an epoch runs, in one record that every block rewrites: the validators that were bonded at its
// start with their stake, and their work. Ascending by operator.
package import Codec
package import Primitives

package struct EpochCount: Hashable, Sendable, Message {
    /// T: stake of all members at the start of the epoch, as far as it counts.
    package var totalStake: Amount
    /// All bond of validators then, whoever has a seat and however much of it counts.
    package let bonded: Amount
    package var blocks: UInt64 = 0
    /// `Supply.burned` at the start.
    package let burnedBefore: Amount
    /// Bond that asked to leave in this epoch.
    package var leaving = Amount.zero
    package var members: [Member]

    package struct Member: Hashable, Sendable, Message {
        package let operatorAddress: Address
        package let stake: Amount
        package var blocksProposed: UInt64 = 0
        package var precommitsIncluded: UInt64 = 0
        /// Σ over its blocks of the stake whose precommits their last commit includes.
        package var includedStake: UInt128 = 0

        package init(operatorAddress: Address, stake: Amount) {
            (self.operatorAddress, self.stake) = (operatorAddress, stake)
        }

        package func encode(into encoder: inout Encoder) {
            encoder.data(1, operatorAddress)
            encoder.unsigned(2, stake.units)
            encoder.unsigned(3, blocksProposed)
            encoder.unsigned(4, precommitsIncluded)
            encoder.wide(5, includedStake)
        }

        package init(from decoder: inout Decoder) throws(DecodeError) {
            operatorAddress = try decoder.fixedBytes(1)
            stake = Amount(try decoder.unsigned(2))
            blocksProposed = try decoder.unsigned(3)
            precommitsIncluded = try decoder.unsigned(4)
            includedStake = try decoder.wide(5)
        }
    }

    init(members: [Member], burnedBefore: Amount, bonded: Amount) {
        (self.members, self.burnedBefore, self.bonded) = (members, burnedBefore, bonded)
        totalStake = members.reduce(.zero) { $0.credited($1.stake) }
    }

    func index(of operatorAddress: Address) -> Int? {
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle].operatorAddress < operatorAddress { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low].operatorAddress == operatorAddress ? low : nil
    }

    /// Counts one block: its proposer, and the precommits for the block before that it includes.
    mutating func count(proposer: Address, included: [Address]) {
        blocks += 1
        var stake: UInt128 = 0
        for place in included.compactMap(index) {
            members[place].precommitsIncluded += 1
            stake += UInt128(members[place].stake.units)
        }
        guard let place = index(of: proposer) else { return }
        members[place].blocksProposed += 1
        members[place].includedStake += stake
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, blocks + 1)
        encoder.unsigned(2, totalStake.units)
        encoder.unsigned(3, burnedBefore.units)
        encoder.unsigned(4, leaving.units)
        encoder.messages(5, members)
        encoder.unsigned(6, bonded.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let blocksPlusOne = try decoder.unsigned(1)
        if blocksPlusOne == 0 { throw .missing(field: 1) }
        blocks = blocksPlusOne - 1
        totalStake = Amount(try decoder.unsigned(2))
        burnedBefore = Amount(try decoder.unsigned(3))
        leaving = Amount(try decoder.unsigned(4))
        members = try decoder.messages(5, count: Limits.validatorsMax)
        bonded = Amount(try decoder.unsigned(6))
    }
}
