@testable import Cryptography
import Primitives
import Testing

private func key(_ number: UInt8) throws -> SigningKey {
    try #require(SigningKey(seed: Bytes(repeating: number, count: 32)))
}

@Suite("Signatures")
struct SignatureTests {
    struct Note: Signed {
        let text: Bytes
        let signature: Signature
        let author: PublicKey
        var signatureClaims: [SignatureClaim] { [SignatureClaim(key: author, message: text, signature: signature)] }
    }

    @Test("this machine's library keeps every acceptance rule of the probe")
    func probe() {
        #expect(AcceptanceProbe.firstDeviation() == nil)
        #expect(AcceptanceProbe.cases.count <= 16)
        #expect(Set(AcceptanceProbe.cases.map(\.accepted)) == [true, false])
    }

    @Test("a value is verified only with the signature of its author over its own bytes")
    func minting() throws {
        let author = try key(1)
        let signature = author.sign([1, 2, 3])
        #expect(Verified(Note(text: [1, 2, 3], signature: signature, author: author.publicKey)) != nil)
        #expect(Verified(Note(text: [1, 2, 4], signature: signature, author: author.publicKey)) == nil)
        #expect(Verified(Note(text: [1, 2, 3], signature: signature, author: try key(2).publicKey)) == nil)
    }

    @Test(
        "keys of small order, off the curve or not canonical cannot be registered",
        arguments: [
            ("0100000000000000000000000000000000000000000000000000000000000000", false),
            ("0200000000000000000000000000000000000000000000000000000000000000", false),
            ("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false),
            ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", true),
        ])
    func registration(hex: String, accepted: Bool) throws {
        #expect(Ed25519.isRegistrable(try #require(PublicKey(hex: hex))) == accepted)
    }

    @Test("signatures of one kind do not serve as another")
    func domains() {
        let chain = Bytes("merit-1".utf8)
        let messages = [SigningDomain.transaction, .attestation, .batch, .proposal, .verdict, .dispute]
            .map { $0.message(chainID: chain, [7]) }
        #expect(Set(messages).count == messages.count)
        #expect(SigningDomain.batch.message(chainID: Bytes("merit-2".utf8), [7]) != messages[2])
    }
}

@Suite("VRF")
struct VRFTests {
    @Test("a changed bit anywhere in the proof is refused")
    func everyBit() throws {
        let key = try key(3)
        let proof = VRF.prove([1, 2], key: key)
        let output = try #require(VRF.verify(proof, [1, 2], key: key.publicKey))
        #expect(output == VRF.output(of: proof))
        for index in 0..<VRFProof.count {
            var bytes = proof.bytes
            bytes[index] ^= 1 << UInt8(index % 8)
            #expect(VRF.verify(try #require(VRFProof(bytes)), [1, 2], key: key.publicKey) == nil, "byte \(index)")
        }
        #expect(VRF.verify(proof, [1, 3], key: key.publicKey) == nil)
    }

    @Test("a Gamma with torsion is refused, although the RFC would take it")
    func torsion() throws {
        let key = try key(4)
        let proof = VRF.prove([9], key: key)
        let orderTwo = [0xEC] + Bytes(repeating: 0xFF, count: 30) + [0x7F]
        let gamma = try #require(Curve.add(Bytes(proof.bytes[..<32]), orderTwo))
        let forged = try #require(VRFProof(gamma + proof.bytes[32...]))
        #expect(VRF.verify(forged, [9], key: key.publicKey) == nil)
    }
}

@Suite("Merkle tree")
struct MerkleTreeTests {
    /// The recursive definition of RFC 6962, section 2.1, as written there.
    private func definition(_ items: ArraySlice<Bytes>) -> Digest {
        if items.isEmpty { return Hash.sha256(Bytes()) }
        if items.count == 1 { return Hash.sha256([0] + items[items.startIndex]) }
        var split = 1
        while split * 2 < items.count { split *= 2 }
        let middle = items.startIndex + split
        return Hash.sha256([1] + definition(items[..<middle]).bytes + definition(items[middle...]).bytes)
    }

    @Test("the root is the RFC's recursive definition for every size", arguments: 0..<40)
    func root(size: Int) {
        let items = (0..<size).map { Bytes([UInt8($0), 7]) }
        #expect(MerkleTree.root(of: items) == definition(items[...]))
    }

    @Test("each element's proof holds, for its own index, item and root alone", arguments: 1..<20)
    func proofs(size: Int) throws {
        let items = (0..<size).map { Bytes([UInt8($0)]) }
        let root = MerkleTree.root(of: items)
        for index in 0..<size {
            let proof = try #require(MerkleTree.proof(for: index, in: items))
            try proof.verify(item: items[index], root: root)
            #expect(throws: MerkleError.wrongLeaf) { try proof.verify(item: [99], root: root) }
            let longer = MerkleProof(
                total: proof.total, index: proof.index, leafHash: proof.leafHash, aunts: proof.aunts + [root])
            #expect(throws: MerkleError.wrongNumberOfAunts) { try longer.verify(root: root) }
            #expect(throws: MerkleError.wrongRoot) { try proof.verify(root: .zero) }
        }
        #expect(MerkleTree.proof(for: size, in: items) == nil)
    }
}
