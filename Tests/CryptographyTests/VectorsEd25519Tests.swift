// Wycheproof's cases against the acceptance rule, and CCTV's 914 edge cases against our written accept map.
import Cryptography
import Foundation
import Primitives
import TestVectors
import Testing

@Suite("Vectors Ed25519", .enabled(if: VectorFolder.isPresent))
struct VectorsEd25519Tests {
    struct Wycheproof: Decodable {
        struct Group: Decodable {
            struct Key: Decodable { let pk: String }
            struct Case: Decodable {
                let tcId: Int
                let comment: String
                let msg: String
                let sig: String
                let result: String
            }
            let publicKey: Key
            let tests: [Case]
        }
        let testGroups: [Group]
    }

    struct EdgeCase: Decodable {
        let number: Int
        let key: String
        let sig: String
        let msg: String
    }

    @Test("Wycheproof: valid is accepted, invalid is refused")
    func wycheproof() throws {
        let file = try JSONDecoder().decode(Wycheproof.self, from: VectorFolder.file("ed25519/wycheproof.json"))
        var count = 0
        for group in file.testGroups {
            let key = try #require(PublicKey(hex: group.publicKey.pk))
            for vector in group.tests {
                count += 1
                let message = try #require(Hex.decode(vector.msg))
                let accepted = Signature(hex: vector.sig).map { Ed25519.isValid($0, over: message, by: key) } ?? false
                #expect(accepted == (vector.result == "valid"), "case \(vector.tcId): \(vector.comment)")
            }
        }
        print("Wycheproof Ed25519: \(count) cases")
        #expect(count > 0)
    }

    private func edgeCases(_ judge: (Signature, Bytes, PublicKey) -> Bool) throws -> String {
        let cases = try JSONDecoder().decode([EdgeCase].self, from: VectorFolder.file("ed25519/cctv.json"))
        print("CCTV Ed25519: \(cases.count) cases")
        return try cases.map { vector in
            let key = try #require(PublicKey(hex: vector.key))
            let signature = try #require(Signature(hex: vector.sig))
            return judge(signature, Bytes(vector.msg.utf8), key) ? "1" : "0"
        }.joined()
    }

    @Test("CCTV: the accept map of the rule is the written one")
    func acceptMap() throws {
        let map = try edgeCases { Ed25519.isValid($0, over: $1, by: $2) }
        let digest = Hash.sha256(Bytes(map.utf8)).description
        #expect(digest == "9111cd3acbe211e15031707588bc9d68cb7b0c2d8f500fad1ebfedfc4362ffab")
        #expect(map.filter { $0 == "1" }.count == 43)
    }

    /// ZIP-215 hashes the encodings as received, so the 88 cases that hold only with a re-encoded k are refused.
    @Test("CCTV: evidence is judged by ZIP-215 over the bytes as received")
    func evidenceMap() throws {
        let map = try edgeCases { EvidenceSignature.isValid($0, over: $1, by: $2) }
        let digest = Hash.sha256(Bytes(map.utf8)).description
        #expect(digest == "a778c852afdc75601da739c60a74c82bff45b36b1151a3c2d2127dd133cba446")
        #expect(map.filter { $0 == "1" }.count == 826)
    }
}
