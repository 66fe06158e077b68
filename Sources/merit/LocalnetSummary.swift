// What a run came to: `merit.testnet.1`, and the same for people. Amounts are decimal strings in base units; counts,
// heights and seconds are numbers.
import Ledger
import Node
import Primitives
import RPC
import Rewards

struct LocalnetSummary {
    struct Tip {
        let address: String
        let height: UInt64
        let appHash: String
    }

    struct Table {
        let epoch: UInt64
        let summary: EpochSummary
        let rewards: [RewardRow]
        let slashes: [SlashRow]
    }

    struct TaskCounts {
        var submitted = 0
        var attested = 0
        var audited = 0
        var settled = 0
    }

    /// Tasks of class Q.
    struct PanelCounts {
        var asked = 0
        var drawn = 0
        var closed = 0
        var majorities = 0
        /// Results that were revealed and are not the majority's: nobody is paid for them.
        var minorityResults = 0
    }

    struct Provider {
        let address: Address
        let isCheater: Bool
        /// Settled tasks and their compute units.
        var tasks = 0
        var computeUnits: UInt64 = 0
        /// Provider parts of fees, and everything that it was paid.
        var fees = Amount.zero
        var paid = Amount.zero
        /// Provider parts of results that were refused.
        var withheld = Amount.zero
        /// Seats on closed panels: with the majority's result, with another one, and without one.
        var majoritySeats = 0
        var minoritySeats = 0
        var silentSeats = 0
    }

    struct LightQuery {
        let address: String
        let balance: String
        let height: UInt64
        let verified: Bool
    }

    struct Supply {
        let genesis, minted, burned, sumOfAccounts: String
        let equal: Bool
    }

    let chainID: String
    var tips: [Tip] = []
    var tables: [Table] = []
    var tasks: TaskCounts?
    /// nil where no job of class Q was submitted.
    var panels: PanelCounts?
    var providers: [Provider] = []
    var lightQuery: LightQuery?
    var supply: Supply?
    /// What the requester's work has to show, for people alone.
    var workload: [String] = []
    var seconds = 0
    /// What went wrong on the way without ending the run.
    var complaints: [String] = []

    init(chainID: String) { self.chainID = chainID }

    var areAppHashesEqual: Bool { Set(tips.map(\.appHash)).count == 1 }

    /// Slash rows of those who were told to cheat.
    var cheaterSlashes: [(epoch: UInt64, row: SlashRow)] {
        let cheaters = Set(providers.filter(\.isCheater).map(\.address))
        return slashes.filter { cheaters.contains($0.row.key.account) }
    }

    /// Everybody else who was slashed.
    var honestSlashed: Int {
        let cheaters = Set(providers.filter(\.isCheater).map(\.address))
        return Set(slashes.map(\.row.key.account)).subtracting(cheaters).count
    }

    private var slashes: [(epoch: UInt64, row: SlashRow)] {
        tables.flatMap { table in table.slashes.map { (table.epoch, $0) } }
    }

    /// The checks that did not hold, in words.
    var failures: [String] {
        var failures = complaints
        if !areAppHashesEqual { failures.append("app hashes differ") }
        if lightQuery?.verified != true { failures.append("the light client could not verify a balance") }
        if supply?.equal != true { failures.append("the supply does not add up") }
        if honestSlashed > 0 { failures.append("\(honestSlashed) honest participants were slashed") }
        for provider in providers {
            let caught = cheaterSlashes.contains {
                $0.row.key.account == provider.address && $0.row.key.offence == .wrongResult
            }
            if provider.isCheater, !caught {
                failures.append("\(provider.address.bech32) cheated and was not slashed for a wrong result")
            }
            if !provider.isCheater, tasks.map({ $0.settled > 0 }) ?? false, provider.paid == .zero {
                failures.append("\(provider.address.bech32) worked and was not paid")
            }
        }
        if let panels, panels.majorities == 0 {
            failures.append("no panel came to a majority, of \(panels.asked) tasks of class Q")
        }
        if let tasks, tasks.settled == 0 { failures.append("no task was settled") }
        return failures
    }
}

extension LocalnetSummary.PanelCounts {
    init(_ panels: [PanelRecord], asked: Int) {
        let closed = panels.filter { $0.phase == .closed }
        (self.asked, drawn, self.closed) = (asked, panels.count, closed.count)
        majorities = closed.count { $0.result != nil }
        minorityResults = closed.filter { $0.result != nil }.reduce(0) { sum, panel in
            sum + panel.seats.count { $0.result != nil && !panel.agrees($0) }
        }
    }
}

extension LocalnetSummary.Provider {
    /// One of its seats on a closed panel; without a majority a result is nobody's minority.
    mutating func count(_ seat: PanelSeat, on panel: PanelRecord) {
        if panel.agrees(seat) {
            majoritySeats += 1
        } else if seat.result == nil {
            silentSeats += 1
        } else if panel.result != nil {
            minoritySeats += 1
        }
    }
}

extension LocalnetSummary {
    var json: JSON {
        [
            "schema": "merit.testnet.1", "chain_id": .string(chainID),
            "validators": .array(
                tips.map {
                    [
                        "address": .string($0.address), "height": .number($0.height),
                        "app_hash": .string($0.appHash),
                    ]
                }),
            "app_hash_equal": .bool(areAppHashesEqual), "epochs": .array(tables.map(Self.json)),
            "tasks": Self.json(tasks ?? TaskCounts()), "panels": panels.map(Self.json) ?? .null,
            "providers": .array(providers.map(Self.json)),
            "cheaters": .array(
                cheaterSlashes.map {
                    [
                        "address": .string($0.row.key.account.bech32), "slashed": .string("\($0.row.amount)"),
                        "offence": .string($0.row.key.offence.label), "epoch": .number($0.epoch),
                    ]
                }),
            "honest_slashed": .number(honestSlashed),
            "light_query": lightQuery.map { query in
                [
                    "address": .string(query.address), "balance": .string(query.balance),
                    "height": .number(query.height), "verified": .bool(query.verified),
                ]
            } ?? .null,
            "supply": supply.map { supply in
                [
                    "genesis": .string(supply.genesis), "minted": .string(supply.minted),
                    "burned": .string(supply.burned), "sum_of_accounts": .string(supply.sumOfAccounts),
                    "equal": .bool(supply.equal),
                ]
            } ?? .null,
            "seconds": .number(seconds),
        ]
    }

    private static func json(_ table: Table) -> JSON {
        let summary = table.summary
        return [
            "epoch": .number(table.epoch), "height": .number(summary.height.value),
            "rewards_root": .hex(summary.rewardsRoot), "slashes_root": .hex(summary.slashesRoot),
            "rows": .number(summary.rewardRows), "paid": .string("\(summary.paid)"),
            "minted": .string("\(summary.minted)"), "burned": .string("\(summary.burned)"),
            "slashed": .string("\(summary.slashed)"),
        ]
    }

    private static func json(_ tasks: TaskCounts) -> JSON {
        [
            "submitted": .number(tasks.submitted), "attested": .number(tasks.attested),
            "audited": .number(tasks.audited), "settled": .number(tasks.settled),
        ]
    }

    private static func json(_ panels: PanelCounts) -> JSON {
        [
            "submitted": .number(panels.asked), "drawn": .number(panels.drawn), "closed": .number(panels.closed),
            "majorities": .number(panels.majorities), "minority_results": .number(panels.minorityResults),
        ]
    }

    private static func json(_ provider: Provider) -> JSON {
        [
            "address": .string(provider.address.bech32), "tasks": .number(provider.tasks),
            "cu": .number(provider.computeUnits), "fees": .string("\(provider.fees)"),
            "paid": .string("\(provider.paid)"), "withheld": .string("\(provider.withheld)"),
            "seats_majority": .number(provider.majoritySeats), "seats_minority": .number(provider.minoritySeats),
            "seats_silent": .number(provider.silentSeats),
        ]
    }
}
