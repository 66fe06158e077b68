// From a trusted state to the header one wants: skipping verification with bisection, backwards below the lowest
// trusted state, and a comparison with witnesses before anything is kept. Pure but for the sources that are passed in;
// the number of fetches per request and source is bounded, so a lying source costs little. Invariant: the store only
// ever holds states that the verifier took and no witness contradicted.
import Chain
package import Primitives

package enum LightSessionError: Error, Equatable, Sendable {
    case source(LightSourceError, height: Height)
    /// The source answered with the block of another height.
    case wrongHeight(asked: Height, given: Height)
    case refused(LightClientError, height: Height)
    case tooManyFetches
    /// Witnesses were given and none of them confirms the header.
    case noWitnessAgrees
    /// Two chains that both follow from the same trusted state: an attack by those who signed both.
    case divergence(LightDivergence)
}

/// What evidence of an attack is made of.
package struct LightDivergence: Hashable, Sendable {
    /// Its place in the list of witnesses.
    package let witness: Int
    /// The highest height of the verified trace at which both agree.
    package let commonHeight: Height
    /// The first block of the primary's trace that the witness contradicts, and the witness's block of that height.
    package let primaryBlock: LightBlock
    package let witnessBlock: LightBlock
}

/// A header that may be believed, and what it took.
package struct LightAdvance: Hashable, Sendable {
    package let state: TrustedState
    /// Light blocks fetched from the primary.
    package let fetches: Int
    /// Places of witnesses that did not answer, or answered with a block that does not verify: drop them.
    package let badWitnesses: [Int]
}

package struct LightSession: Sendable {
    package let verifier: LightVerifier
    package private(set) var store: TrustStore

    package init(verifier: LightVerifier, store: TrustStore) {
        precondition(verifier.chainID == store.chainID, "a trust store of \(store.chainID) for \(verifier.chainID)")
        (self.verifier, self.store) = (verifier, store)
    }

    /// Believes the header of `target`, or says why not. Nothing is kept when it throws.
    package mutating func advance(
        to target: Height, primary: some LightSource, witnesses: [any LightSource] = [], now: Timestamp
    ) throws(LightSessionError) -> LightAdvance {
        guard let start = store.nearest(upTo: target) else {
            let (state, fetches) = try descend(to: target, source: primary)
            return LightAdvance(state: state, fetches: fetches, badWitnesses: [])
        }
        if start.height == target { return LightAdvance(state: start, fetches: 0, badWitnesses: []) }
        let trace = try skip(from: start, to: target, source: primary, now: now)
        guard let last = trace.steps.last else { preconditionFailure("an empty trace to \(target)") }
        let bad = try compare(trace.steps, from: start, with: witnesses, now: now)
        for step in trace.steps { store.insert(step.state) }
        return LightAdvance(state: last.state, fetches: trace.fetches, badWitnesses: bad)
    }
}

extension LightSession {
    private typealias Step = (block: LightBlock, state: TrustedState)

    /// Tries the target first and halves the distance while too few of the trusted set signed.
    private func skip(
        from start: TrustedState, to target: Height, source: some LightSource, now: Timestamp
    ) throws(LightSessionError) -> (steps: [Step], fetches: Int) {
        var steps: [Step] = []
        var fetches = 1
        var trusted = start
        var pending = [try fetch(target, from: source)]
        while let candidate = pending.last {
            do {
                trusted = try verifier.verify(candidate, trusted: trusted, now: now)
                steps.append((candidate, trusted))
                pending.removeLast()
            } catch {
                guard case .notEnoughTrust = error else { throw .refused(error, height: candidate.height) }
                guard fetches < LightLimits.fetchesMax else { throw .tooManyFetches }
                fetches += 1
                let distance = candidate.height.distance(from: trusted.height)
                pending.append(try fetch(trusted.height.advanced(by: distance / 2), from: source))
            }
        }
        return (steps, fetches)
    }

    /// Hash by hash below the lowest trusted state.
    private func descend(
        to target: Height, source: some LightSource
    ) throws(LightSessionError) -> (TrustedState, Int) {
        var trusted = store.lowest
        var fetches = 0
        while trusted.height > target {
            guard fetches < LightLimits.fetchesMax else { throw .tooManyFetches }
            fetches += 1
            let height = trusted.height.lowered()
            let block = try fetch(height, from: source)
            do { try LightVerifier.verifyBackwards(block.header, trusted: trusted.header) } catch {
                throw .refused(error, height: height)
            }
            guard let state = TrustedState(believing: block.header, nextValidators: block.nextValidators) else {
                throw .refused(.wrongNextValidatorsHash, height: height)
            }
            trusted = state
        }
        return (trusted, fetches)
    }

    private func fetch(_ height: Height, from source: some LightSource) throws(LightSessionError) -> LightBlock {
        do {
            let block = try source.lightBlock(at: height)
            if block.height == height { return block }
            throw LightSessionError.wrongHeight(asked: height, given: block.height)
        } catch let error as LightSourceError {
            throw .source(error, height: height)
        } catch let error as LightSessionError {
            throw error
        } catch {
            preconditionFailure("no other error: \(error)")
        }
    }
}

extension LightSession {
    /// The places of bad witnesses. A witness with another header that verifies from the same start ends the request.
    private func compare(
        _ trace: [Step], from start: TrustedState, with witnesses: [any LightSource], now: Timestamp
    ) throws(LightSessionError) -> [Int] {
        guard let target = trace.last else { return [] }
        var bad: [Int] = []
        for (index, witness) in witnesses.enumerated() {
            do {
                let block = try fetch(target.state.height, from: witness)
                if block.header.hash == target.state.hash { continue }
                _ = try skip(from: start, to: target.state.height, source: witness, now: now)
            } catch {
                bad.append(index)
                continue
            }
            guard let divergence = divergence(trace, from: start, witness: witness, index: index) else {
                bad.append(index)
                continue
            }
            throw .divergence(divergence)
        }
        if !witnesses.isEmpty, bad.count == witnesses.count { throw .noWitnessAgrees }
        return bad
    }

    /// Where the witness leaves the primary's trace; nil when it changes its mind meanwhile.
    private func divergence(
        _ trace: [Step], from start: TrustedState, witness: some LightSource, index: Int
    ) -> LightDivergence? {
        var common = start.height
        for step in trace {
            let other: LightBlock
            do { other = try fetch(step.state.height, from: witness) } catch { return nil }
            guard other.header.hash == step.state.hash else {
                return LightDivergence(
                    witness: index, commonHeight: common, primaryBlock: step.block, witnessBlock: other)
            }
            common = step.state.height
        }
        return nil
    }
}
