// The market inside one block: bounds on what a block does for it, what waits for the block's end, and the draw of a
// provider. Invariant of the draw: it depends on the beacon, the job, the task and the candidates alone, so every node
// draws the same; nobody knows the beacon of the block after his job's.
import Chain
import Cryptography
import Primitives
import Rewards

package enum WorkLimits {
    /// Tasks that one block assigns; the rest waits for the next.
    package static let assignmentsPerBlockMax = 4_096
    /// Waiting jobs that one block looks at, oldest first.
    package static let queueVisitsPerBlockMax = 256
    /// Blocks that a job waits for which no provider was free.
    package static let queueDelayBlocks: UInt64 = 4
    /// Open tasks of one provider for each of its slots.
    package static let tasksPerSlotMax: UInt64 = 64
    /// Receipts that one block issues again to providers that are not admitted.
    static let issuesPerBlockMax = 16
    /// Records of providers that are not admitted that one block looks at, from a place that its beacon names. Whoever
    /// took its bond back keeps its record.
    static let newcomersPerBlockMax = 256
}

/// What the market keeps while a block is executed.
struct WorkInBlock {
    /// Published bytes.
    var blobs = WriteBatch()
    /// That count in this block, in its order.
    var receipts: [DueReceipt] = []
    /// Tasks whose provider abstained; they end as late ones do.
    var abstained: [TaskPlace] = []
    /// Panels that everybody answered in this block.
    var completePanels: [TaskPlace] = []
    /// Of the settlement: what each provider earned on panels, and v of the largest task.
    var panelPay: [Address: (pay: Amount, part: Amount)] = [:]
}

struct ProviderDraw {
    struct Candidate {
        let account: Address
        let slots: UInt64
        let weight: UInt128
        let offers: [Offer]
        var openTasks: UInt64
        var openFuel: UInt64

        init(_ account: Address, slots: UInt64, _ work: WorkRecord, _ reputation: Reputation) {
            (self.account, self.slots, offers) = (account, slots, work.offers)
            (openTasks, openFuel) = (work.openTasks, work.openFuel)
            weight = Rewards.Rule.assignmentWeight(slots: slots, reliability: reputation.reliability)
        }

        /// Offers the job's class and engine for its bid, and has room.
        func serves(_ job: JobRecord, floorPrice: UInt64) -> Bool {
            let (room, overflow) = slots.multipliedReportingOverflow(by: WorkLimits.tasksPerSlotMax)
            guard overflow || openTasks < room else { return false }
            return offers.contains {
                $0.resource == job.request.resource && $0.engineID == job.request.engineID
                    && max($0.ask, floorPrice) <= job.request.bid
            }
        }
    }

    let beacon: Digest
    let floorPrice: UInt64
    let openFloorPrice: UInt64
    /// Ascending by account.
    var candidates: [Candidate]

    /// The position of the provider that gets the task; nil when nobody may. `late` had it before.
    func draw(_ place: TaskPlace, of job: JobRecord, not late: Address?) -> Int? {
        let eligible = candidates.indices.filter {
            candidates[$0].account != late && candidates[$0].serves(job, floorPrice: floorPrice)
        }
        let total = eligible.reduce(UInt128(0)) { $0 + candidates[$1].weight }
        guard total > 0 else { return nil }
        let seed = Hash.sha256([Bytes("assign".utf8), beacon.bytes, place.bytes, [late == nil ? 0 : 1]])
        guard let number = UInt128(bigEndian: seed.bytes.prefix(16)) else { preconditionFailure("16 bytes of 32") }
        // floor(number * total / 2^128) is below total.
        var rest = number.multipliedFullWidth(by: total).high
        for index in eligible {
            if rest < candidates[index].weight { return index }
            rest -= candidates[index].weight
        }
        return nil
    }
}
