// tendermint-rs's model-based single-step traces against the shipped verifier, profile `.cometBFT`.
import Chain
import Foundation
import LightClient
import Primitives
import Quorum
import TestVectors
import Testing

@Suite("Vectors light client", .enabled(if: VectorFolder.isPresent))
struct VectorsLightClientTests {
    enum Verdict: String, Decodable {
        case success = "SUCCESS"
        case notEnoughTrust = "NOT_ENOUGH_TRUST"
        case invalid = "INVALID"
    }

    private func verdict(_ step: Trace.Step, by verifier: LightVerifier, trusted: inout TrustedState) throws -> Verdict
    {
        let now = try #require(Timestamp(rfc3339: step.now))
        // What does not even parse is invalid.
        guard let block = try? step.block.lightBlock() else { return .invalid }
        do throws(LightClientError) {
            trusted = try verifier.verify(block, trusted: trusted, now: now)
            return .success
        } catch {
            if case .notEnoughTrust = error { return .notEnoughTrust }
            return .invalid
        }
    }

    @Test("every step of every trace gets its verdict")
    func singleStep() throws {
        let files = try VectorFolder.files(in: "light-client/single_step")
        var counts: [Verdict: Int] = [:]
        for file in files {
            let trace = try JSONDecoder().decode(Trace.self, from: file.content)
            let header = try trace.initial.signed_header.header.header()
            var trusted = try #require(
                TrustedState(believing: header, nextValidators: try trace.initial.next_validator_set.set()))
            let options = try #require(
                VerificationOptions(
                    trustingPeriod: Span(nanoseconds: try number(trace.initial.trusting_period)), clockDrift: .zero))
            let chainID = try #require(ChainID(header.chainID))
            let verifier = LightVerifier(chainID: chainID, profile: .cometBFT, options: options)
            for (index, step) in trace.input.enumerated() {
                let given = try verdict(step, by: verifier, trusted: &trusted)
                let expected = Verdict(rawValue: step.verdict) ?? .invalid
                #expect(given == expected, "\(file.name), step \(index)")
                counts[expected, default: 0] += 1
            }
        }
        let steps = counts.values.reduce(0, +)
        let (taken, gaps, refused) = (counts[.success] ?? 0, counts[.notEnoughTrust] ?? 0, counts[.invalid] ?? 0)
        print("light client: \(files.count) files, \(steps) steps")
        print("  \(taken) taken, \(gaps) not enough trust, \(refused) refused")
    }
}

private struct Malformed: Error {}

private func number(_ text: String) throws -> Int64 {
    guard let value = Int64(text) else { throw Malformed() }
    return value
}

/// The JSON of RPC answers, as far as the traces have it.
struct Trace: Decodable {
    struct Initial: Decodable {
        let signed_header: SignedHeaderJSON
        let next_validator_set: SetJSON
        let trusting_period: String
    }

    struct Step: Decodable {
        let block: LightBlockJSON
        let now: String
        let verdict: String
    }

    let initial: Initial
    let input: [Step]
}

struct LightBlockJSON: Decodable {
    let signed_header: SignedHeaderJSON
    let validator_set: SetJSON
    let next_validator_set: SetJSON

    func lightBlock() throws -> LightBlock {
        let signed = SignedHeader(
            header: try signed_header.header.header(), commit: try signed_header.commit.commit())
        return LightBlock(
            signedHeader: signed, validators: try validator_set.set(), nextValidators: try next_validator_set.set())
    }
}

struct SetJSON: Decodable {
    struct Member: Decodable {
        struct Key: Decodable { let value: Data }
        let address: String
        let pub_key: Key
        let voting_power: String
    }

    let validators: [Member]

    /// The traces do not keep the order; their authors sort before they verify.
    func set() throws -> ValidatorSet {
        try ValidatorSet(
            sorting: validators.map { member in
                guard let key = PublicKey(Bytes(member.pub_key.value)) else { throw Malformed() }
                let validator = Validator(publicKey: key, power: try number(member.voting_power))
                guard Address(hex: member.address) == validator.address else { throw Malformed() }
                return validator
            })
    }
}

struct BlockIDJSON: Decodable {
    struct Parts: Decodable {
        let total: UInt32
        let hash: String
    }

    let hash: String
    let part_set_header: Parts?
    let parts: Parts?

    func blockID() throws -> BlockID {
        guard let parts = part_set_header ?? parts else { throw Malformed() }
        return BlockID(
            hash: try digest(hash), parts: PartSetHeader(total: parts.total, hash: try digest(parts.hash)))
    }
}

/// nil for the empty text.
private func digest(_ text: String?) throws -> Digest? {
    guard let text, !text.isEmpty else { return nil }
    guard let digest = Digest(hex: text) else { throw Malformed() }
    return digest
}

struct SignedHeaderJSON: Decodable {
    struct HeaderJSON: Decodable {
        struct Version: Decodable {
            let block: String
            let app: String?
        }

        let version: Version
        let chain_id: String
        let height: String
        let time: String
        let last_block_id: BlockIDJSON?
        let last_commit_hash: String?
        let data_hash: String?
        let validators_hash: String
        let next_validators_hash: String
        let consensus_hash: String
        let app_hash: String
        let last_results_hash: String?
        let evidence_hash: String?
        let proposer_address: String

        func header() throws -> Header {
            guard let height = Height(signed: try number(height)), let time = Timestamp(rfc3339: time),
                let appHash = Hex.decode(app_hash), let proposer = Address(hex: proposer_address),
                let block = UInt64(version.block), let app = UInt64(version.app ?? "0")
            else { throw Malformed() }
            var header = Header(chainID: Bytes(chain_id.utf8), height: height, time: time)
            (header.blockVersion, header.appVersion) = (block, app)
            header.lastBlockID = try last_block_id?.blockID() ?? .empty
            header.lastCommitHash = try digest(last_commit_hash)
            header.dataHash = try digest(data_hash)
            header.validatorsHash = try digest(validators_hash)
            header.nextValidatorsHash = try digest(next_validators_hash)
            header.consensusHash = try digest(consensus_hash)
            header.appHash = appHash
            header.lastResultsHash = try digest(last_results_hash)
            header.evidenceHash = try digest(evidence_hash)
            header.proposerAddress = proposer
            return header
        }
    }

    struct CommitJSON: Decodable {
        struct Entry: Decodable {
            let block_id_flag: UInt8
            let validator_address: String
            let timestamp: String
            let signature: Data?

            /// The traces write absent entries with the time of 1970, so only what must be empty is looked at.
            func entry() throws -> CommitSignature {
                guard let flag = BlockIDFlag(rawValue: block_id_flag) else { throw Malformed() }
                if flag == .absent {
                    guard validator_address.isEmpty, signature?.isEmpty != false else { throw Malformed() }
                    return .absent
                }
                guard let address = Address(hex: validator_address), let time = Timestamp(rfc3339: timestamp),
                    let signature
                else { throw Malformed() }
                return CommitSignature(flag: flag, address: address, timestamp: time, signature: Bytes(signature))
            }
        }

        let height: String
        let round: UInt32
        let block_id: BlockIDJSON
        let signatures: [Entry]

        func commit() throws -> Commit {
            guard let height = Height(signed: try number(height)) else { throw Malformed() }
            return Commit(
                height: height, round: round, blockID: try block_id.blockID(),
                signatures: try signatures.map { try $0.entry() })
        }
    }

    let header: HeaderJSON
    let commit: CommitJSON
}
