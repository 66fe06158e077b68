// Why an account earned or lost what it did in an epoch: its rows, what each was computed from, and the way from a
// signed header down to each of them. Self-contained: it can be kept in a file and checked without a node.
// Invariant: after `check` every amount is what the row's own formula gives, and every row is one that more than two
// thirds of the header's validator set signed for.
import Chain
package import Codec
package import Cryptography
package import Ledger
package import LightClient
package import Primitives
import Quorum
package import Rewards

package enum ExplanationError: Error, Equatable, Sendable {
    /// The header is not signed by its own validator set.
    case header(LightClientError)
    /// The epoch's summary is not in the state under the header.
    case summary(StateAnswerError)
    case badSummary(DecodeError)
    /// The row is not in the epoch's table.
    case notInTable(MerkleError)
    case badRow(DecodeError)
    case foreignRow(Address)
    /// The calculation has another hash than the row's evidence.
    case wrongBasis(RewardKey)
    /// The row names a calculation that is not there.
    case missingBasis(RewardKey)
    case badBasis(DecodeError)
    /// The calculation gives another amount than the row has.
    case wrongAmount(RewardKey, Amount)
    case arithmetic(ArithmeticError)
    case evidence(DisputeTranscriptError)
    /// What stands for the evidence of no slash row, or twice for one.
    case foreignEvidence(Digest)
}

/// A row of an explanation, as it stands in the table.
package struct ExplanationRow: Hashable, Sendable, Message {
    package let row: Bytes
    /// Empty where no formula gives the amount.
    package let basis: Bytes
    package let proof: MerkleProof

    package init(row: Bytes, basis: Bytes, proof: MerkleProof) {
        (self.row, self.basis, self.proof) = (row, basis, proof)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, row)
        encoder.data(2, basis)
        encoder.unsigned(3, proof.total)
        encoder.unsigned(4, proof.index)
        encoder.data(5, proof.leafHash)
        for aunt in proof.aunts { encoder.element(6, aunt.bytes) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        row = try decoder.data(1, max: ExplanationLimits.rowBytesMax)
        basis = try decoder.data(2, max: ExplanationLimits.basisBytesMax)
        let (total, index) = (try decoder.unsigned(3), try decoder.unsigned(4))
        let leaf: Digest = try decoder.fixedBytes(5)
        var aunts: [Digest] = []
        for bytes in try decoder.elements(6, count: Limits.merkleAuntsMax, max: Digest.count) {
            guard let aunt = Digest(bytes) else { throw .outOfRange(field: 6) }
            aunts.append(aunt)
        }
        proof = MerkleProof(total: total, index: index, leafHash: leaf, aunts: aunts)
    }
}

package enum ExplanationLimits {
    package static let rowBytesMax = 256
    package static let basisBytesMax = 1 << 22
    package static let rowsMax = 256
    static let proofBytesMax = 1 << 16
    /// A record of a dispute: the set of an epoch is the largest.
    static let recordBytesMax = 1 << 20
    /// Tasks in one answer about disputes.
    static let placesMax = 1 << 16
    /// A whole file.
    package static let fileBytesMax = 16 << 20
}

package struct Explanation: Hashable, Sendable, Message {
    package let account: Address
    package let epoch: UInt64
    /// Its header commits to the state in which the summary stands.
    package let block: LightBlock
    package let summary: Bytes
    /// The ICS-23 proof of the summary.
    package let stateProof: Bytes
    package let rewards: [ExplanationRow]
    package let slashes: [ExplanationRow]
    /// Of slash rows, where it is known what their evidence stands for.
    package let evidence: [SlashEvidence]

    package init(
        account: Address, epoch: UInt64, block: LightBlock, summary: (value: Bytes, proof: Bytes),
        rows: (rewards: [ExplanationRow], slashes: [ExplanationRow]), evidence: [SlashEvidence]
    ) {
        (self.account, self.epoch, self.block, self.evidence) = (account, epoch, block, evidence)
        (self.summary, stateProof) = summary
        (rewards, slashes) = rows
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, account)
        encoder.unsigned(2, epoch)
        encoder.message(3, block)
        encoder.data(4, summary)
        encoder.data(5, stateProof)
        encoder.messages(6, rewards)
        encoder.messages(7, slashes)
        encoder.messages(8, evidence)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        account = try decoder.fixedBytes(1)
        epoch = try decoder.unsigned(2)
        block = try decoder.message(3)
        summary = try decoder.data(4, max: ExplanationLimits.rowBytesMax)
        stateProof = try decoder.data(5, max: ExplanationLimits.proofBytesMax)
        rewards = try decoder.messages(6, count: ExplanationLimits.rowsMax)
        slashes = try decoder.messages(7, count: ExplanationLimits.rowsMax)
        evidence = try decoder.messages(8, count: ExplanationLimits.rowsMax)
    }

    /// Everything but whether the header is the chain's: that is for whoever knows a hash of it.
    package func check() throws(ExplanationError) -> CheckedExplanation {
        try checkHeader()
        let key = StateKey.epochSummary(epoch)
        let answer = StateAnswer(
            height: block.height.lowered(), value: summary, proofType: StateAnswer.proofType, proofKey: key,
            proof: stateProof)
        do { try answer.verify(key: key, header: block.header) } catch { throw .summary(error) }
        let found: EpochSummary
        do { found = try EpochSummary(decoding: summary) } catch { throw .badSummary(error) }
        var checked = CheckedExplanation(summary: found)
        for entry in rewards { checked.rewards.append(try reward(entry, found)) }
        var slashed: [CheckedExplanation.Slash] = []
        for entry in slashes { slashed.append(try slash(entry, found)) }
        checked.slashes = try SlashEvidence.attached(evidence, to: slashed, under: block.header)
        return checked
    }

    private func checkHeader() throws(ExplanationError) {
        guard let options = VerificationOptions(trustingPeriod: .zero) else {
            preconditionFailure("no span is negative")
        }
        guard let chainID = ChainID(block.header.chainID) else { throw .header(.wrongChainID) }
        let verifier = LightVerifier(chainID: chainID, profile: .merit, options: options)
        do { _ = try verifier.checkpoint(block, hash: block.header.hash) } catch { throw .header(error) }
    }

    private func reward(
        _ entry: ExplanationRow, _ summary: EpochSummary
    ) throws(ExplanationError) -> CheckedExplanation.Reward {
        do { try entry.proof.verify(item: entry.row, root: summary.rewardsRoot) } catch { throw .notInTable(error) }
        guard entry.proof.total == summary.rewardRows else { throw .notInTable(.indexOutsideTree) }
        let row: RewardRow
        do { row = try RewardRow(decoding: entry.row) } catch { throw .badRow(error) }
        guard row.key.account == account else { throw .foreignRow(row.key.account) }
        if entry.basis.isEmpty {
            // What is paid out of a lost bond points at the offence, and a payer's own row at nothing.
            guard row.evidence == nil || row.key.kind >= .reporter else { throw .missingBasis(row.key) }
            return .init(row: row, basis: nil, place: entry.proof.index)
        }
        guard row.evidence == Hash.sha256(entry.basis) else { throw .wrongBasis(row.key) }
        let basis: RowBasis
        do { basis = try RowBasis(decoding: entry.basis) } catch { throw .badBasis(error) }
        let amount: Amount
        do { amount = try basis.amount() } catch { throw .arithmetic(error) }
        guard amount == row.amount else { throw .wrongAmount(row.key, amount) }
        return .init(row: row, basis: basis, place: entry.proof.index)
    }

    private func slash(
        _ entry: ExplanationRow, _ summary: EpochSummary
    ) throws(ExplanationError) -> CheckedExplanation.Slash {
        do { try entry.proof.verify(item: entry.row, root: summary.slashesRoot) } catch { throw .notInTable(error) }
        guard entry.proof.total == summary.slashRows else { throw .notInTable(.indexOutsideTree) }
        let row: SlashRow
        do { row = try SlashRow(decoding: entry.row) } catch { throw .badRow(error) }
        guard row.key.account == account else { throw .foreignRow(row.key.account) }
        return .init(row: row, place: entry.proof.index)
    }
}

/// What an explanation says, once every step of it held.
package struct CheckedExplanation: Sendable {
    package struct Reward: Sendable {
        package let row: RewardRow
        package let basis: RowBasis?
        /// Among the table's leaves.
        package let place: UInt64
    }

    package struct Slash: Sendable {
        package let row: SlashRow
        package let place: UInt64
        /// nil where the chain keeps no more than the row.
        package var evidence: CheckedEvidence?
    }

    package let summary: EpochSummary
    package var rewards: [Reward] = []
    package var slashes: [Slash] = []
}
