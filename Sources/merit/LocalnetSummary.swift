// What a run came to, for people and as `merit.testnet.1`.
import Foundation
import Ledger
import Node
import Primitives
import RPC

struct LocalnetSummary {
    struct LightQuery {
        let address, balance, height: String
        let verified: Bool
    }

    struct Supply {
        let genesis, minted, burned, sumOfAccounts: String
        let equal: Bool
    }

    let chainID: String
    var epochs: [(epoch: UInt64, EpochSummary)] = []
    var transfers = 0
    var tips: [(address: String, height: UInt64, appHash: String)] = []
    var lightQuery: LightQuery?
    var supply: Supply?
    var seconds = 0

    init(chainID: String) { self.chainID = chainID }

    var areAppHashesEqual: Bool { Set(tips.map(\.appHash)).count == 1 }

    /// The checks that did not hold, in words.
    var failures: [String] {
        var failures: [String] = []
        if !areAppHashesEqual { failures.append("app hashes differ") }
        if transfers == 0 { failures.append("no transfer was committed") }
        if lightQuery?.verified != true { failures.append("the light client could not verify a balance") }
        if supply?.equal != true { failures.append("the supply does not add up") }
        return failures
    }

    var json: JSON {
        .object([
            ("schema", .string("merit.testnet.1")), ("chain_id", .string(chainID)),
            (
                "validators",
                .array(
                    tips.map { tip in
                        .object([
                            ("address", .string(tip.address)), ("height", .string("\(tip.height)")),
                            ("app_hash", .string(tip.appHash)),
                        ])
                    })
            ),
            ("app_hash_equal", .bool(areAppHashesEqual)),
            ("epochs", .array(epochs.map { Self.json($0.epoch, $0.1) })),
            ("transfers", .string("\(transfers)")),
            (
                "light_query",
                lightQuery.map { query in
                    .object([
                        ("address", .string(query.address)), ("balance", .string(query.balance)),
                        ("height", .string(query.height)), ("verified", .bool(query.verified)),
                    ])
                } ?? .null
            ),
            (
                "supply",
                supply.map { supply in
                    .object([
                        ("genesis", .string(supply.genesis)), ("minted", .string(supply.minted)),
                        ("burned", .string(supply.burned)),
                        ("sum_of_accounts", .string(supply.sumOfAccounts)), ("equal", .bool(supply.equal)),
                    ])
                } ?? .null
            ),
            ("seconds", .string("\(seconds)")),
        ])
    }

    private static func json(_ epoch: UInt64, _ table: EpochSummary) -> JSON {
        .object([
            ("epoch", .string("\(epoch)")), ("height", .string("\(table.height)")),
            ("rewards_root", .string(Hex.upper(table.rewardsRoot.bytes))),
            ("slashes_root", .string(Hex.upper(table.slashesRoot.bytes))), ("rows", .string("\(table.rewardRows)")),
            ("paid", .string("\(table.paid)")), ("minted", .string("\(table.minted)")),
            ("burned", .string("\(table.burned)")),
            ("slashed", .string("\(table.slashed)")),
        ])
    }

    var text: String {
        var lines = ["", "epoch  height  rows  paid MRT          minted MRT        slashed"]
        for (epoch, table) in epochs {
            let cells = [
                pad("\(epoch)", 5), pad("\(table.height)", 6), pad("\(table.rewardRows)", 4),
                pad(tokens(table.paid), 16),
                pad(tokens(table.minted), 16), tokens(table.slashed),
            ]
            lines.append(cells.joined(separator: "  "))
        }
        lines.append("")
        for tip in tips { lines.append("validator \(tip.address)  height \(tip.height)  app hash \(tip.appHash)") }
        lines.append("app hashes equal: \(areAppHashesEqual ? "yes" : "NO")")
        lines.append("transfers committed: \(transfers)")
        if let lightQuery {
            lines.append(
                "light client: \(lightQuery.address) holds \(lightQuery.balance) at height \(lightQuery.height), "
                    + (lightQuery.verified ? "verified" : "NOT VERIFIED"))
        }
        if let supply {
            lines.append("supply: accounts, bonds and pools sum to what exists: \(supply.equal ? "yes" : "NO")")
        }
        lines.append("\(seconds) seconds")
        for failure in failures { lines.append("FAILED: \(failure)") }
        return lines.joined(separator: "\n")
    }

    private func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func tokens(_ amount: Amount) -> String {
        let fraction = String(String(1_000_000_000 + amount.units % 1_000_000_000).dropFirst())
        return "\(amount.units / 1_000_000_000).\(fraction)"
    }
}
