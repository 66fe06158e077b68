// The running node as the server of questions sees it. It forwards and counts, and decides nothing.
import API
import Auditor
import Cryptography
import Ledger
import Node
import NodeCore
import Primitives
import Storage
import Transport

struct ServedNode: NodeFacade {
    private let node: RunningNode
    let commits: CommitSignal

    init(_ node: RunningNode) {
        self.node = node
        commits = CommitSignal(tip: node.status.tip.height)
    }

    func snapshot() -> StoreSnapshot { node.snapshot() }

    func submit(_ items: [Bytes]) async -> [Reply.Answer] { await node.submit(items) }

    /// Passes every committed height on, until the node stops or the task is cancelled.
    func followCommits() async {
        guard let heights = node.board.heights() else { preconditionFailure("the first follower of a fresh node") }
        // A height may have been committed between the signal's beginning and here.
        commits.advance(to: node.status.tip.height)
        for await height in heights { commits.advance(to: height) }
    }

    var facts: NodeFacts {
        let (own, status, traffic) = (node.facts, node.status, node.transport.counters)
        var facts = NodeFacts(
            moniker: own.moniker, transportKey: own.transportKey, consensusKey: own.validator,
            listenAddress: own.listenAddress.description, rpcAddress: own.rpcAddress.description)
        (facts.isCatchingUp, facts.round) = (status.isCatchingUp, status.round)
        facts.peers = node.connected.map { peer in
            PeerFacts(
                id: peer.connection.peer, host: SocketAddress(peer.connection.address)?.host ?? "",
                isOutbound: peer.connection.outbound, age: .seconds(peer.age))
        }
        facts.itemsCommitted = status.counters.items
        (facts.itemsOpen, facts.batchesWaiting) = (UInt64(status.itemsOpen), UInt64(status.batchesWaiting))
        facts.signaturesChecked = Ed25519.checks
        for kind in FrameClass.allCases {
            facts.bytesReceived += traffic.received[kind].bytes
            facts.bytesSent += traffic.sent[kind].bytes
        }
        facts.metrics = metrics(status.counters, traffic) + (node.audits.map(Self.metrics) ?? [])
        return facts
    }

    private static func metrics(_ audits: AuditDesk.Counters) -> [Metric] {
        [
            Metric(
                "audit_duties", .gauge, UInt64(clamping: audits.duties),
                help: "Tasks that this validator's key drew in epochs that are not closed."),
            Metric(
                "audit_verdicts_committed", .gauge, UInt64(clamping: audits.committed),
                help: "Own verdicts under a commit in epochs that are not closed."),
            Metric("audits_executed_total", .counter, audits.executed, help: "Tasks re-executed for audits and votes."),
            Metric("audits_failed_total", .counter, audits.failed, help: "Executions that this machine failed."),
            Metric("dispute_votes_total", .counter, audits.votes, help: "Votes in disputes that were handed in."),
            Metric(
                "audit_objections_total", .counter, audits.objections,
                help: "Digests of other auditors that were objected to."),
        ]
    }

    private func metrics(_ counters: NodeStatus.Counters, _ traffic: TransportCounters) -> [Metric] {
        let dropped = FrameClass.allCases.reduce(UInt64(0)) { $0 + traffic.dropped[$1].frames }
        return [
            Metric("core_passes_total", .counter, counters.passes, help: "Passes of the core."),
            Metric("core_events_total", .counter, counters.events, help: "Events that the core took."),
            Metric("journal_syncs_total", .counter, counters.journalSyncs, help: "Syncs of the journal."),
            Metric("signatures_made_total", .counter, counters.signatures, help: "Own signatures and proofs."),
            Metric(
                "signatures_refused_total", .counter, counters.refusedSignatures,
                help: "Signatures that the signing record refused."),
            Metric("penalties_total", .counter, counters.penalties, help: "Rules that peers broke."),
            Metric(
                "frames_oversize_total", .counter, counters.oversizeFrames, help: "Own messages too long for a frame."),
            Metric(
                "frames_dropped_inbound_total", .counter, node.framesDropped, help: "Frames the core had no room for."),
            Metric("frames_dropped_outbound_total", .counter, dropped, help: "Frames that slow peers lost."),
            Metric("dials_total", .counter, traffic.dials, help: "Attempts to reach persistent peers."),
            Metric("links_refused_total", .counter, traffic.refusals, help: "Links that ended before they were up."),
        ]
    }
}
