// The breaker of an engine (rewards design, section 8): who was on losing sides within a day, the slashes that wait,
// and which validators say that the engine is at fault.
// Invariant: an account is locked while a slash of it waits; its lock counts these slashes.
import Chain
import Codec
package import Primitives
import Quorum
import Rewards

/// Validators on losing sides of one engine's disputes within one day-epoch.
struct EngineLossRecord: Hashable, Message {
    struct Loser: Hashable, Message {
        let operatorAddress: Address
        /// At the start of the disputed epoch.
        let stake: Amount

        init(_ operatorAddress: Address, stake: Amount) {
            (self.operatorAddress, self.stake) = (operatorAddress, stake)
        }

        func encode(into encoder: inout Encoder) {
            encoder.data(1, operatorAddress)
            encoder.unsigned(2, stake.units)
        }

        init(from decoder: inout Decoder) throws(DecodeError) {
            operatorAddress = try decoder.fixedBytes(1)
            stake = Amount(try decoder.unsigned(2))
        }
    }

    let day: UInt64
    /// Ascending, each once with its largest stake.
    private(set) var losers: [Loser] = []

    init(day: UInt64) { self.day = day }

    mutating func add(_ operatorAddress: Address, stake: Amount) {
        let before = losers.first { $0.operatorAddress == operatorAddress }?.stake ?? .zero
        losers.removeAll { $0.operatorAddress == operatorAddress }
        losers.append(Loser(operatorAddress, stake: max(stake, before)))
        losers.sort { $0.operatorAddress < $1.operatorAddress }
    }

    var stake: Amount { losers.reduce(.zero) { $0.credited($1.stake) } }

    func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, day + 1)
        encoder.messages(2, losers)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        let dayPlusOne = try decoder.unsigned(1)
        if dayPlusOne == 0 { throw .missing(field: 1) }
        day = dayPlusOne - 1
        losers = try decoder.messages(2, count: 2 * Limits.validatorsMax)
    }
}

/// A slash that waits; the key names the engine, the epoch whose end executes it, the offence, account and dispute.
struct DeferredSlashRecord: Hashable, Message {
    let task: TaskPlace
    /// A provider's slash, or a validator's stake at the offence.
    let amount: Amount
    /// Of the slashed provider: who is paid.
    let reporter: Address?
    let voters: [EngineLossRecord.Loser]

    init(task: TaskPlace, amount: Amount, reporter: Address?, voters: [EngineLossRecord.Loser]) {
        (self.task, self.amount, self.reporter, self.voters) = (task, amount, reporter, voters)
    }

    func encode(into encoder: inout Encoder) {
        encoder.message(1, task)
        encoder.unsigned(2, amount.units)
        if let reporter { encoder.data(3, reporter) }
        encoder.messages(4, voters)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        task = try decoder.message(1)
        amount = Amount(try decoder.unsigned(2))
        reporter = try decoder.optionalFixedBytes(3)
        voters = try decoder.messages(4, count: Limits.validatorsMax)
    }
}

/// Where a slash waits.
struct DeferredSlashKey: Hashable {
    let engine: Digest
    let due: UInt64
    let slash: SlashKey

    var bytes: Bytes {
        StateKey.deferredSlashes(of: engine) + due.bigEndianBytes + [UInt8(slash.offence.rawValue)]
            + slash.account.bytes + slash.evidence.bytes
    }

    init(engine: Digest, due: UInt64, slash: SlashKey) {
        (self.engine, self.due, self.slash) = (engine, due, slash)
    }

    /// From a state key without its tag.
    init(_ id: Bytes) {
        guard id.count == 93, let engine = Digest(id.prefix(32)), let due = UInt64(bigEndian: id[32..<40]),
            let offence = SlashOffence(rawValue: UInt32(id[40])), let account = Address(id[41..<61]),
            let evidence = Digest(id[61..<93])
        else { preconditionFailure("deferred slash key \(Hex.lower(id))") }
        self.init(engine: engine, due: due, slash: SlashKey(account: account, offence: offence, evidence: evidence))
    }
}

/// How many slashes of an account wait: neither bond nor vesting leaves meanwhile.
struct LockRecord: Hashable, Message {
    let slashes: UInt64

    init(slashes: UInt64) { self.slashes = slashes }

    func encode(into encoder: inout Encoder) { encoder.unsigned(1, slashes) }
    init(from decoder: inout Decoder) throws(DecodeError) {
        slashes = try decoder.unsigned(1)
        if slashes == 0 { throw .missing(field: 1) }
    }
}

/// "The engine is at fault", by a validator's operator.
struct DeclarationRecord: Hashable, Message {
    let height: Height

    init(_ height: Height) { self.height = height }

    func encode(into encoder: inout Encoder) { encoder.signed(1, height.signed) }
    init(from decoder: inout Decoder) throws(DecodeError) { height = try decoder.height(1) }
}

extension StateKey {
    static func engineLoss(_ engine: Digest) -> Bytes { [StateTag.engineLoss.rawValue] + engine.bytes }
    static func deferredSlashes(of engine: Digest) -> Bytes { [StateTag.deferredSlash.rawValue] + engine.bytes }
    package static func lock(_ account: Address) -> Bytes { [StateTag.lock.rawValue] + account.bytes }
    static func declarations(of engine: Digest) -> Bytes { [StateTag.declaration.rawValue] + engine.bytes }
    static func declaration(_ engine: Digest, by operatorAddress: Address) -> Bytes {
        declarations(of: engine) + operatorAddress.bytes
    }
}
