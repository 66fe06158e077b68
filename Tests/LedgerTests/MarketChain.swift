// A chain with a market: accounts 20 to 22 may provide, 30 and 31 may ask; each holds 100,000 MRT. Rows of text are
// items; jobs are numbered in the order in which they were accepted.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import ProgramRules
import Rewards
import Testing

struct MarketChain {
    /// The smallest program that the scan accepts: one page of memory.
    static let program: Bytes = [
        0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00,
        0x01, 0x0D, 0x02, 0x60, 0x01, 0x7F, 0x01, 0x7F, 0x60, 0x03, 0x7F, 0x7F, 0x7F, 0x01, 0x7E,
        0x03, 0x03, 0x02, 0x00, 0x01,
        0x05, 0x04, 0x01, 0x01, 0x01, 0x01,
        0x07, 0x18, 0x03, 0x06, 0x6D, 0x65, 0x6D, 0x6F, 0x72, 0x79, 0x02, 0x00,
        0x05, 0x61, 0x6C, 0x6C, 0x6F, 0x63, 0x00, 0x00, 0x03, 0x72, 0x75, 0x6E, 0x00, 0x01,
        0x0A, 0x0C, 0x02, 0x05, 0x00, 0x41, 0x80, 0x08, 0x0B, 0x04, 0x00, 0x42, 0x00, 0x0B,
    ]
    static let input = Bytes("weights".utf8)

    var chain: TestChain
    var jobs: [Digest] = []
    private var sequences: [UInt8: UInt64] = [:]
    /// Providers that answer every challenge in the block after it.
    var present: [UInt8] = [20, 21, 22]

    /// `more` accounts hold money too; `stakes` of the validators in MRT, 10,000 each where it is empty.
    init(
        settings: [Setting] = TestChain.standard, more: [UInt8] = [], stakes: [UInt64] = [], listed: [UInt8] = []
    ) throws {
        let rich: [UInt8] = [20, 21, 22, 30, 31] + more
        let genesis = TestChain.genesis(
            validators: 4, settings: settings, newcomers: rich, stakes: stakes, listed: listed)
        chain = try TestChain(genesis: genesis, newcomers: rich)
    }

    static func address(_ number: UInt8) -> Address { TestKeys(number).account.address }

    // MARK: Rows

    struct Options {
        let values: [Substring: Substring]
        init(_ words: some Sequence<Substring>) {
            var values: [Substring: Substring] = [:]
            for word in words {
                let sides = word.split(separator: "=", maxSplits: 1)
                values[sides[0]] = sides.count == 2 ? sides[1] : ""
            }
            self.values = values
        }
        func number(_ name: Substring, _ standard: UInt64) -> UInt64 { values[name].flatMap { UInt64($0) } ?? standard }
        func has(_ name: Substring) -> Bool { values[name] != nil }
    }

    static func offers(_ options: Options) -> [Offer] {
        let engine = options.has("engine") ? Digest.zero : EngineIdentity.id
        let offer = Offer(
            resource: UInt32(options.number("class", 1)), engineID: engine, ask: options.number("ask", 1000))
        return options.has("twice") ? [offer, offer] : options.has("none") ? [] : [offer]
    }

    static func request(_ options: Options) -> SubmitJob {
        let fuel = options.number("fuel", 1_000_000)
        let input: Digest? = options.has("input") ? Hash.sha256(Self.input) : options.has("noinput") ? .zero : nil
        return SubmitJob(
            program: options.has("noprogram")
                ? .zero : Hash.sha256(options.number("class", 1) == 2 ? Self.input : program),
            input: (input, Bytes("abc".utf8)), tasks: UInt32(options.number("tasks", 2)),
            limits: TaskLimits(
                fuel: fuel, outputBytes: UInt32(options.number("output", 1024)),
                computeUnits: options.number("cu", 16)),
            price: JobPrice(
                bid: options.number("bid", 1000), resource: UInt32(options.number("class", 1)),
                engineID: options.has("engine") ? .zero : EngineIdentity.id,
                assurance: options.number("assurance", 0), paysCredits: options.has("credits"),
                replicas: UInt32(options.number("replicas", 0))))
    }

    func action(_ verb: Substring, _ options: Options) -> Action? {
        let tokens = Amount(options.number("mrt", 0) * TestChain.token)
        switch verb {
        case "publish":
            let junk = options.has("junk") ? [0xFF] : Bytes()
            return .publish(
                options.has("input")
                    ? Publish(kind: .input, bytes: Self.input)
                    : Publish(kind: .program, bytes: Self.program + junk))
        case "provide":
            return .registerProvider(RegisterProvider(bond: tokens, offers: Self.offers(options)))
        case "offer": return .setOffers(SetOffers(offers: Self.offers(options)))
        case "bond": return .bondProvider(BondChange(amount: tokens))
        case "unbond": return .unbondProvider(BondChange(amount: tokens))
        case "job": return .submitJob(Self.request(options))
        case "cancel": return .cancelJob(CancelJob(job: job(options)))
        case "refer":
            return .registerRequester(
                RegisterRequester(referrer: Self.address(UInt8(options.number("by", 31)))))
        case "buy": return .buyCredits(BuyCredits(amount: Amount(options.number("units", tokens.units))))
        case "elect": return .electPay(ElectPay(takesCredits: options.has("credits")))
        default: return nil
        }
    }

    private func job(_ options: Options) -> Digest {
        let number = Int(options.number("job", 0))
        return number < jobs.count ? jobs[number] : .zero
    }

    /// The item of a row, without its expectation.
    mutating func item(_ row: Substring) throws -> Item {
        let words = row.split(separator: " ")
        let sender = try #require(UInt8(words[0]))
        let options = Options(words.dropFirst(2))
        if words[1] == "attest" { return attestation(by: sender, options) }
        if words[1] == "answer" { return answer(by: sender, options) }
        return send(sender, try #require(action(words[1], options), "\(row)"))
    }

    /// The sender's next transaction.
    mutating func send(_ sender: UInt8, _ action: Action) -> Item {
        let sequence = sequences[sender] ?? chain.account(sender).nextSequence
        sequences[sender] = sequence + 1
        return TestChain.item(sender, sequence, action)
    }

    func attestation(by sender: UInt8, _ options: Options) -> Item {
        let tasks = (options.values["tasks"] ?? "0").split(separator: ",").compactMap { UInt32($0) }
        let result = TaskResult(
            output: Hash.sha256(Bytes("out".utf8)), finalState: Hash.sha256(Bytes("memory".utf8)),
            fuel: options.number("fuel", 500_000), peakPages: UInt32(options.number("pages", 1)), outputBytes: 3)
        let receipts = tasks.map { Receipt(taskIndex: $0, result: options.has("abstain") ? nil : result) }
        let total = options.has("abstain") ? 0 : 16 * UInt64(tasks.count)
        return .attestation(
            Attestation.signing(
                job: job(options), epoch: options.number("epoch", chain.view.epoch.number),
                work: (options.number("total", total), receipts), key: TestKeys(sender).account,
                chainID: TestChain.chainID))
    }

    typealias Row = (item: Item, expected: String, text: Substring)

    /// Runs a table: each row `sender verb options -> rule`; rows up to a line `block` are one block, `block n` makes
    /// n blocks, and rows at the end are one more.
    mutating func run(_ table: String, seconds: Int64 = 1) throws {
        var rows: [Row] = []
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words[0] == "block" {
                try close(&rows, seconds: seconds)
                let count = words.count > 1 ? try #require(Int(words[1])) : 1
                for _ in 1..<count { try chain.advance(answers(), seconds: seconds) }
            } else {
                let sides = line.split(separator: "->")
                try #require(sides.count == 2, "\(line)")
                rows.append((try item(sides[0]), String(sides[1].filter { $0 != " " }), line))
            }
        }
        if !rows.isEmpty { try close(&rows, seconds: seconds) }
    }

    /// One block of these rows; each result is the expected one.
    private mutating func close(_ rows: inout [Row], seconds: Int64) throws {
        let batches: TestBatches = rows.isEmpty ? [] : [(0, rows.map(\.item))]
        let results = try chain.advance(batches + answers(), seconds: seconds).dropFirst()
        for (row, result) in zip(rows, results) {
            let label = result.code == 0 ? "ok" : LedgerRule(rawValue: result.code)?.label
            #expect(label == row.expected, "\(row.text)")
            noteJob(row.item, result)
        }
        rows = []
    }

    mutating func noteJob(_ item: Item, _ result: ItemResult) {
        guard result.code == 0, case .transaction(let transaction) = item,
            case .submitJob(let request) = transaction.content.action
        else { return }
        let sender = Hash.address(of: transaction.content.sender)
        jobs.append(request.id(sender: sender, sequence: transaction.content.sequence))
    }

    // MARK: State

    func job(_ number: Int) -> JobRecord? { WorkingState(chain.store).load(StateKey.job(jobs[number])) }

    func task(_ number: Int, _ index: UInt32) -> TaskRecord? {
        let record: TaskRecord? = WorkingState(chain.store).load(
            StateKey.task(TaskPlace(job: jobs[number], index: index)))
        return record?.seen(in: chain.view.epoch.number)
    }

    func provider(_ account: UInt8) -> ProviderRecord? {
        WorkingState(chain.store).load(StateKey.provider(Self.address(account)))
    }

    func bond(_ provider: UInt8) -> Amount? { self.provider(provider)?.bond }

    func reputation(_ provider: UInt8) -> Reputation? {
        self.provider(provider).map { WorkingState(chain.store).reputation($0.number) }
    }

    func work(_ provider: UInt8) -> WorkRecord? {
        WorkingState(chain.store).load(StateKey.work(Self.address(provider)))
    }

    /// A reward row of an epoch's table.
    func row(
        _ account: UInt8, _ kind: RewardKind, epoch: UInt64, asset: RewardAsset = .token
    ) throws -> RewardRow? {
        let key = RewardKey(account: Self.address(account), kind: kind, asset: asset)
        return try TableRows(.rewards, epoch: epoch, of: key.account, on: chain.store)
            .map { try RewardRow(decoding: $0.row) }.first { $0.key == key }
    }

    /// Money is where the totals say, counted from the records.
    func checkMoney() throws {
        let supply = chain.view.supply
        #expect(supply.isConserved)
        #expect(try #require(Ledger.sumOfAccounts(chain.store, at: chain.view.tip.height)) == supply)
    }
}
