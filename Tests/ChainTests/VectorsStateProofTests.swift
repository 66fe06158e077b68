// cosmos/ics23's proofs under `SmtSpec` against `CommitmentProof.verify`.
import Chain
import Codec
import Foundation
import Primitives
import TestVectors
import Testing

@Suite("Vectors ICS-23", .enabled(if: VectorFolder.isPresent))
struct VectorsStateProofTests {
    struct Vector: Decodable {
        let key: String
        let proof: String
        let root: String
        /// Empty for an absence.
        let value: String
    }

    private func vectors() throws -> [(name: String, key: Bytes, proof: Bytes, root: Digest, value: Bytes?)] {
        try VectorFolder.files(in: "ics23-smt").map { file in
            let vector = try JSONDecoder().decode(Vector.self, from: file.content)
            let value = try #require(Hex.decode(vector.value))
            return (
                file.name, try #require(Hex.decode(vector.key)), try #require(Hex.decode(vector.proof)),
                try #require(Digest(hex: vector.root)), value.isEmpty ? nil : value
            )
        }
    }

    @Test("every published proof holds for its key, value and root, and for no other")
    func verdicts() throws {
        let vectors = try vectors()
        for vector in vectors {
            try CommitmentProof.verify(
                encoded: vector.proof, key: vector.key, value: vector.value, root: vector.root)
            #expect(try CommitmentProof(decoding: vector.proof).encoded == vector.proof, "\(vector.name)")
            func refused(key: Bytes? = nil, value: Bytes?, root: Digest? = nil) {
                #expect(throws: StateProofError.self, "\(vector.name)") {
                    try CommitmentProof.verify(
                        encoded: vector.proof, key: key ?? vector.key, value: value, root: root ?? vector.root)
                }
            }
            refused(key: vector.key + [0], value: vector.value)
            refused(value: vector.value == nil ? [1] : nil)
            refused(value: vector.value, root: .zero)
            if let value = vector.value { refused(value: value + [0]) }
        }
        print("ICS-23 SmtSpec: \(vectors.count) cases")
    }

    @Test("a proof with any byte changed is refused")
    func everyByte() throws {
        for vector in try vectors() {
            for index in vector.proof.indices {
                for flip in [UInt8(1), 0x80] {
                    var changed = vector.proof
                    changed[index] ^= flip
                    #expect(throws: StateProofError.self, "\(vector.name), byte \(index)") {
                        try CommitmentProof.verify(
                            encoded: changed, key: vector.key, value: vector.value, root: vector.root)
                    }
                }
            }
        }
    }

    @Test("a proof cut short, or with a byte more, is refused")
    func lengths() throws {
        for vector in try vectors() {
            for length in vector.proof.indices {
                #expect(throws: StateProofError.self) {
                    try CommitmentProof.verify(
                        encoded: Bytes(vector.proof[..<length]), key: vector.key, value: vector.value, root: vector.root
                    )
                }
            }
            #expect(throws: StateProofError.self) {
                try CommitmentProof.verify(
                    encoded: vector.proof + [0], key: vector.key, value: vector.value, root: vector.root)
            }
        }
    }

    @Test("the batch and compressed forms are refused, even around a good proof")
    func otherForms() throws {
        for vector in try vectors() {
            for (tag, field) in [(UInt8(0x1A), UInt32(3)), (0x22, 4)] {
                // {entries {exist | nonexist}}: the entry has the fields of CommitmentProof.
                let entry = Encoder.delimited(vector.proof)
                let form = [tag] + Encoder.delimited([0x0A] + entry)
                #expect(throws: StateProofError.malformed(.unexpectedField(field))) {
                    try CommitmentProof.verify(encoded: form, key: vector.key, value: vector.value, root: vector.root)
                }
            }
        }
    }
}
