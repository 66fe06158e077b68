// Answers about the node itself: who it is, where it stands, whom it is linked with.
import Chain
import Cryptography
import Ledger
import Primitives
import Quorum
import RPC

enum APIVersion {
    /// tendermint-rs picks its dialect of CometBFT from this.
    static let dialect = "0.38.17"
    static let software = "0.1.0"
    static let peerProtocol = "1"
}

extension ChainReader {
    func statusAnswer(_ facts: NodeFacts) throws(RPCError) -> JSON {
        let set = try validators(at: tip.height.advanced())
        let key = facts.consensusKey ?? facts.transportKey
        let address = Hash.address(of: key)
        let power = set.index(of: address).map { set.validators[$0].power } ?? 0
        let answer: JSON = [
            "node_info": try nodeInfo(
                id: Hash.address(of: facts.transportKey), listen: facts.listenAddress, moniker: facts.moniker,
                rpc: facts.rpcAddress),
            "sync_info": try syncInfo(isCatchingUp: facts.isCatchingUp),
            "validator_info": ["address": .hex(address), "pub_key": key.json, "voting_power": .decimal(power)],
        ]
        return Ledger.jail(of: address, on: snapshot).map { answer.adding("jail", Self.json($0, facts)) } ?? answer
    }

    /// Beside CometBFT's members, and only while there is a jail.
    private static func json(_ jail: Jail, _ facts: NodeFacts) -> JSON {
        [
            "operator": .string(jail.operatorAddress.bech32), "epoch": .decimal(jail.epoch),
            "free_epoch": .decimal(jail.freeEpoch), "over": .bool(jail.isOver),
            "return_with": .string("merit stake unjail --key KEY.json --node http://\(facts.rpcAddress)"),
        ]
    }

    private func nodeInfo(id: Address, listen: String, moniker: String, rpc: String) throws(RPCError) -> JSON {
        [
            "protocol_version": [
                "p2p": .string(APIVersion.peerProtocol), "block": .decimal(Header.blockProtocol), "app": "1",
            ],
            "id": .string(Hex.lower(id.bytes)), "listen_addr": .string("tcp://\(listen)"),
            "network": .string(try view().chainID.description), "version": .string(APIVersion.dialect),
            "channels": "", "moniker": .string(moniker),
            "other": ["tx_index": "on", "rpc_address": .string("tcp://\(rpc)")],
        ]
    }

    private func syncInfo(isCatchingUp: Bool) throws(RPCError) -> JSON {
        func point(_ prefix: String, _ height: Height) throws(RPCError) -> [JSON.Member] {
            let header = height == .zero ? nil : try header(at: height)
            return [
                .init("\(prefix)_block_hash", .hex(header?.hash)),
                .init("\(prefix)_app_hash", .hex(header?.appHash)),
                .init("\(prefix)_block_height", .decimal(height)),
                .init("\(prefix)_block_time", .time(header?.time ?? .zero)),
            ]
        }
        let earliest = tip.height == .zero ? .zero : lowest
        return .object(
            try point("latest", tip.height) + point("earliest", earliest)
                + [.init("catching_up", .bool(isCatchingUp))])
    }

    func netInfoAnswer(_ facts: NodeFacts) throws(RPCError) -> JSON {
        var peers: [JSON] = []
        for peer in facts.peers {
            peers.append([
                "node_info": try nodeInfo(id: peer.id, listen: peer.host, moniker: "", rpc: ""),
                "is_outbound": .bool(peer.isOutbound),
                "connection_status": [
                    "Duration": .nanoseconds(peer.age), "SendMonitor": Self.monitor(peer.age, peer.bytesSent),
                    "RecvMonitor": Self.monitor(peer.age, peer.bytesReceived), "Channels": [],
                ],
                "remote_ip": .string(peer.host),
            ])
        }
        return [
            "listening": true, "listeners": [.string("Listener(@\(facts.listenAddress))")],
            "n_peers": .decimal(peers.count), "peers": .array(peers),
        ]
    }

    private static func monitor(_ age: Span, _ bytes: UInt64) -> JSON {
        let milliseconds = UInt64(max(1, age.nanoseconds / 1_000_000))
        let rate = bytes.multipliedReportingOverflow(by: 1000)
        return [
            "Start": .time(.zero), "Bytes": .decimal(bytes), "Samples": "0", "InstRate": "0", "CurRate": "0",
            "AvgRate": .decimal(rate.overflow ? 0 : rate.partialValue / milliseconds), "PeakRate": "0",
            "BytesRem": "0", "Duration": .nanoseconds(age), "Idle": "0", "TimeRem": "0", "Progress": .number(0),
            "Active": true,
        ]
    }
}
