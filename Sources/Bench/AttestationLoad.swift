// Attestations that the ledger accepts, one receipt and one signature each: real providers with bonds, a real program,
// jobs whose tasks the chain has assigned. Everything is signed before a clock starts.
package import Chain
import Codec
package import Cryptography
import Ledger
package import Primitives
import ProgramRules
package import Quorum

package struct AttestationLoad: Sendable {
    /// Does nothing: one page of memory, and `run` returns an empty output for every task.
    package static let program: Bytes = [
        0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00,
        0x01, 0x0D, 0x02, 0x60, 0x01, 0x7F, 0x01, 0x7F, 0x60, 0x03, 0x7F, 0x7F, 0x7F, 0x01, 0x7E,
        0x03, 0x03, 0x02, 0x00, 0x01,
        0x05, 0x04, 0x01, 0x01, 0x01, 0x01,
        0x07, 0x18, 0x03, 0x06, 0x6D, 0x65, 0x6D, 0x6F, 0x72, 0x79, 0x02, 0x00,
        0x05, 0x61, 0x6C, 0x6C, 0x6F, 0x63, 0x00, 0x00, 0x03, 0x72, 0x75, 0x6E, 0x00, 0x01,
        0x0A, 0x0C, 0x02, 0x05, 0x00, 0x41, 0x80, 0x08, 0x0B, 0x04, 0x00, 0x42, 0x00, 0x0B,
    ]
    package static let fuelLimit: UInt64 = 1_000_000
    private static let bid: UInt64 = 1_000
    private static let limits = TaskLimits(fuel: fuelLimit, outputBytes: 64, computeUnits: 16)

    package let providers: [SigningKey]
    package let requester: SigningKey
    package let tasks: Int

    package init(tasks: Int, providers: Int) {
        self.tasks = tasks
        requester = BenchKeys.key("requester", 0)
        self.providers = (0..<providers).map { BenchKeys.key("provider", $0) }
    }

    // MARK: Genesis

    package var accounts: [GenesisAccount] {
        let balance = Amount(1_000_000 * Amount.unitsPerToken)
        return (providers + [requester]).map { GenesisAccount(address: $0.address, balance: balance) }
    }

    /// Room for twice each provider's even share, since tasks are drawn.
    package func bonds(slotBond: Amount) -> [GenesisProvider] {
        let slots = UInt64(tasks / providers.count) * 2 / WorkLimits.tasksPerSlotMax + 8
        return providers.map { GenesisProvider(account: $0.address, bond: Amount(slots * slotBond.units)) }
    }

    // MARK: Setup

    /// In this order, to one node.
    package func setup(chainID: ChainID) -> [Item] {
        let offer = Offer(resource: 1, engineID: EngineIdentity.id, ask: Self.bid)
        var items = providers.map { provider in
            Self.item(provider, 0, .setOffers(SetOffers(offers: [offer])), chainID)
        }
        items.append(Self.item(requester, 0, .publish(Publish(kind: .program, bytes: Self.program)), chainID))
        for (number, job) in requests.enumerated() {
            items.append(Self.item(requester, UInt64(number) + 1, .submitJob(job), chainID))
        }
        return items
    }

    private static func item(_ key: SigningKey, _ sequence: UInt64, _ action: Action, _ chainID: ChainID) -> Item {
        let content = TransactionContent(sender: key.publicKey, sequence: sequence, action: action)
        return .transaction(Transaction(signing: content, by: key, chainID: chainID))
    }

    private var requests: [SubmitJob] {
        stride(from: 0, to: tasks, by: Int(JobLimits.tasksMax)).map { start in
            SubmitJob(
                program: Hash.sha256(Self.program), input: (nil, []),
                tasks: UInt32(min(tasks - start, Int(JobLimits.tasksMax))), limits: Self.limits,
                price: JobPrice(bid: Self.bid, resource: 1, engineID: EngineIdentity.id))
        }
    }

    package var jobs: [(id: Digest, tasks: UInt32)] {
        requests.enumerated().map { number, request in
            (request.id(sender: requester.address, sequence: UInt64(number) + 1), request.tasks)
        }
    }

    package var places: [TaskPlace] {
        jobs.flatMap { job in (0..<job.tasks).map { TaskPlace(job: job.id, index: $0) } }
    }

    // MARK: Load

    /// One attestation for each task, by the provider that has it; nil when a task is nobody's of this load.
    package func items(
        _ owners: [(place: TaskPlace, provider: Address)], result: TaskResult, terms: (epoch: UInt64, chain: ChainID)
    ) -> [Item]? {
        let keys = Dictionary(uniqueKeysWithValues: providers.map { ($0.address, $0) })
        let units = ComputeUnits.of(
            fuel: result.fuel, peakPages: result.peakPages, inputBytes: 0, outputBytes: result.outputBytes)
        var items: [Item] = []
        items.reserveCapacity(owners.count)
        for (place, provider) in owners {
            guard let key = keys[provider] else { return nil }
            let receipt = Receipt(taskIndex: place.index, result: result)
            items.append(
                .attestation(
                    Attestation.signing(
                        job: place.job, epoch: terms.epoch, work: (units, [receipt]), key: key, chainID: terms.chain)))
        }
        return items
    }

    /// Claims as these attestations make them, each by a key of its own over a message of its own.
    package static func claims(_ count: Int, chainID: ChainID) -> [SignatureClaim] {
        let result = TaskResult(output: .zero, finalState: .zero, fuel: 1, peakPages: 1, outputBytes: 0)
        return (0..<count).flatMap { number in
            Item.attestation(
                Attestation.signing(
                    job: Hash.sha256(UInt64(number).bigEndianBytes), epoch: 0,
                    work: (13, [Receipt(taskIndex: UInt32(number % 4_096), result: result)]),
                    key: BenchKeys.key("claim", number), chainID: chainID)
            ).signatureClaims(chainID: chainID)
        }
    }
}

/// Keys from a label and a number: nothing of value is behind them.
enum BenchKeys {
    static func key(_ label: String, _ number: Int) -> SigningKey {
        let seed = Hash.sha256(Bytes("bench \(label) \(number)".utf8))
        guard let key = SigningKey(seed: seed.bytes) else { preconditionFailure("a digest is a seed") }
        return key
    }
}
