// Why a provider was paid, asked of a real node and checked by the real program, then kept in a file and checked
// without any node; and every byte of what is kept matters.
import Client
import Codec
import Foundation
import Ledger
import Primitives
import RPC
import Rewards
import Testing

struct PaidProvider {
    let account: String
    let node: String
    let genesisHash: String
    let folder: String

    /// In the epoch whose table has its fee.
    func check(epoch: UInt64) throws {
        let file = folder + "/why.json"
        let run = try Program.run([
            "query", "why", account, "--epoch", "\(epoch)", "--node", node, "--genesis-hash", genesisHash, "--out",
            file,
            "--json",
        ])
        try #require(run.code == 0, "\(run.complaint)")
        let answer = try JSON(parsing: Bytes(run.output), max: 1 << 22)
        #expect(answer["schema"] == "merit.why.1" && answer["verified"] == true && answer["anchored"] == true)
        let rows = try answer.elements("rewards", max: 100)
        let fee = try #require(rows.first { $0["kind"] == "fee" })
        #expect(fee["amount"] != "0")
        #expect(try fee.elements("steps", max: 10).count == 2)
        let header = try "\(answer.text("header_height")):\(answer.text("header_hash"))"

        let kept = ["query", "why", "--offline", file, "--json"]
        let offline = try Program.run(kept + ["--trust", header])
        #expect(offline.code == 0 && offline.output == run.output, "\(offline.complaint)")
        let unanchored = try JSON(parsing: Bytes(try Program.run(kept).output), max: 1 << 22)
        #expect(unanchored["anchored"] == false)
        let other = header.dropLast() + (header.hasSuffix("0") ? "1" : "0")
        #expect(try Program.run(kept + ["--trust", String(other)]).code == 3)
        try checkBytes(file)
    }

    private func checkBytes(_ file: String) throws {
        let json = try JSON(parsing: Bytes(try Data(contentsOf: URL(fileURLWithPath: file))), max: 1 << 24)
        let bytes = try json.base64("explanation")
        let honest = try Explanation(decoding: bytes)
        #expect(try honest.check().rewards.contains { $0.row.key.kind == .fee })
        var held: [Int] = []
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1
            do {
                let other = try Explanation(decoding: changed)
                _ = try other.check()
                held.append(place)
            } catch {
                continue
            }
        }
        // An explanation of another account or epoch would need rows of it.
        #expect(held == [], "bytes that do not matter, of \(bytes.count)")
    }
}
