// A signed proposal together with the key that must have signed it: what the verifier pool is given.
package import Cryptography
package import Primitives

package struct ProposalClaim: Signed, Hashable {
    package let statement: ProposalStatement
    package let chainID: ChainID
    package let key: PublicKey
    package let signature: Signature

    package init(statement: ProposalStatement, chainID: ChainID, key: PublicKey, signature: Signature) {
        (self.statement, self.chainID, self.key, self.signature) = (statement, chainID, key, signature)
    }

    package var signatureClaims: [SignatureClaim] {
        [SignatureClaim(key: key, message: statement.signBytes(chainID: chainID), signature: signature)]
    }
}
