// The draw of providers against the plain one: add up the weights of all who serve the job, and walk to the number.
import Chain
import Cryptography
import Primitives
import ProgramRules
import Rewards
import Testing

@testable import Ledger

@Suite("Drawing providers")
struct ProviderDrawTests {
    private static let engine = Hash.sha256([1])

    private static func job(_ resource: ResourceClass, bid: UInt64) -> JobRecord {
        let request = SubmitJob(
            program: .zero, input: (.zero, []), tasks: 1, limits: TaskLimits(fuel: 1, outputBytes: 1, computeUnits: 11),
            price: JobPrice(bid: bid, resource: resource.rawValue, engineID: engine))
        return JobRecord(
            request, by: MarketChain.address(30), at: .first, input: (1, nil), pages: 1, held: (.zero, .zero))
    }

    /// Some without room, some that ask too much, some of another class.
    private static func candidates(_ count: Int, _ random: inout Random) -> [ProviderDraw.Candidate] {
        (0..<count).map { number in
            let resource = random.below(3) == 0 ? ResourceClass.open : .cpu
            var work = WorkRecord(
                offers: [Offer(resource: resource.rawValue, engineID: engine, ask: 900 + random.below(300))])
            let slots = 1 + random.below(4)
            work.openTasks = slots * WorkLimits.tasksPerSlotMax - random.below(4)
            var reputation = Reputation()
            reputation.reliability = random.below(65_537)
            let account = Address(Bytes(repeating: 0, count: 12) + UInt64(number).bigEndianBytes)!
            return ProviderDraw.Candidate(account, slots: slots, work, reputation)
        }
    }

    /// As the rule says it.
    private struct Plain {
        var candidates: [ProviderDraw.Candidate]

        func serving(_ job: JobRecord, floorPrice: UInt64, except: Set<Address>) -> [Int] {
            candidates.indices.filter { index in
                let candidate = candidates[index]
                return !except.contains(candidate.account)
                    && candidate.openTasks < candidate.slots * WorkLimits.tasksPerSlotMax
                    && candidate.offers.contains {
                        $0.resource == job.request.resource && $0.engineID == job.request.engineID
                            && max($0.ask, floorPrice) <= job.request.bid
                    }
            }
        }

        func pick(_ eligible: [Int], _ seed: Digest) -> Int? {
            let total = eligible.reduce(UInt128(0)) { $0 + candidates[$1].weight }
            guard total > 0, let number = UInt128(bigEndian: seed.bytes.prefix(16)) else { return nil }
            var rest = number.multipliedFullWidth(by: total).high
            for index in eligible {
                if rest < candidates[index].weight { return index }
                rest -= candidates[index].weight
            }
            return nil
        }
    }

    @Test("it draws whom the plain walk finds, also after somebody has no room any more", arguments: UInt64(1)...12)
    func plain(seed: UInt64) throws {
        var random = Random(seed: seed)
        let all = Self.candidates(Int(1 + random.below(40)), &random)
        let beacon = Hash.sha256([UInt8(seed)])
        var draw = ProviderDraw(beacon: beacon, floorPrice: 1_000, openFloorPrice: 1_050, candidates: all)
        var plain = Plain(candidates: all)
        var drawn = 0
        for step in 0..<200 {
            let isPanel = random.below(3) == 0
            let job = Self.job(isPanel ? .open : .cpu, bid: 1_000 + 100 * random.below(2))
            let place = TaskPlace(job: Hash.sha256([UInt8(step)]), index: UInt32(step))
            let late = random.below(2) == 0 ? all[Int(random.below(UInt64(all.count)))].account : nil
            var found: [Int] = []
            if isPanel {
                let except = Set([late].compactMap(\.self))
                var eligible = plain.serving(job, floorPrice: 1_050, except: except)
                var expected: [Int]? = eligible.count < 3 ? nil : []
                for round in 0..<UInt8(expected == nil ? 0 : 3) {
                    let seed = Hash.sha256([Bytes("panel".utf8), beacon.bytes, place.bytes, [1, round]])
                    let index = try #require(plain.pick(eligible, seed))
                    eligible.removeAll { $0 == index }
                    expected?.append(index)
                }
                let chosen = draw.panel(place, of: job, count: 3, kind: SeatKind(rawValue: 1)!, except: except)
                #expect(chosen == expected)
                found = chosen ?? []
            } else {
                let seed = Hash.sha256([
                    Bytes("assign".utf8), beacon.bytes, place.bytes, [late == nil ? 0 : 1],
                ])
                let eligible = plain.serving(job, floorPrice: 1_000, except: Set([late].compactMap(\.self)))
                let chosen = draw.draw(place, of: job, not: late)
                #expect(chosen == plain.pick(eligible, seed))
                found = chosen.map { [$0] } ?? []
            }
            for index in found {
                plain.candidates[index].openTasks += 1
                draw.took(index, openTasks: plain.candidates[index].openTasks, openFuel: 0)
                drawn += 1
            }
        }
        #expect(drawn > 0 || all.count < 3)
    }

    @Test("a table of weights finds each number's place, and forgets what is cleared")
    func table() {
        for count in 1...33 {
            let weights = (0..<count).map { UInt128($0 % 4) + ($0 == 0 ? 1 : 0) }
            var table = WeightTable(weights)
            func walk(_ weights: [UInt128], _ number: UInt128) -> Int {
                var (sum, place) = (UInt128(0), 0)
                while sum + weights[place] <= number { (sum, place) = (sum + weights[place], place + 1) }
                return place
            }
            #expect(table.total == weights.reduce(0, +))
            for number in 0..<table.total { #expect(table.index(at: number) == walk(weights, number)) }
            var changed = weights
            #expect(table.clear(count / 2) == weights[count / 2] && table.clear(count / 2) == 0)
            changed[count / 2] = 0
            for number in 0..<table.total { #expect(table.index(at: number) == walk(changed, number)) }
            table.add(9, at: count / 2)
            changed[count / 2] = 9
            #expect(table.total == changed.reduce(0, +))
            for number in 0..<table.total { #expect(table.index(at: number) == walk(changed, number)) }
        }
    }
}
