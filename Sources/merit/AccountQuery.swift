// `merit query account`: what an account has and when it can spend it; with --csv what it earned and lost, by epoch.
import ArgumentParser
import Foundation
import Primitives
import RPC

struct AccountQuery: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "What an account has: free, bonded, leaving, held and vesting, with dates.",
        discussion: """
            Epochs stand for dates: a part of a grant is free after the last block of its epoch, bond that left at the
            start of its. What stands behind validators of others is shown at its worth now, with what a claim pays.
            With --csv the rows of the account in every settled epoch are printed for accounting, slashes with a minus;
            amounts in MRT (credits in their own unit). A validator's slash is what all stake behind it lost, what
            others delegated too; what a delegator claims or loses stands in no table.

              merit query account merit1… --node http://127.0.0.1:26657
              merit query account merit1… --node http://127.0.0.1:26657 --csv --from 0 --to 30 > income.csv
            """)

    @Argument(help: "The account, merit1….") var address: String
    @OptionGroup var options: NodeOptions
    @Flag(help: "Print each reward and slash as a line of comma-separated values.") var csv = false
    @Option(help: "With --csv: the first epoch.") var from: UInt64 = 0
    @Option(help: "With --csv: the last epoch; by default the newest settled one.") var to: UInt64?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard Address(bech32: address) != nil else { throw ValidationError("\(address) is no account, merit1…") }
        guard csv || (from == 0 && to == nil) else { throw ValidationError("--from and --to belong to --csv") }
        guard !(csv && output.json) else { throw ValidationError("--csv or --json, not both") }
        guard from <= to ?? .max else { throw ValidationError("--from \(from) is after --to \(to ?? 0)") }
    }

    func run() throws {
        do {
            if csv { return try printIncome() }
            let found = try options.ask("account", ["account": .string(address)])
            output.answer("query-account", [("result", found)], text: try Self.text(found))
        } catch let error as ShapeError {
            Merit.leave("\(options.node): no answer of the protocol: \(error)", 1)
        }
    }

    static func text(_ found: JSON) throws(ShapeError) -> String {
        func tokens(_ json: JSON, _ name: String) throws(ShapeError) -> String {
            Amount(try json.decimal(name)).tokens
        }
        let bonds = try found.member("bonds")
        var table = TextTable(["what", "MRT", "when"])
        table.add(["free", try tokens(found, "balance"), "now"])
        let unlocked: UInt64 = try found.decimal("unlocked")
        let isLocked = try found.flag("locked")
        let decided = "when the slashes that wait are decided"
        if unlocked > 0 {
            table.add(["unlocked", Amount(unlocked).tokens, isLocked ? decided : "free with the next transaction"])
        }
        for role in ["validator", "provider"] {
            let bond: UInt64 = try bonds.decimal(role)
            if bond > 0 { table.add(["bond, \(role)", Amount(bond).tokens, isLocked ? decided : "after unbonding"]) }
        }
        try addDelegations(of: found, to: &table)
        for part in try found.elements("unbonding", max: 1 << 16) {
            let role = try part.text("role")
            table.add(["leaving, \(role)", try tokens(part, "amount"), "epoch \(try part.text("free_epoch")) begins"])
        }
        for (name, when) in [("held", "when the provider leaves class Q"), ("credits", "for fees only")] {
            let amount: UInt64 = try found.decimal(name)
            if amount > 0 { table.add([name, Amount(amount).tokens, when]) }
        }
        table.add(["vesting", try tokens(found, "vesting"), "as follows"])
        for release in try found.elements("releases", max: 1 << 16) {
            table.add(["  of it", try tokens(release, "amount"), "epoch \(try release.text("epoch")) ends"])
        }
        let place = "height \(try found.text("height")), epoch \(try found.text("epoch"))"
        let head = "\(try found.text("address")) at \(place)"
        var notes: [String] = []
        if isLocked {
            notes.append(
                "Slashes of it wait for their engine: bond and what vests are locked, whatever dates stand here.")
        }
        let referrer = try found.text("referrer")
        if !referrer.isEmpty { notes.append("Referred by \(referrer), who is paid a part of its fees for a time.") }
        if try found.flag("takes_credits") { notes.append("Its fees as a provider are paid in credits.") }
        if !notes.isEmpty { notes.insert("", at: 0) }
        return ([head, ""] + table.lines + notes).joined(separator: "\n")
    }

    private static func addDelegations(of found: JSON, to table: inout TextTable) throws(ShapeError) {
        for part in try found.elements("delegations", max: Limits.validatorsMax) {
            let validator = try part.text("validator")
            for (name, what, when) in [
                ("worth", "behind \(validator)", "after unbonding"),
                ("joining", "  joining it", "this epoch ends"),
                ("maturing", "  came from another", "when it answers for that one no more"),
                ("leaving", "  leaving it", "after unbonding"),
                ("claimable", "  earned there", "with `merit stake claim`"),
            ] {
                let amount: UInt64 = try part.decimal(name)
                if amount > 0 || name == "worth" { table.add([what, Amount(amount).tokens, when]) }
            }
        }
    }

    // MARK: For accounting

    private func printIncome() throws {
        let newest: UInt64 = try options.ask("epoch").decimal("epoch")
        let last = min(to ?? newest, newest)
        print(Income.header)
        var epoch = from
        while epoch <= last {
            let summary = try options.ask("epoch", ["epoch": .decimal(epoch)])
            let header = try options.ask("header", ["height": summary.member("height")]).member("header")
            let income = Income(epoch: epoch, height: try summary.text("height"), date: try header.text("time"))
            let rows = try options.ask("rewards", ["epoch": .decimal(epoch), "account": .string(address)])
            for row in try rows.elements("rows", max: 100) { print(try income.line(reward: row)) }
            for row in try slashes(epoch) { print(try income.line(slash: row)) }
            epoch += 1
        }
    }

    private func slashes(_ epoch: UInt64) throws -> [JSON] {
        var (page, read, found): (Int, UInt64, [JSON]) = (1, 0, [])
        while true {
            let answer = try options.ask(
                "slashes", ["epoch": .decimal(epoch), "page": .decimal(page), "per_page": "100"])
            let rows = try answer.elements("rows", max: 100)
            found += rows.filter { $0["account"] == .string(address) }
            (page, read) = (page + 1, read + UInt64(rows.count))
            let total: UInt64 = try answer.decimal("total")
            if rows.isEmpty || read >= total { return found }
        }
    }
}

/// Lines of an epoch. No field holds a comma or a quote: dates, numbers, names of the protocol and hex.
struct Income {
    static let header = "date,epoch,height,kind,asset,amount,reason,evidence"

    let epoch: UInt64
    let height: String
    let date: String

    func line(reward row: JSON) throws(ShapeError) -> String {
        line([
            try row.text("kind"), try row.text("asset"), Amount(try row.decimal("amount")).tokens,
            try row.text("reason"), try row.text("evidence"),
        ])
    }

    func line(slash row: JSON) throws(ShapeError) -> String {
        line([
            "slash", "mrt", "-" + Amount(try row.decimal("amount")).tokens, try row.text("offence"),
            try row.text("evidence"),
        ])
    }

    private func line(_ rest: [String]) -> String { ([date, "\(epoch)", height] + rest).joined(separator: ",") }
}
