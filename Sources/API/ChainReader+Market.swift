// Answers about the market: jobs and their tasks, providers, prices, published bytes, and the tables of settled epochs.
// For people and programs that trust the node; whoever does not proves the same records with `abci_query`.
import Chain
import Codec
import Ledger
import Primitives
import ProgramRules
import RPC
import Rewards

/// Which page, as `validators` takes it.
struct PageQuery {
    private let number: Int64?
    private let size: Int64?

    init(_ arguments: Arguments) throws(RPCError) {
        number = try arguments.integer("page")
        size = try arguments.integer("per_page")
    }

    /// A page that was not asked for by number exists even where nothing stands on it.
    func range(of count: Int) throws(RPCError) -> Range<Int> {
        try ChainReader<MemoryStore>.page(number, perPage: size, of: count)
    }
}

extension Arguments {
    func digest(_ name: String) throws(RPCError) -> Digest {
        guard let bytes = try bytes(name, .hex) else { throw .badParameters("\(name) is missing") }
        guard let digest = Digest(bytes) else { throw .badParameters("\(name) is not 32 bytes") }
        return digest
    }

    func account(_ name: String) throws(RPCError) -> Address? {
        let text = try text(name)
        if text.isEmpty { return nil }
        guard let address = Address(bech32: text) else { throw .badParameters("\(name) is no account (merit1…)") }
        return address
    }
}

extension ChainReader {
    // MARK: Jobs

    func jobAnswer(_ id: Digest, _ page: PageQuery) throws(RPCError) -> JSON {
        guard let job: JobRecord = try load(.state, StateKey.job(id)) else { throw .failed("job \(id) not found") }
        if job.request.replicas > 0 { return try panelJobAnswer(id, job, page) }
        let tasks = Ledger.tasks(of: id, limit: Int(job.next), on: snapshot)
        let range = try page.range(of: tasks.count)
        var states: [JSON.Member] = [.init("waiting", .number(job.end - min(job.next, job.end)))]
        for state in TaskState.allCases {
            states.append(.init(state.label, .number(tasks.count { $0.record.state == state })))
        }
        let view = try view()
        let shown = tasks[range].map { entry in
            entry.record.json(
                index: entry.place.index, Ledger.disputeOutlook(entry.place, on: snapshot, view: view))
        }
        return [
            "height": .decimal(tip.height), "job": job.json(id: id, states: .object(states)),
            "tasks": .array(shown),
            "count": .decimal(range.count), "total": .decimal(tasks.count), "panels": [],
        ]
    }

    /// Of class Q: a page of panels, where other jobs have tasks.
    private func panelJobAnswer(_ id: Digest, _ job: JobRecord, _ page: PageQuery) throws(RPCError) -> JSON {
        let panels = Ledger.panels(of: id, limit: Int(job.next), on: snapshot)
        let range = try page.range(of: panels.count)
        var states: [JSON.Member] = [.init("waiting", .number(job.end - min(job.next, job.end)))]
        for label in ["sealing", "revealing", "majority", "no_majority"] {
            states.append(.init(label, .number(panels.count { $0.panel.label == label })))
        }
        let shown = panels[range].map { entry in
            entry.panel.json(index: entry.place.index, isDue: Ledger.isPanelDue(entry.place, on: snapshot))
        }
        return [
            "height": .decimal(tip.height), "job": job.json(id: id, states: .object(states)), "tasks": [],
            "count": .decimal(range.count), "total": .decimal(panels.count), "panels": .array(shown),
        ]
    }

    func assignmentsAnswer(_ provider: Address, _ page: PageQuery) throws(RPCError) -> JSON {
        let work: WorkRecord? = try load(.state, StateKey.work(provider))
        let seats = Ledger.seats(of: provider, limit: APILimits.seatsMax, on: snapshot)
        let count = max(0, Int(clamping: work?.openTasks ?? 0) - seats.count)
        let range = try page.range(of: count)
        var entries: [JSON] = []
        for entry in Ledger.assignments(of: provider, limit: range.upperBound, on: snapshot).dropFirst(range.lowerBound)
        {
            let task: TaskRecord? = try load(.state, StateKey.task(entry.place))
            entries.append([
                "job": .hex(entry.place.job), "index": .number(entry.place.index),
                "deadline": .decimal(entry.record.deadline), "budget": .decimal(task?.budget ?? 0),
            ])
        }
        let challenges = Ledger.openChallenges(of: provider, on: snapshot).map { open -> JSON in
            ["height": .decimal(open.height), "beacon": .hex(open.beacon)]
        }
        return [
            "height": .decimal(tip.height), "epoch": .decimal(try view().epoch.number),
            "assignments": .array(entries), "challenges": .array(challenges),
            "admission": AdmissionStatus.json(
                Ledger.admission(of: provider, on: snapshot),
                tasks: Ledger.openAdmissionTasks(of: provider, limit: APILimits.admissionsMax, on: snapshot)),
            "count": .decimal(entries.count),
            "total": .decimal(count), "seats": .array(seats.map { Self.json($0.panel, $0.place, of: provider) }),
        ]
    }

    private static func json(_ panel: PanelRecord, _ place: TaskPlace, of provider: Address) -> JSON {
        let seat = panel.seats.first { $0.provider == provider }
        return [
            "job": .hex(place.job), "index": .number(place.index), "phase": .string(panel.phase.label),
            "deadline": .decimal(panel.deadline), "answered": .bool(seat.map { !panel.isWaitedFor($0) } ?? true),
        ]
    }

    func blobAnswer(_ digest: Digest) throws(RPCError) -> JSON {
        guard let bytes = snapshot.load(.blobs, key: digest.bytes) else { throw .failed("blob \(digest) not found") }
        return ["digest": .hex(digest), "size": .decimal(bytes.count), "bytes": .base64(bytes)]
    }

    // MARK: Epochs

    /// The summary of an epoch, the newest settled one without a number.
    private func summary(_ asked: Int64?) throws(RPCError) -> (epoch: UInt64, summary: EpochSummary) {
        let running = try view().epoch.number
        guard running > 0 else { throw .failed("no epoch is settled yet") }
        guard let epoch = asked.map({ UInt64(exactly: $0) }) ?? running - 1, epoch < running,
            let summary: EpochSummary = try load(.state, StateKey.epochSummary(epoch))
        else { throw .failed("epoch \(asked ?? 0) is not settled, the newest settled epoch is \(running - 1)") }
        return (epoch, summary)
    }

    func epochAnswer(_ asked: Int64?) throws(RPCError) -> JSON {
        let (epoch, summary) = try summary(asked)
        return summary.json(epoch: epoch)
    }

    func rewardsAnswer(_ asked: Int64?, of account: Address?, _ page: PageQuery) throws(RPCError) -> JSON {
        let (epoch, summary) = try summary(asked)
        // An account has at most one row of each kind and asset.
        let most = account == nil ? Int(clamping: summary.rewardRows) : Int(APILimits.pageMax)
        let range = try account == nil ? page.range(of: most) : 0..<most
        var rows: [JSON] = []
        for bytes in Ledger.rows(.rewards, epoch: epoch, of: account, at: range, on: snapshot) {
            let row: RewardRow = try Self.row(bytes)
            rows.append(row.json)
        }
        return Self.table(epoch, rows, total: account == nil ? most : rows.count)
    }

    func slashesAnswer(_ asked: Int64?, _ page: PageQuery) throws(RPCError) -> JSON {
        let (epoch, summary) = try summary(asked)
        let total = Int(clamping: summary.slashRows)
        var rows: [JSON] = []
        for bytes in Ledger.rows(.slashes, epoch: epoch, at: try page.range(of: total), on: snapshot) {
            let row: SlashRow = try Self.row(bytes)
            rows.append(row.json)
        }
        return Self.table(epoch, rows, total: total)
    }

    func whyAnswer(_ asked: Int64?, of account: Address) throws(RPCError) -> JSON {
        let (epoch, summary) = try summary(asked)
        let limits = (rows: Int(APILimits.pageMax), table: APILimits.provedTableMax)
        func rows(_ table: EpochTable) throws(RPCError) -> JSON {
            guard let rows = Ledger.provedRows(table, epoch: epoch, of: account, limits: limits, on: snapshot) else {
                throw .failed(
                    "the tables of epoch \(epoch) have over \(APILimits.provedTableMax) rows: too many to prove")
            }
            return .array(rows.map(\.json))
        }
        return [
            "epoch": .decimal(epoch), "height": .decimal(summary.height), "account": .string(account.bech32),
            "rewards": try rows(.rewards), "slashes": try rows(.slashes),
        ]
    }

    static func row<Row: Message>(_ bytes: Bytes) throws(RPCError) -> Row {
        do { return try Row(decoding: bytes) } catch { throw .failed("a stored row does not decode: \(error)") }
    }

    private static func table(_ epoch: UInt64, _ rows: [JSON], total: Int) -> JSON {
        [
            "epoch": .decimal(epoch), "rows": .array(rows), "count": .decimal(rows.count), "total": .decimal(total),
        ]
    }

    // MARK: Market

    func providersAnswer(_ page: PageQuery) throws(RPCError) -> JSON {
        let (total, entries) = try Ledger.providers(
            { (count) throws(RPCError) in try page.range(of: count) }, on: snapshot)
        return [
            "height": .decimal(tip.height), "providers": .array(entries.map(\.json)),
            "count": .decimal(entries.count), "total": .decimal(total),
        ]
    }

    func accountAnswer(_ account: Address) throws(RPCError) -> JSON {
        let epoch = try view().epoch.number
        return Ledger.holdings(of: account, epoch: epoch, on: snapshot).json(
            account, at: tip.height, epoch: epoch, datesMax: APILimits.releasesMax)
    }

    func supplyAnswer() -> JSON {
        let report = Ledger.supplyReport(on: snapshot)
        let places = report.places.map { place -> JSON in
            ["name": .string(place.name), "amount": .decimal(place.amount.units)]
        }
        return [
            "height": .decimal(tip.height), "places": .array(places), "genesis": .decimal(report.supply.genesis.units),
            "minted": .decimal(report.supply.minted.units), "reserve": .decimal(report.supply.reserve.units),
            "equal": .bool(report.isExact),
        ]
    }

    func marketAnswer() throws(RPCError) -> JSON {
        let view = try view()
        let prices = Ledger.floorPrices(on: snapshot)
        let market = view.parameters.rewards.market
        return [
            "height": .decimal(tip.height),
            "floor_prices": ["cpu": .decimal(prices.cpu), "open": .decimal(prices.open)],
            "engine_ids": [.hex(EngineIdentity.id)], "slot_bond": .decimal(market.slotBond.units),
            "task_cap": .decimal(view.parameters.rewards.fees.taskCap.units),
            "budget_blocks_min": .decimal(market.budgetBlocksMin),
            "epoch": [
                "number": .decimal(view.epoch.number), "start_height": .decimal(view.epoch.startHeight),
                "start_time": .time(view.epoch.startTime),
            ],
        ]
    }
}
