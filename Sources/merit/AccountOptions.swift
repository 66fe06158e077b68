// Signing with an account's key and following the transaction until it stands in a block.
import ArgumentParser
import Chain
import Client
import Codec
import Cryptography
import Foundation
import Ledger
import Node
import Primitives
import Quorum
import RPC

struct AccountOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The account's key file (HOME/keys/account.json).", valueName: "file")) var key: String
    @Option(help: ArgumentHelp("A file with the key's passphrase.", valueName: "file")) var passphraseFile: String?

    func signer() throws -> SigningKey {
        let passphrase = try Passphrase.find(file: passphraseFile, prompt: "Passphrase")
        return try KeyFile.load(.account, at: key, passphrase: passphrase)
    }
}

extension NodeOptions {
    /// Of the chain that the node follows.
    func chainID() throws -> ChainID {
        let network = try ask("status").member("node_info").text("network")
        guard let chainID = ChainID(network.utf8) else { throw ValidationError("\(network) is no chain") }
        return chainID
    }

    /// What the chain says of a provider's work.
    func reputation(_ number: ProviderNumber) throws -> Reputation {
        let page: ProviderPage<Reputation>? = try record(StateKey.reputations(page: number.page))
        return page?[number.seat] ?? Reputation()
    }

    /// The record under a state key, as the node says.
    func record<Record: Message>(_ key: Bytes, as type: Record.Type = Record.self) throws -> Record? {
        let answer = try ask("abci_query", ["path": "/key", "data": .string(Hex.lower(key))])
        let value = try answer.member("response").base64("value")
        return try value.isEmpty ? nil : Record(decoding: value)
    }

    /// Signs an action, hands it in and waits until it stands in a block; the sequence it took. Ends the process, with
    /// the rule and the way out, when it is refused.
    func perform(_ action: Action, by key: SigningKey) throws -> UInt64 {
        let sequence = try account(key.address).account.nextSequence
        let content = TransactionContent(sender: key.publicKey, sequence: sequence, action: action)
        let item = Item.transaction(Transaction(signing: content, by: key, chainID: try chainID())).encoded
        let word = try ask("broadcast_tx_sync", ["tx": .string(Base64.encode(item))])
        if word["code"] != .number(0) { refused(try word.number("code"), try word.text("log")) }
        let result = try committed(Hash.sha256(item)).member("tx_result")
        if result["code"] != .number(0) { refused(try result.number("code"), try result.text("log")) }
        return sequence
    }

    /// Height and result of an item that was handed in, once it stands in a block; ends the process after a minute.
    func committed(_ hash: Digest) throws -> JSON {
        let deadline = Date().addingTimeInterval(60)
        let client = try client()
        let blocks = BlockPause(try url())
        while Date() < deadline {
            do throws(ClientError) {
                return try client.call("tx", ["hash": .string(Base64.encode(hash.bytes))])
            } catch {
                // An error of the call itself says that it is in no block yet.
                if case .refused = error {} else { Merit.leave("\(node): \(error)", 4) }
            }
            blocks.wait()
        }
        Merit.leave(
            "\(node): transaction \(hash) is in no block after 60 s; check with `merit query status` that blocks are "
                + "made, and ask again with `curl '\(node)/tx?hash=0x\(hash)'`", 4)
    }

    private func refused(_ code: UInt32, _ log: String) -> Never {
        let way = Rule(rawValue: code).flatMap(\.wayOut).map { ": \($0)" } ?? ""
        Merit.leave("\(node): refused, \(log)\(way)", 1)
    }
}

extension Rule {
    /// What to do about a refusal, where there is something to do.
    fileprivate var wayOut: String? {
        switch self {
        case .unknownAccount, .feeUnpayable:
            "the account holds too little for the fee; fund it with `merit tx transfer --to`"
        case .nonceStale, .nonceGap: "another transaction of this account is under way; run the command again"
        case .insufficientBalance:
            "the account holds less than that takes; fund it, or for a job lower --bid, --tasks or the limits"
        case .bidBelowFloor: "raise --bid to the floor price that `merit job estimate --node` shows"
        case .escrowAboveCap: "limit of compute units times bid is above the cap of a task; lower --fuel or --bid"
        case .escrowBelowMinimum: "limit of compute units times bid is below the smallest fee; raise --bid"
        case .limitBelowWork: "raise --compute-units, or leave it out to have it computed from the other limits"
        case .badAssurance: "--assurance is in ppm, above the chain's least audit rate and at most 1000000"
        case .programRefused: "`merit program check FILE` names the rule that the program breaks"
        case .unknownJob: "check the id; `merit job submit` prints it"
        case .notTheRequester: "only the account that submitted a job may cancel it"
        case .nothingToCancel: "every task was given to a provider already"
        case .bondBelowSlot: "--bond covers no slot; `slot_bond` of `curl NODE/market` is the least"
        case .providerExists: "it has a bond already; `merit provider start` sets its offers"
        case .requesterRegistered: "an account is registered once: by `merit tx register-requester` or its first job"
        case .selfReferral: "--referrer is the account itself; name the one that referred it"
        case .unknownReferrer: "--referrer has never held anything; check the account"
        case .insufficientCredits: "buy more with `merit credits buy`, or pay in MRT"
        case .notAProvider: "only a provider elects its pay: `merit provider register` first"
        case .disputeWindowClosed: "the window closed before it came into a block; it is too late"
        case .disputeExists: "somebody disputed it first; `merit audit` shows the votes"
        case .depositTooSmall: "the work's price has risen meanwhile; run the command again"
        case .badTaskCount: "--tasks is 1 to \(JobLimits.tasksMax)"
        default: nil
        }
    }
}
