import Codec
import Chain
import Cryptography
import Primitives
import Quorum
import Testing

@Suite("Headers")
struct HeaderTests {
    /// CometBFT's own header test (formats A13).
    private func sample() throws -> Header {
        func hash(_ name: String) -> Digest { Hash.sha256(Bytes(name.utf8)) }
        let time = try #require(Timestamp(rfc3339: "2019-10-13T16:14:44Z"))
        var header = Header(chainID: Bytes("chainId".utf8), height: try #require(Height(3)), time: time)
        (header.blockVersion, header.appVersion) = (1, 2)
        let zeros = Digest.zero
        header.lastBlockID = BlockID(hash: zeros, parts: PartSetHeader(total: 6, hash: zeros))
        header.lastCommitHash = hash("last_commit_hash")
        header.dataHash = hash("data_hash")
        header.validatorsHash = hash("validators_hash")
        header.nextValidatorsHash = hash("next_validators_hash")
        header.consensusHash = hash("consensus_hash")
        header.appHash = hash("app_hash").bytes
        header.lastResultsHash = hash("last_results_hash")
        header.evidenceHash = hash("evidence_hash")
        header.proposerAddress = Address(hash("proposer_address").bytes.prefix(20))
        return header
    }

    @Test("the hash is CometBFT's")
    func golden() throws {
        let hash = try sample().hash
        #expect(Hex.upper(hash.bytes) == "F740121F553B5418C3EFBD343C2DBFE9E007BB67B0D020A0741374BAB65242A4")
    }

    @Test("every byte of a header is under its hash")
    func everyByte() throws {
        let header = try sample()
        let bytes = header.encoded
        #expect(try Header(decoding: bytes) == header)
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            if let other = try? Header(decoding: changed) { #expect(other.hash != header.hash, "byte \(index)") }
        }
    }
}
