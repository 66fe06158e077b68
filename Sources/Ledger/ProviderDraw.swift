// Who gets a task. Invariant: a draw depends on the beacon, the job, the task and the candidates alone, so every node
// draws the same; nobody knows the beacon of the block after his job's. A draw costs the logarithm of the candidates: a
// block gives out thousands of tasks, and there may be a hundred thousand providers.
import Chain
import Cryptography
import Primitives
import Rewards

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

        fileprivate var hasRoom: Bool {
            let (room, overflow) = slots.multipliedReportingOverflow(by: WorkLimits.tasksPerSlotMax)
            return overflow || openTasks < room
        }

        /// Offers the class and engine for the bid, and has room.
        fileprivate func serves(_ terms: Terms, floorPrice: UInt64) -> Bool {
            hasRoom
                && offers.contains {
                    $0.resource == terms.resource && $0.engineID == terms.engineID
                        && max($0.ask, floorPrice) <= terms.bid
                }
        }
    }

    /// What of a job decides who serves it.
    fileprivate struct Terms: Hashable {
        let resource: UInt32
        let engineID: Digest
        let bid: UInt64

        init(_ job: JobRecord) {
            (resource, engineID, bid) = (job.request.resource, job.request.engineID, job.request.bid)
        }
    }

    let beacon: Digest
    private let floorPrice: UInt64
    private let openFloorPrice: UInt64
    /// Ascending by account.
    private(set) var candidates: [Candidate]
    private let places: [Address: Int]
    /// Of the job that was drawn for last: the tasks of one come together.
    private var table: (terms: Terms, weights: WeightTable)?

    init(beacon: Digest, floorPrice: UInt64, openFloorPrice: UInt64, candidates: [Candidate]) {
        (self.beacon, self.floorPrice, self.openFloorPrice) = (beacon, floorPrice, openFloorPrice)
        self.candidates = candidates
        places = Dictionary(uniqueKeysWithValues: candidates.enumerated().map { ($1.account, $0) })
    }

    /// The candidate has a task more, and this open now.
    mutating func took(_ index: Int, openTasks: UInt64, openFuel: UInt64) {
        (candidates[index].openTasks, candidates[index].openFuel) = (openTasks, openFuel)
        if !candidates[index].hasRoom { _ = table?.weights.clear(index) }
    }

    /// The position of the provider that gets the task; nil when nobody may. `late` had it before.
    mutating func draw(_ place: TaskPlace, of job: JobRecord, not late: Address?) -> Int? {
        let seed = Hash.sha256([Bytes("assign".utf8), beacon.bytes, place.bytes, [late == nil ? 0 : 1]])
        return draw([seed], of: job, floorPrice, except: late.map { [$0] } ?? []).first
    }

    /// The positions of `count` distinct providers; nil where there are fewer. Each is drawn by weight from those that
    /// are left.
    mutating func panel(
        _ place: TaskPlace, of job: JobRecord, count: Int, kind: SeatKind, except: Set<Address>
    ) -> [Int]? {
        let seeds = (0..<count).map { round in
            Hash.sha256([
                Bytes("panel".utf8), beacon.bytes, place.bytes, [UInt8(kind.rawValue), UInt8(round)],
            ])
        }
        let chosen = draw(seeds, of: job, openFloorPrice, except: except)
        return chosen.count == count ? chosen : nil
    }

    /// One for each seed, none of them twice; fewer where fewer are left.
    private mutating func draw(
        _ seeds: [Digest], of job: JobRecord, _ floorPrice: UInt64, except: Set<Address>
    ) -> [Int] {
        var weights = weights(for: Terms(job), floorPrice)
        table = nil
        var cleared: [(index: Int, weight: UInt128)] = []
        func clear(_ index: Int) { cleared.append((index, weights.clear(index))) }
        for account in except { if let index = places[account] { clear(index) } }
        var chosen: [Int] = []
        for seed in seeds where weights.total > 0 {
            guard let number = UInt128(bigEndian: seed.bytes.prefix(16)) else { preconditionFailure("16 bytes of 32") }
            // floor(number * total / 2^128) is below total.
            let index = weights.index(at: number.multipliedFullWidth(by: weights.total).high)
            chosen.append(index)
            clear(index)
        }
        for entry in cleared { weights.add(entry.weight, at: entry.index) }
        table = (Terms(job), weights)
        return chosen
    }

    private func weights(for terms: Terms, _ floorPrice: UInt64) -> WeightTable {
        if let table, table.terms == terms { return table.weights }
        return WeightTable(candidates.map { $0.serves(terms, floorPrice: floorPrice) ? $0.weight : 0 })
    }
}

/// Weights in a row and their sums (a Fenwick tree): a change and a search cost the logarithm of their number.
struct WeightTable {
    private var weights: [UInt128]
    /// At i the sum of the lowest set bit of i + 1 many weights that end with weight i.
    private var sums: [UInt128]
    private(set) var total: UInt128 = 0

    init(_ weights: [UInt128]) {
        (self.weights, sums) = (weights, weights)
        for index in weights.indices {
            total += weights[index]
            let next = index | (index + 1)
            if next < sums.count { sums[next] += sums[index] }
        }
    }

    mutating func add(_ weight: UInt128, at index: Int) {
        if weight == 0 { return }
        weights[index] += weight
        total += weight
        var place = index
        while place < sums.count {
            sums[place] += weight
            place |= place + 1
        }
    }

    /// Leaves nothing there; what there was.
    mutating func clear(_ index: Int) -> UInt128 {
        let weight = weights[index]
        if weight == 0 { return 0 }
        weights[index] = 0
        total -= weight
        var place = index
        while place < sums.count {
            sums[place] -= weight
            place |= place + 1
        }
        return weight
    }

    /// The first place up to which the sum is above `number`, which is below the total.
    func index(at number: UInt128) -> Int {
        precondition(number < total, "\(number) of \(total)")
        var (found, rest) = (0, number)
        var step = 1 << (Int.bitWidth - 1 - sums.count.leadingZeroBitCount)
        while step > 0 {
            if found + step <= sums.count, sums[found + step - 1] <= rest {
                rest -= sums[found + step - 1]
                found += step
            }
            step >>= 1
        }
        return found
    }
}
