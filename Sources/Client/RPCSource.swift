// Light blocks from a node: header and commit of `commit`, the sets of `validators`, page by page.
import Chain
package import LightClient
package import Primitives
package import Quorum
import RPC

package struct RPCSource: LightSource {
    private let client: RPCClient

    package init(_ client: RPCClient) { self.client = client }

    package func lightBlock(at height: Height) throws(LightSourceError) -> LightBlock {
        let answer = try ask("commit", ["height": .decimal(height)])
        let header: Header
        let commit: Commit
        do throws(ShapeError) {
            let signed = try answer.member("signed_header")
            header = try Header(json: try signed.member("header"))
            commit = try Commit(json: try signed.member("commit"))
        } catch {
            throw .malformed
        }
        return LightBlock(
            signedHeader: SignedHeader(header: header, commit: commit), validators: try validators(at: height),
            nextValidators: try validators(at: height.advanced()))
    }

    package func validators(at height: Height) throws(LightSourceError) -> ValidatorSet {
        var members: [Validator] = []
        for page in 1...ClientLimits.validatorPagesMax {
            let answer = try ask(
                "validators", ["height": .decimal(height), "page": .decimal(page), "per_page": "100"])
            do throws(ShapeError) {
                for member in try answer.elements("validators", max: 100) {
                    members.append(try Validator(json: member))
                }
                let total: Int = try answer.decimal("total")
                guard try answer.height("block_height") == height else { throw .wrongForm("block_height") }
                if members.count < total { continue }
            } catch {
                throw .malformed
            }
            do { return try ValidatorSet(ordered: members) } catch { throw .malformed }
        }
        throw .malformed
    }

    private func ask(_ method: String, _ parameters: JSON) throws(LightSourceError) -> JSON {
        do throws(ClientError) { return try client.call(method, parameters) } catch {
            switch error {
            case .exchange: throw .unreachable
            case .notJSON, .shape: throw .malformed
            case .refused: throw .notAvailable
            }
        }
    }
}
