// Answers about the state under the app hash: `abci_info` and `abci_query` with ICS-23 proofs (formats A10).
import Chain
import Codec
import Ledger
import Primitives
import RPC

/// Codes of a refused query; they stand in `response.code`.
enum QueryCode: UInt32 {
    case ok = 0
    case unknownPath = 1
    case badKey = 2
    case heightNotAvailable = 3
    case noProof = 4
}

struct StateQuery {
    let path: String
    let key: Bytes
    /// nil or 0 is the newest that can be answered.
    let height: Int64?
    let prove: Bool

    init(_ arguments: Arguments) throws(RPCError) {
        path = try arguments.text("path")
        key = try arguments.bytes("data", .hex) ?? []
        height = try arguments.integer("height")
        prove = try arguments.flag("prove")
        if let height, height < 0 { throw .badParameters("height is negative") }
    }
}

extension ChainReader {
    func infoAnswer() -> JSON {
        var response: JSON = ["data": "merit", "version": .string(APIVersion.software), "app_version": "1"]
        if tip.height > .zero { response = response.adding("last_block_height", .decimal(tip.height)) }
        return ["response": response.adding("last_block_app_hash", .base64(tip.appHash.bytes))]
    }

    /// The state after block `height` is proved by the header of `height + 1`, so a proof needs that header to exist.
    func queryAnswer(_ query: StateQuery) -> JSON {
        guard query.path == "/key" else { return refusal(query, .unknownPath, "unknown path; the one there is: /key") }
        guard (1...StateProofLimits.keyBytesMax).contains(query.key.count) else {
            return refusal(query, .badKey, "data is a state key of 1 to \(StateProofLimits.keyBytesMax) bytes")
        }
        if query.prove, tip.height == .zero {
            return refusal(query, .heightNotAvailable, "no header proves a state yet")
        }
        let newest = query.prove ? tip.height.lowered() : tip.height
        let asked = query.height.flatMap { Height(signed: $0) } ?? .zero
        let height = query.height == nil || asked == .zero ? newest : asked
        guard height <= newest else {
            return refusal(
                query, .heightNotAvailable,
                "height \(height) must be less than or equal to the current blockchain height \(newest)")
        }
        guard StateTree.root(at: height, in: snapshot) != nil else {
            return refusal(query, .heightNotAvailable, "the state of height \(height) is not available")
        }
        let value = StateTree.value(of: query.key, at: height, in: snapshot)
        guard query.prove else { return response(query, at: height, value: value, operations: .null) }
        guard let proof = StateTree.proof(for: query.key, version: height, in: snapshot) else {
            return refusal(query, .noProof, "a state without a leaf has no proof")
        }
        let operation: JSON = [
            "type": "ics23:smt", "key": .base64(query.key), "data": .base64(proof.encoded),
        ]
        return response(query, at: height, value: value, operations: ["ops": [operation]])
    }

    private func response(_ query: StateQuery, at height: Height, value: Bytes?, operations: JSON) -> JSON {
        answer(.ok, log: "", key: query.key, value: value, at: (height, operations))
    }

    private func refusal(_ query: StateQuery, _ code: QueryCode, _ log: String) -> JSON {
        answer(code, log: log, key: query.key, value: nil, at: (.zero, .null))
    }

    private func answer(
        _ code: QueryCode, log: String, key: Bytes, value: Bytes?, at place: (height: Height, operations: JSON)
    ) -> JSON {
        [
            "response": [
                "code": .number(code.rawValue), "log": .string(log), "info": "", "index": "0", "key": .base64(key),
                "value": .base64(value), "proofOps": place.operations, "height": .decimal(place.height),
                "codespace": .string(code == .ok ? "" : "merit"),
            ]
        ]
    }
}
