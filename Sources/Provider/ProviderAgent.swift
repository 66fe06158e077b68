// The agent of a provider: a light client that finds its tasks, executes them and hands in receipts. It decides by
// `WorkPlan`; here is everything that touches the world. One thread runs it; executor processes run beside it, and a
// thread that listens for blocks. A block is a reason to look and nothing more: a node that lies about blocks, or tells
// of none, makes the agent look too often or every two seconds.
// Invariant: no task is executed and no receipt signed before the chain's own record of it was proved from the genesis
// hash. It keeps nothing on disk but outputs and sealed results: after a restart it computes anew what is still open.
import Chain
import Client
import Codec
import Cryptography
import Execution
import Ledger
import LightClient
package import Logging
import Primitives
import ProgramRules
import Quorum

package struct ProviderAgent {
    let settings: ProviderSettings
    let outputs: OutputStore
    let logger: Logger
    let cheat: Cheat
    let workers: Workers
    var chain: ChainView
    var plan = WorkPlan()
    var jobs = JobBook()
    var answers = AnswerPlan()
    var admission = AdmissionPlan()
    var panels: PanelPlan
    /// nil where no results of panels are kept.
    let panelResults: PanelResults?
    var sequences = SequencePlan()
    /// How far the own admission was at the last look; empty when admitted.
    var admissionText = ""
    /// Known once a node with the right genesis answered.
    var chainID: ChainID?
    var epoch: UInt64 = 0
    var offers: OfferPlan?
    private let blocks: BlockWatch
    private var pace = LookPace(now: .now)
    private var nextOffers = ContinuousClock.now
    private var lastFailure = ""
    private var lastLoss = ""
    /// Nodes in a row whose genesis is another one.
    private var foreign = 0

    package init(_ settings: ProviderSettings, outputs: OutputStore, logger: Logger) {
        (self.settings, self.outputs, self.logger) = (settings, outputs, logger)
        cheat = Cheat(rate: settings.cheatRate)
        panels = PanelPlan(provider: settings.key.address)
        panelResults = Self.results(settings, logger)
        workers = Workers(count: settings.workers, command: settings.executor)
        blocks = BlockWatch(settings.nodes[0]) { [workers] in workers.nudge() }
        chain = ChainView(
            nodes: settings.nodes,
            follower: LightFollower(
                genesisHash: settings.genesisHash, checkpoint: settings.checkpoint, options: settings.trust),
            now: settings.now)
    }

    var account: Address { settings.key.address }

    private static func results(_ settings: ProviderSettings, _ logger: Logger) -> PanelResults? {
        guard let folder = settings.panelsFolder, !settings.engines.isEmpty else { return nil }
        do { return try PanelResults(folder: folder) } catch {
            logger.error(
                "results of panels are not kept", metadata: ["folder": "\(folder)", "reason": "\(error)"])
            return nil
        }
    }

    /// Works until it is asked to stop, or until it cannot be a provider of this chain. Blocks its thread.
    package mutating func run(until flag: StopFlag) -> ProviderEnd {
        blocks.start()
        defer {
            blocks.stop()
            workers.stop()
        }
        var farewell: ContinuousClock.Instant?
        while true {
            let finished = workers.collect()
            for task in finished { finish(task) }
            if flag.isSet, mayLeave(&farewell) { return .stopped }
            if !finished.isEmpty { pace.hurry() }
            listen()
            // An idle worker waits for no block.
            if let end = finished.isEmpty ? step() : refill() ?? step() { return end }
            workers.wait(upTo: min(pace.rest(at: .now), ProviderLimits.restMax))
        }
    }

    /// The last receipts may take a moment once nothing runs any more.
    private mutating func mayLeave(_ farewell: inout ContinuousClock.Instant?) -> Bool {
        plan.stop()
        panels.stop()
        if plan.isIdle, panels.isIdle {
            if panels.sealedCount > 0 {
                logger.warning(
                    "sealed results wait to be revealed: start again soon, silence costs bond",
                    metadata: ["seats": "\(panels.sealedCount)"])
            }
            return true
        }
        guard workers.idleCount == settings.workers else { return false }
        let end = farewell ?? ContinuousClock.now.advanced(by: ProviderLimits.farewell)
        farewell = end
        return ContinuousClock.now >= end
    }

    /// Takes in what the stream of events said since the last time.
    private mutating func listen() {
        let news = blocks.news()
        if news.hasBlock {
            lastLoss = ""
            pace.hurry()
        }
        guard let reason = news.loss else { return }
        if reason != lastLoss {
            logger.info("stream of blocks lost", metadata: ["node": "\(chain.node)", "reason": "\(reason)"])
        }
        lastLoss = reason
        turn()
    }

    /// From now on the next node is asked and listened to: blocks of another node than the asked one say little.
    mutating func turn() {
        chain.turn()
        blocks.follow(chain.node)
    }

    /// Looks and acts, when it is time to.
    private mutating func step() -> ProviderEnd? {
        guard pace.begin(at: .now) else { return nil }
        do throws(ChainViewError) {
            if let end = try look() { return end }
            try act()
            if !lastFailure.isEmpty { logger.info("node answers", metadata: ["node": "\(chain.node)"]) }
            (lastFailure, foreign) = ("", 0)
            return nil
        } catch {
            return failed(error)
        }
    }

    /// Gives idle workers their next tasks without asking for news first.
    private mutating func refill() -> ProviderEnd? {
        do throws(ChainViewError) {
            try perform(plan.nextRuns(idleWorkers: workers.idleCount))
            try runAdmission()
            try runPanels()
            return nil
        } catch {
            return failed(error)
        }
    }

    private mutating func look() throws(ChainViewError) -> ProviderEnd? {
        if chainID == nil {
            let found = try chain.chainID()
            logger.info("chain", metadata: ["chain": "\(found)", "node": "\(chain.node)"])
            chainID = found
        }
        if ContinuousClock.now >= nextOffers {
            if let end = try keepOffers() { return end }
            nextOffers = ContinuousClock.now.advanced(by: ProviderLimits.offersInterval)
        }
        let hint = try chain.hint(of: account)
        epoch = hint.epoch
        try answer(hint.challenges, tip: hint.tip)
        observeAdmission(hint)
        panels.observe(hint.seats, at: hint.tip)
        let delivered = plan.observe(hint.open, at: hint.tip, isComplete: hint.isComplete)
        if !delivered.isEmpty {
            logger.info("receipts in the state", metadata: ["tasks": "\(delivered.count)", "height": "\(hint.tip)"])
        }
        return nil
    }

    private mutating func failed(_ error: ChainViewError) -> ProviderEnd? {
        if case .proof(.answer(.wrongHeight)) = error { return nil }
        let text = "\(error)"
        if text != lastFailure {
            logger.warning(
                "asking the next node", metadata: ["node": "\(chain.node)", "reason": "\(text.prefix(200))"])
        }
        lastFailure = text
        pace.failed(at: .now)
        if chainID != nil, error.isTrustExpired { return .trustExpired }
        if let hash = error.foreignGenesis {
            foreign += 1
            if foreign >= settings.nodes.count { return .wrongGenesis(hash) }
        }
        turn()
        return nil
    }

    // MARK: Offers

    /// Sends the own offers when those on the chain differ.
    private mutating func keepOffers() throws(ChainViewError) -> ProviderEnd? {
        var height: Height?
        guard try chain.record(StateKey.provider(account), as: ProviderRecord.self, at: &height) != nil else {
            return .notAProvider(account)
        }
        let record: WorkRecord? = try chain.record(StateKey.work(account), at: &height)
        if offers == nil {
            // Without an own price, what stands on the chain already is kept.
            var ask = settings.ask ?? record?.offers.first?.ask ?? 0
            if ask == 0 { ask = try chain.floorPrice() }
            let offer = Offer(resource: 1, engineID: EngineIdentity.id, ask: ask)
            let wanted = [offer] + (try panelOffers(record))
            offers = OfferPlan(wanted: SetOffers(offers: wanted, endpoint: settings.endpoint))
        }
        let tip = max(height ?? .zero, plan.tip)
        guard let wanted = offers?.wanted, offers?.isDue(record, tip: tip) == true,
            let (code, log) = try submit(.setOffers(wanted))
        else { return nil }
        let facts: Logger.Metadata = [
            "ask": "\(wanted.offers.first?.ask ?? 0)",
            "engines": "\(settings.engines.map(\.name).joined(separator: " "))",
            "endpoint": "\(String(decoding: wanted.endpoint, as: UTF8.self))",
            "code": "\(code)", "log": "\(log)",
        ]
        if code == 0 {
            logger.info("offers sent", metadata: facts)
        } else {
            logger.warning("offers refused", metadata: facts)
        }
        return nil
    }

    /// One for each external engine, at the own price, the one that stands on the chain, or the floor price.
    private func panelOffers(_ record: WorkRecord?) throws(ChainViewError) -> [Offer] {
        var offers: [Offer] = []
        for engine in settings.engines {
            guard let id = PanelEngine.id(engine.name) else { continue }
            let resource: UInt32 = 2
            let before = record?.offers.first { $0.resource == resource && $0.engineID == id }
            var ask = settings.ask ?? before?.ask ?? 0
            if ask == 0 { ask = try chain.floorPrice("open") }
            offers.append(Offer(resource: resource, engineID: id, ask: ask))
        }
        return offers
    }
}
