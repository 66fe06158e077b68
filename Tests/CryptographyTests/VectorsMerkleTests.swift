// transparency-dev's inclusion proofs against `MerkleProof.verify`.
import Cryptography
import Foundation
import Primitives
import TestVectors
import Testing

@Suite("Vectors RFC 6962", .enabled(if: VectorFolder.isPresent))
struct VectorsMerkleTests {
    struct Inclusion: Decodable {
        let leafIdx: UInt64
        let treeSize: UInt64
        let root: Data?
        let leafHash: Data?
        let proof: [Data]?
        let desc: String
        let wantErr: Bool
    }

    private func holds(_ vector: Inclusion) -> Bool {
        guard let root = Digest(Bytes(vector.root ?? Data())), let leaf = Digest(Bytes(vector.leafHash ?? Data()))
        else {
            return false
        }
        let aunts = (vector.proof ?? []).map { Digest(Bytes($0)) }
        guard aunts.allSatisfy({ $0 != nil }) else { return false }
        let proof = MerkleProof(
            total: vector.treeSize, index: vector.leafIdx, leafHash: leaf, aunts: aunts.compactMap { $0 })
        return (try? proof.verify(root: root)) != nil
    }

    @Test("every inclusion proof gets its verdict")
    func inclusion() throws {
        let files = try VectorFolder.files(in: "rfc6962/inclusion")
        for file in files {
            let vector = try JSONDecoder().decode(Inclusion.self, from: file.content)
            #expect(holds(vector) == !vector.wantErr, "\(file.name): \(vector.desc)")
        }
        print("RFC 6962 inclusion: \(files.count) cases")
    }
}
