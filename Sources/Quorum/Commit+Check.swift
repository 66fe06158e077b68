// When a commit proves a decision (formats A7 and A9). One path with a profile: `.cometBFT` is what outside verifiers
// demand, `.merit` adds our stricter rules. Signatures are checked after every cheap rule.
import Cryptography
package import Primitives

package enum VerificationProfile: Sendable { case merit, cometBFT }

/// Why a commit proves nothing. One case per rule.
package enum CommitError: Error, Equatable, Sendable {
    case wrongHeight
    case wrongBlockID
    case wrongNumberOfSignatures
    case noSignatures
    /// An absent entry that carries an address, a time or a signature.
    case malformedEntry(index: Int)
    /// The entry's address is not the one of the validator at its index.
    case wrongAddress(index: Int)
    /// Merit: a commit holds entries for the block and absent ones only.
    case nilEntry(index: Int)
    /// Merit: every entry's timestamp is the header's time.
    case wrongTimestamp(index: Int)
    case wrongSignature(index: Int)
    /// One validator of the trusted set is counted twice.
    case duplicateValidator(index: Int)
    case notEnoughPower(signed: Int64, total: Int64)
}

extension Commit {
    /// Throws unless more than two thirds of `set`, by index, signed `blockID` at `height`.
    /// `headerTime` is needed for the `.merit` profile's timestamp rule.
    package func check(
        blockID: BlockID, header: (height: Height, time: Timestamp), set: ValidatorSet, chainID: ChainID,
        profile: VerificationProfile
    ) throws(CommitError) {
        try checkEntries(blockID: blockID, header: header, set: set, profile: profile)
        try checkSignatures(set, chainID: chainID)
    }

    /// Every rule of `check` but the signatures: for a caller that holds each of them verified.
    package func checkEntries(
        blockID: BlockID, header: (height: Height, time: Timestamp), set: ValidatorSet, profile: VerificationProfile
    ) throws(CommitError) {
        try checkShape(blockID: blockID, header: header, set: set, profile: profile)
        try checkPower(set)
    }

    /// The rules that need neither a signature nor a tally.
    package func checkShape(
        blockID: BlockID, header: (height: Height, time: Timestamp), set: ValidatorSet, profile: VerificationProfile
    ) throws(CommitError) {
        guard height == header.height else { throw .wrongHeight }
        guard self.blockID == blockID, blockID.isComplete else { throw .wrongBlockID }
        guard signatures.contains(where: { $0.flag != .absent }) else { throw .noSignatures }
        guard signatures.count == set.count else { throw .wrongNumberOfSignatures }
        for (index, entry) in signatures.enumerated() {
            if entry.flag == .absent {
                guard entry == .absent else { throw .malformedEntry(index: index) }
                continue
            }
            guard entry.address == set.validators[index].address else { throw .wrongAddress(index: index) }
            if profile == .merit {
                guard entry.flag == .commit else { throw .nilEntry(index: index) }
                guard entry.timestamp == header.time else { throw .wrongTimestamp(index: index) }
            }
        }
    }

    /// Throws unless entries for the block hold more than two thirds of `set`, by index. The shape is checked already.
    package func checkPower(_ set: ValidatorSet) throws(CommitError) {
        var tally: Int64 = 0
        for (entry, validator) in zip(signatures, set.validators) where entry.flag == .commit {
            tally += validator.power
        }
        guard set.isQuorum(tally) else { throw .notEnoughPower(signed: tally, total: set.totalPower) }
    }

    /// Throws unless every entry that is not absent is signed by the validator at its index. The shape is checked
    /// already.
    package func checkSignatures(_ set: ValidatorSet, chainID: ChainID) throws(CommitError) {
        precondition(signatures.count == set.count, "\(signatures.count) entries for \(set.count) validators")
        for (index, entry) in signatures.enumerated() where entry.flag != .absent {
            try checkSignature(at: index, by: set.validators[index].publicKey, chainID: chainID)
        }
    }

    /// Throws unless more than `level` of `trusted`, matched by address, signed this commit (formats A9, rule 3).
    package func checkTrust(_ trusted: ValidatorSet, level: Fraction, chainID: ChainID) throws(CommitError) {
        var tally: Int64 = 0
        var seen = [Bool](repeating: false, count: trusted.count)
        for (index, entry) in signatures.enumerated() where entry.flag == .commit {
            guard let address = entry.address, let member = trusted.index(of: address) else { continue }
            if seen[member] { throw .duplicateValidator(index: index) }
            seen[member] = true
            try checkSignature(at: index, by: trusted.validators[member].publicKey, chainID: chainID)
            tally += trusted.validators[member].power
        }
        guard level.isExceeded(by: tally, of: trusted.totalPower) else {
            throw .notEnoughPower(signed: tally, total: trusted.totalPower)
        }
    }

    private func checkSignature(at index: Int, by key: PublicKey, chainID: ChainID) throws(CommitError) {
        let entry = signatures[index]
        guard let signature = Signature(entry.signature),
            Ed25519.isValid(signature, over: signBytes(of: entry, chainID: chainID.bytes), by: key)
        else { throw .wrongSignature(index: index) }
    }
}
