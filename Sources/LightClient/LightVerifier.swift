// When a header may be believed (formats A9). Pure: the caller passes the time in. One path for every chain of block
// protocol 11; the `.merit` profile adds the rules that only our chain promises. Verdicts and their order are those of
// the published traces: the block in itself, then time and height, then the trusted set's share, then the whole quorum.
package import Chain
package import Primitives
package import Quorum

package struct VerificationOptions: Hashable, Sendable {
    /// How long a trusted header may be built upon; well below the unbonding period.
    package let trustingPeriod: Span
    /// How far a header may be ahead of the caller's clock.
    package let clockDrift: Span
    /// The share of the trusted set that must have signed a non-adjacent header.
    package let trustLevel: Fraction

    package static let defaultDrift = Span.seconds(10)

    /// nil unless 1/3 <= `trustLevel` <= 1 and neither span is negative.
    package init?(
        trustingPeriod: Span, clockDrift: Span = VerificationOptions.defaultDrift, trustLevel: Fraction = .oneThird
    ) {
        guard trustLevel.numerator * 3 >= trustLevel.denominator, trustLevel.numerator <= trustLevel.denominator,
            trustingPeriod >= .zero, clockDrift >= .zero
        else { return nil }
        (self.trustingPeriod, self.clockDrift, self.trustLevel) = (trustingPeriod, clockDrift, trustLevel)
    }
}

package struct LightVerifier: Sendable {
    package let chainID: ChainID
    package let profile: VerificationProfile
    package let options: VerificationOptions

    package init(chainID: ChainID, profile: VerificationProfile, options: VerificationOptions) {
        (self.chainID, self.profile, self.options) = (chainID, profile, options)
    }

    /// Throws unless `untrusted` follows from `trusted` at the time `now`.
    package func verify(
        _ untrusted: LightBlock, trusted: TrustedState, now: Timestamp
    ) throws(LightClientError) -> TrustedState {
        try check(untrusted)
        try checkProgress(untrusted.header, trusted: trusted.header, now: now)
        let commit = untrusted.signedHeader.commit
        if untrusted.height == trusted.height.advanced() {
            guard untrusted.validators.hash == trusted.nextValidators.hash else { throw .validatorsNotAnnounced }
        } else {
            do {
                try commit.checkTrust(trusted.nextValidators, level: options.trustLevel, chainID: chainID)
            } catch {
                guard case .notEnoughPower(let signed, let total) = error else { throw .commit(error) }
                throw .notEnoughTrust(signed: signed, total: total)
            }
        }
        return try decided(untrusted)
    }

    /// The first trusted state: a block whose header's hash the user trusts from elsewhere, decided by its own set.
    package func checkpoint(_ block: LightBlock, hash: Digest) throws(LightClientError) -> TrustedState {
        guard block.header.hash == hash else { throw .notTheCheckpoint }
        try check(block)
        return try decided(block)
    }

    /// Throws unless `older` is the parent of the trusted header `newer` (rule 5).
    package static func verifyBackwards(_ older: Header, trusted newer: Header) throws(LightClientError) {
        guard older.height > .zero, older.height.advanced() == newer.height else { throw .notThePreviousHeight }
        guard newer.lastBlockID.hash == older.hash else { throw .notTheParent }
        guard older.chainID == newer.chainID else { throw .wrongChainID }
        guard older.time < newer.time else { throw .parentNotEarlier }
    }

    /// A checked block is believed when more than two thirds of its own set signed it.
    private func decided(_ block: LightBlock) throws(LightClientError) -> TrustedState {
        do {
            try block.signedHeader.commit.checkPower(block.validators)
            try block.signedHeader.commit.checkSignatures(block.validators, chainID: chainID)
        } catch { throw .commit(error) }
        guard let state = TrustedState(believing: block.header, nextValidators: block.nextValidators) else {
            preconditionFailure("a checked block at \(block.height) with another next set than its header names")
        }
        return state
    }

    /// Rule 1: what can be said about the block without any trust and without a signature.
    private func check(_ block: LightBlock) throws(LightClientError) {
        let (header, commit) = (block.header, block.signedHeader.commit)
        guard header.blockVersion == Header.blockProtocol else { throw .wrongBlockProtocol }
        guard header.chainID == chainID.bytes else { throw .wrongChainID }
        guard header.height > .zero else { throw .heightZero }
        if header.height == .first {
            guard header.lastBlockID.isEmpty else { throw .wrongParent }
        }
        if profile == .merit { try checkMeritRules(header) }
        guard block.validators.hash == header.validatorsHash else { throw .wrongValidatorsHash }
        guard block.nextValidators.hash == header.nextValidatorsHash else { throw .wrongNextValidatorsHash }
        guard let proposer = header.proposerAddress, block.validators.index(of: proposer) != nil else {
            throw .proposerNotInSet
        }
        guard commit.blockID.hash == header.hash else { throw .wrongHeaderHash }
        do {
            try commit.checkShape(
                blockID: commit.blockID, header: (header.height, header.time), set: block.validators, profile: profile)
        } catch { throw .commit(error) }
    }

    private func checkMeritRules(_ header: Header) throws(LightClientError) {
        guard header.height == .first || header.lastBlockID.isComplete else { throw .wrongParent }
        let hashes = [
            header.lastCommitHash, header.dataHash, header.consensusHash, header.lastResultsHash, header.evidenceHash,
        ]
        guard hashes.allSatisfy({ $0 != nil }), header.appHash.count == Digest.count else { throw .missingHash }
    }

    /// Rule 2.
    private func checkProgress(
        _ untrusted: Header, trusted: Header, now: Timestamp
    ) throws(LightClientError) {
        guard trusted.time.adding(nanoseconds: options.trustingPeriod.nanoseconds) > now else { throw .trustExpired }
        guard untrusted.time > trusted.time else { throw .timeNotIncreasing }
        guard untrusted.height > trusted.height else { throw .heightNotIncreasing }
        guard untrusted.time < now.adding(nanoseconds: options.clockDrift.nanoseconds) else { throw .fromTheFuture }
    }
}
