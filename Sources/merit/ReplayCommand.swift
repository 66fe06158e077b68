// `merit replay`: executes every stored block again from the genesis and compares what comes out with what is stored:
// roots, results, tables, and the money counted anew from the records themselves.
import ArgumentParser
import Chain
import Codec
import Foundation
import Ledger
import Node
import NodeCore
import Primitives
import Quorum
import RPC
import Storage

struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Execute a stored chain again and compare.",
        discussion: """
            Works on the store of a node that is stopped, or on a copy of its data/chain folder. Ends with 1 and names \
            the height and the fact that differs when the store is not what its own blocks say.
            """)

    @OptionGroup var options: HomeOptions
    @Option(help: ArgumentHelp("A copy of data/chain to read instead of the home's own.", valueName: "folder"))
    var store: String?
    @OptionGroup var output: OutputOptions

    func run() throws {
        let genesis = try options.node.loadGenesis()
        let folder = store ?? options.node.path + "/data/chain"
        let stored = try LedgerStore(folder: folder, chainID: genesis.chainID.bytes)
        let replay = try ChainReplay(genesis: genesis, stored: stored)
        let started = Date()
        do throws(ReplayDifference) {
            var report = Date()
            try replay.run { height, tip in
                guard Date().timeIntervalSince(report) > 2 else { return }
                report = Date()
                FileHandle.standardError.write(Data("replayed \(height) of \(tip)\n".utf8))
            }
            try replay.compareTables()
        } catch {
            Merit.leave("replay differs from the store: \(error)", 1)
        }
        let sum = Ledger.sumOfAccounts(replay.state, at: replay.view.tip.height)
        answer(replay, sum, seconds: Date().timeIntervalSince(started))
        if sum != replay.view.supply { throw ExitCode(1) }
    }

    private func answer(_ replay: ChainReplay, _ sum: Supply?, seconds: Double) {
        let recorded = replay.view.supply
        let equal = sum == recorded && recorded.isConserved
        let held = sum?.sides.held ?? 0
        let members: [(String, JSON)] = [
            ("height", .string("\(replay.view.tip.height)")),
            ("app_hash", .string(Hex.upper(replay.view.appHash.bytes))),
            ("blocks", .string("\(replay.blocks)")), ("items", .string("\(replay.items)")), ("equal", .bool(true)),
            (
                "supply",
                .object([
                    ("genesis", .string("\(recorded.genesis)")), ("minted", .string("\(recorded.minted)")),
                    ("burned", .string("\(recorded.burned)")),
                    ("sum_of_accounts", .string("\(held - UInt128(recorded.burned.units))")), ("equal", .bool(equal)),
                ])
            ),
        ]
        let text = """
            \(replay.blocks) blocks and \(replay.items) items give the stored roots, results and tables (\
            \(String(format: "%.1f", seconds)) s)
            height \(replay.view.tip.height), app hash \(Hex.upper(replay.view.appHash.bytes))
            accounts, bonds and pools sum to genesis + minted - burned: \(equal ? "yes" : "NO")
            """
        output.answer("replay", members, text: text)
    }
}

/// The first fact in which a replay and a store differ.
enum ReplayDifference: Error, CustomStringConvertible {
    case missingBlock(Height)
    case unreadableBlock(Height)
    case refusedBlock(Height, BlockError)
    case genesis
    case results(Height)
    case appHash(Height)
    case table(Table, key: Bytes)

    var description: String {
        switch self {
        case .missingBlock(let height): "block \(height) is not in the store"
        case .unreadableBlock(let height): "block \(height) does not decode"
        case .refusedBlock(let height, let error): "block \(height) breaks a rule: \(error)"
        case .genesis: "the genesis file is not the store's"
        case .results(let height): "the results of block \(height) differ"
        case .appHash(let height): "the state after block \(height) has another root"
        case .table(let table, let key): "table \(table) differs at key \(Hex.lower(key))"
        }
    }
}

final class ChainReplay {
    private let stored: LedgerStore
    private(set) var state = MemoryStore()
    private(set) var view: LedgerView
    private(set) var blocks = 0
    private(set) var items = 0
    private let tip: Height

    init(genesis: Genesis, stored: LedgerStore) throws {
        let first = try Ledger.genesis(genesis)
        guard let view = LedgerView(stored.snapshot()), view.genesisHash == genesis.hash else {
            throw ReplayDifference.genesis
        }
        (self.stored, self.view, tip) = (stored, first.next, view.tip.height)
        state.commit(first.writes)
    }

    func run(_ progress: (Height, Height) -> Void) throws(ReplayDifference) {
        while view.tip.height < tip {
            try step()
            progress(view.tip.height, tip)
        }
    }

    private func step() throws(ReplayDifference) {
        let height = view.height
        let key = height.value.bigEndianBytes
        let snapshot = stored.snapshot()
        guard let bytes = snapshot.load(.blocks, key: key), let proof = snapshot.load(.commits, key: key) else {
            throw .missingBlock(height)
        }
        guard let block = Block.decoded(bytes), let commit = Commit.decoded(proof) else {
            throw .unreadableBlock(height)
        }
        let transition: Transition
        do throws(BlockError) {
            transition = try Ledger.apply(block, id: commit.blockID, on: state, view: view)
        } catch {
            throw .refusedBlock(height, error)
        }
        guard snapshot.load(.results, key: key) == ResultList(results: transition.results).encoded else {
            throw .results(height)
        }
        state.commit(transition.writes)
        view = transition.next
        (blocks, items) = (blocks + 1, items + block.items.count)
    }

    /// State and epoch rows, entry by entry, in both directions.
    func compareTables() throws(ReplayDifference) {
        let snapshot = stored.snapshot()
        guard let stored = LedgerView(snapshot), stored.appHash == view.appHash else { throw .appHash(view.tip.height) }
        for table in [Table.state, .rows, .headers, .validatorSets] {
            var key: Bytes = []
            while true {
                let (left, right) = (snapshot.first(table, from: key), state.first(table, from: key))
                guard left?.key == right?.key, left?.value == right?.value else {
                    throw .table(table, key: left?.key ?? right?.key ?? key)
                }
                guard let entry = left else { break }
                key = entry.key + [0]
            }
        }
    }
}
