// One provider's signature over many results. The receipts travel in full and the signature covers their RFC 6962 root,
// so each of them is provable alone and none can be added, dropped or changed.
// Invariant: task indexes ascend strictly; the root is computed from the receipts and never carried.
package import Codec
package import Cryptography
package import Primitives
package import Quorum

/// What a provider says of one task; what re-execution must give.
package struct Receipt: Hashable, Sendable, Message {
    package let taskIndex: UInt32
    /// nil: the provider abstains, because its machine failed; the other fields are then zero.
    package let result: TaskResult?

    package init(taskIndex: UInt32, result: TaskResult?) { (self.taskIndex, self.result) = (taskIndex, result) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(taskIndex))
        encoder.message(2, optional: result)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        taskIndex = try decoder.unsigned32(1)
        result = try decoder.optionalMessage(2)
    }
}

package struct TaskResult: Hashable, Sendable, Message {
    /// SHA-256 of the output; of nothing after a trap.
    package let output: Digest
    /// SHA-256 of the final linear memory.
    package let finalState: Digest
    package let fuel: UInt64
    package let peakPages: UInt32
    package let outputBytes: UInt32

    package init(output: Digest, finalState: Digest, fuel: UInt64, peakPages: UInt32, outputBytes: UInt32) {
        (self.output, self.finalState, self.fuel) = (output, finalState, fuel)
        (self.peakPages, self.outputBytes) = (peakPages, outputBytes)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, output)
        encoder.data(2, finalState)
        encoder.unsigned(3, fuel)
        encoder.unsigned(4, UInt64(peakPages))
        encoder.unsigned(5, UInt64(outputBytes))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        output = try decoder.fixedBytes(1)
        finalState = try decoder.fixedBytes(2)
        fuel = try decoder.unsigned(3)
        peakPages = try decoder.unsigned32(4)
        outputBytes = try decoder.unsigned32(5)
    }
}

package struct Attestation: Hashable, Sendable, Message {
    /// The key of the provider's account.
    package let provider: PublicKey
    package let job: Digest
    /// In which it was signed.
    package let epoch: UInt64
    /// Compute units of all receipts together.
    package let computeUnits: UInt64
    /// 1...`JobLimits.receiptsMax`, ascending by task.
    package let receipts: [Receipt]
    package let signature: Signature

    package init(
        provider: PublicKey, job: Digest, epoch: UInt64, computeUnits: UInt64, receipts: [Receipt],
        signature: Signature
    ) {
        (self.provider, self.job, self.epoch) = (provider, job, epoch)
        (self.computeUnits, self.receipts, self.signature) = (computeUnits, receipts, signature)
    }

    package static func signing(
        job: Digest, epoch: UInt64, work: (computeUnits: UInt64, receipts: [Receipt]), key: SigningKey,
        chainID: ChainID
    ) -> Attestation {
        let (computeUnits, receipts) = work
        let unsigned = Attestation(
            provider: key.publicKey, job: job, epoch: epoch, computeUnits: computeUnits, receipts: receipts,
            signature: .zero)
        return Attestation(
            provider: key.publicKey, job: job, epoch: epoch, computeUnits: computeUnits, receipts: receipts,
            signature: key.sign(unsigned.message(chainID: chainID)))
    }

    /// RFC 6962 over the canonical receipts.
    package var root: Digest { MerkleTree.root(of: receipts.map(\.encoded)) }

    /// What is signed: provider, job, epoch, first index, count, compute units, root.
    package var content: Bytes {
        var encoder = Encoder()
        encoder.data(1, provider)
        encoder.data(2, job)
        encoder.unsigned(3, epoch)
        encoder.unsigned(4, UInt64(receipts.first?.taskIndex ?? 0))
        encoder.unsigned(5, UInt64(receipts.count))
        encoder.unsigned(6, computeUnits)
        encoder.data(7, root)
        return encoder.bytes
    }

    private func message(chainID: ChainID) -> Bytes {
        SigningDomain.attestation.message(chainID: chainID.bytes, content)
    }

    func signatureClaim(chainID: ChainID) -> SignatureClaim {
        SignatureClaim(key: provider, message: message(chainID: chainID), signature: signature)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, provider)
        encoder.data(2, job)
        encoder.unsigned(3, epoch)
        encoder.unsigned(4, computeUnits)
        encoder.messages(5, receipts)
        encoder.data(6, signature)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        provider = try decoder.fixedBytes(1)
        job = try decoder.fixedBytes(2)
        epoch = try decoder.unsigned(3)
        computeUnits = try decoder.unsigned(4)
        receipts = try decoder.messages(5, count: JobLimits.receiptsMax)
        signature = try decoder.fixedBytes(6)
        if receipts.isEmpty { throw .missing(field: 5) }
        for (left, right) in zip(receipts, receipts.dropFirst()) where left.taskIndex >= right.taskIndex {
            throw .invalid(field: 5)
        }
    }
}
