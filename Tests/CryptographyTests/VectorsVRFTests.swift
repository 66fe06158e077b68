// The examples of RFC 9381, appendix B.3.
@testable import Cryptography
import Foundation
import Primitives
import TestVectors
import Testing

@Suite("Vectors ECVRF", .enabled(if: VectorFolder.isPresent))
struct VectorsVRFTests {
    struct File: Decodable {
        struct Case: Decodable {
            let example: Int
            let sk, pk, alpha, h, pi, beta: String
        }
        let cases: [Case]
    }

    @Test("prove and verify give the published point, proof and output")
    func examples() throws {
        var count = 0
        for file in try VectorFolder.files(in: "ecvrf") {
            for vector in try JSONDecoder().decode(File.self, from: file.content).cases {
                count += 1
                let key = try #require(Hex.decode(vector.sk).flatMap(SigningKey.init(seed:)))
                let alpha = try #require(Hex.decode(vector.alpha))
                #expect(key.publicKey.description == vector.pk)
                #expect(VRF.encodeToCurve(alpha, key: key.publicKey).map(Hex.lower) == vector.h)
                let proof = VRF.prove(alpha, key: key)
                #expect(proof.description == vector.pi, "example \(vector.example)")
                #expect(VRF.verify(proof, alpha, key: key.publicKey).map(Hex.lower) == vector.beta)
            }
        }
        print("ECVRF: \(count) cases")
        #expect(count > 0)
    }
}
