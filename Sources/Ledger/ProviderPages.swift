// What settlements change for providers: pay, grants that vest, reputation. Providers are numbered in the order in
// which they registered, and what 64 neighbours have of one kind lies in one record, so that a settlement changes a
// sixty-fourth as many records as it pays providers. What lies in a purse is its account's: the next transaction takes
// it, and every answer counts it.
// Invariant: a number belongs to one account for ever; its account's record and its provider's name it.
package import Codec
package import Primitives
import Rewards

package struct ProviderNumber: Hashable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    /// Which record of each kind it lies in.
    package var page: UInt64 { value / UInt64(ProviderPages.seats) }
    /// Its place there.
    package var seat: Int { Int(value % UInt64(ProviderPages.seats)) }
}

package enum ProviderPages {
    /// Providers in one record: few enough for a proof of some hundred bytes, enough to make records few.
    package static let seats = 64
}

/// What lies at one seat of a page; its fields begin with 2. One that is as it was at first is not written.
package protocol PageEntry: Hashable, Sendable, Message {
    init()
}

/// What was paid since the account's last transaction.
package struct Purse: PageEntry {
    /// Liquid.
    package var balance = Amount.zero
    package var credits = Amount.zero
    /// The first epoch in which more of the account's subsidies is unlocked; 0 where none vest.
    package var unlockEpoch: UInt64 = 0

    package init() {}

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(2, balance.units)
        encoder.unsigned(3, credits.units)
        encoder.unsigned(4, unlockEpoch)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        balance = Amount(try decoder.unsigned(2))
        credits = Amount(try decoder.unsigned(3))
        unlockEpoch = try decoder.unsigned(4)
    }
}

/// What was granted on one day and unlocks over many.
package struct Grant: PageEntry {
    package var granted = Amount.zero
    /// Joined the balance so far, or lost to a slash.
    package var paid = Amount.zero

    package init() {}

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(2, granted.units)
        encoder.unsigned(3, paid.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        granted = Amount(try decoder.unsigned(2))
        paid = Amount(try decoder.unsigned(3))
    }
}

/// What a provider's work so far says of it.
package struct Reputation: PageEntry {
    /// What R lacks of its beginning, in units of 2^-16.
    private var lost: UInt64 = 0
    /// n: audited successes in a row.
    package var streak: UInt64 = 0
    /// Tasks of the running epoch that it was late with.
    package var failed: UInt64 = 0

    package init() {}

    /// R before the epoch, in units of 2^-16.
    package var reliability: UInt64 {
        get { Rewards.Rule.reliabilityStart - lost }
        set {
            precondition(newValue <= Rewards.Rule.reliabilityStart, "a reliability of \(newValue)")
            lost = Rewards.Rule.reliabilityStart - newValue
        }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(2, lost)
        encoder.unsigned(3, streak)
        encoder.unsigned(4, failed)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        lost = try decoder.unsigned(2)
        if lost > Rewards.Rule.reliabilityStart { throw .outOfRange(field: 2) }
        streak = try decoder.unsigned(3)
        failed = try decoder.unsigned(4)
    }
}

/// The record of 64 neighbours. One without anything is not stored.
package struct ProviderPage<Entry: PageEntry>: Hashable, Sendable, Message {
    /// By seat.
    fileprivate var entries: [Entry]

    package init() { entries = Array(repeating: Entry(), count: ProviderPages.seats) }

    package subscript(seat: Int) -> Entry {
        get { entries[seat] }
        set { entries[seat] = newValue }
    }

    package var isVoid: Bool {
        let first = Entry()
        return entries.allSatisfy { $0 == first }
    }

    /// Ascending by seat.
    package var written: [(seat: Int, entry: Entry)] {
        entries.enumerated().filter { $0.element != Entry() }.map { ($0.offset, $0.element) }
    }

    package func encode(into encoder: inout Encoder) {
        let first = Entry()
        for seat in entries.indices where entries[seat] != first {
            let start = encoder.open(1)
            encoder.unsigned(1, UInt64(seat) + 1)
            entries[seat].encode(into: &encoder)
            encoder.close(1, from: start)
        }
    }

    /// The same as `encoded` and `init(decoding:)`, which are another module's and stay generic.
    var bytes: Bytes {
        var encoder = Encoder(capacity: 24 * entries.count)
        encode(into: &encoder)
        return encoder.bytes
    }

    static func decoded(_ bytes: Bytes, at key: Bytes) -> ProviderPage {
        do {
            var decoder = Decoder(bytes)
            let page = try ProviderPage(from: &decoder)
            try decoder.finish()
            return page
        } catch {
            preconditionFailure("state record \(Hex.lower(key)) does not decode: \(error)")
        }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        self.init()
        let first = Entry()
        var next = 0
        while var part = try decoder.element(1) {
            let seatPlusOne = Int(try part.unsigned32(1))
            let entry = try Entry(from: &part)
            try part.finish()
            guard seatPlusOne > next, seatPlusOne <= entries.count, entry != first else { throw .invalid(field: 1) }
            entries[seatPlusOne - 1] = entry
            next = seatPlusOne
        }
        if next == 0 { throw .missing(field: 1) }
    }
}

/// Of every provider.
struct Reputations {
    /// By number. The last ones may be missing: those are as at first.
    private let all: [Reputation]

    fileprivate init(_ all: [Reputation]) { self.all = all }

    subscript(number: ProviderNumber) -> Reputation {
        number.value < UInt64(all.count) ? all[Int(number.value)] : Reputation()
    }
}

/// How many numbers were given so far, which is the next one.
package struct ProviderCount: Hashable, Sendable, Message {
    package var given: UInt64

    package init(given: UInt64) { self.given = given }

    package func encode(into encoder: inout Encoder) { encoder.unsigned(1, given) }
    package init(from decoder: inout Decoder) throws(DecodeError) {
        given = try decoder.unsigned(1)
        if given == 0 { throw .missing(field: 1) }
    }
}

extension StateKey {
    package static func purses(page: UInt64) -> Bytes { [StateTag.purses.rawValue] + page.bigEndianBytes }
    package static func reputations(page: UInt64) -> Bytes { [StateTag.reputations.rawValue] + page.bigEndianBytes }
    /// All days of a page begin with it.
    package static func grants(page: UInt64) -> Bytes { [StateTag.grants.rawValue] + page.bigEndianBytes }
    package static func grants(page: UInt64, granted epoch: UInt64) -> Bytes {
        grants(page: page) + epoch.bigEndianBytes
    }
}

extension WorkingState {
    /// An account becomes a provider.
    mutating func enlist(_ address: Address, registeredEpoch: UInt64, bond: Amount) {
        var account = account(address)
        precondition(account.providerNumber == nil, "\(address) is a provider already")
        var count = load(StateKey.singleton(.providers)) ?? ProviderCount(given: 0)
        let number = ProviderNumber(count.given)
        account.providerNumber = number
        count.given += 1
        store(count, .providers)
        store(account, of: address)
        store(
            ProviderRecord(number, registeredEpoch: registeredEpoch, bond: bond), at: StateKey.provider(address))
    }

    func page<Entry: PageEntry>(at key: Bytes, of type: Entry.Type = Entry.self) -> ProviderPage<Entry> {
        bytes(key).map { ProviderPage.decoded($0, at: key) } ?? ProviderPage()
    }

    private mutating func store<Entry: PageEntry>(_ entry: Entry, _ seat: Int, at key: Bytes) {
        var page: ProviderPage<Entry> = page(at: key)
        page[seat] = entry
        if page.isVoid { remove(key) } else { store(page, at: key) }
    }

    func purse(_ number: ProviderNumber) -> Purse { page(at: StateKey.purses(page: number.page))[number.seat] }

    mutating func store(_ purse: Purse, _ number: ProviderNumber) {
        store(purse, number.seat, at: StateKey.purses(page: number.page))
    }

    package func reputation(_ number: ProviderNumber) -> Reputation {
        page(at: StateKey.reputations(page: number.page))[number.seat]
    }

    mutating func store(_ reputation: Reputation, _ number: ProviderNumber) {
        store(reputation, number.seat, at: StateKey.reputations(page: number.page))
    }

    func reputations() -> Reputations {
        let pages = large([StateTag.reputations.rawValue]) { key, value in
            guard let number = UInt64(bigEndian: key[1...]) else { preconditionFailure("page \(Hex.lower(key))") }
            return (number, ProviderPage<Reputation>.decoded(value, at: key))
        }
        var all: [Reputation] = []
        for (number, page) in pages {
            let start = Int(number) * ProviderPages.seats
            all.append(contentsOf: repeatElement(Reputation(), count: start - all.count))
            all += page.entries
        }
        return Reputations(all)
    }

    /// One that is paid out is forgotten.
    mutating func store(_ grant: Grant, _ number: ProviderNumber, granted epoch: UInt64) {
        let rest = grant.paid == grant.granted ? Grant() : grant
        store(rest, number.seat, at: StateKey.grants(page: number.page, granted: epoch))
    }

    /// Ascending by day.
    func grants(of number: ProviderNumber) -> [(epoch: UInt64, grant: Grant)] {
        scan(prefix: StateKey.grants(page: number.page), as: ProviderPage<Grant>.self).compactMap { id, page in
            guard let epoch = UInt64(bigEndian: id) else { preconditionFailure("grant key \(Hex.lower(id))") }
            let grant = page[number.seat]
            return grant == Grant() ? nil : (epoch, grant)
        }
    }
}

extension BlockExecution {
    /// Changes entries of one kind, each record read and written once. No provider twice; in no order.
    mutating func change<Entry: PageEntry, Change>(
        _ tag: StateTag, _ changes: [(number: ProviderNumber, change: Change)],
        key: @escaping (UInt64) -> Bytes, _ apply: @escaping (inout Entry, Change) -> Void
    ) {
        let (places, pages) = Self.byPage(changes.map(\.number.page))
        let count = min(16, max(1, pages.count / 4))
        // Not the execution: each call of a part would copy it.
        let parts = snapshot.parts(count, isLarge: count > 1) { [state] part in
            var records: [(key: Bytes, value: Bytes?)] = []
            for group in pages[pages.count * part / count..<pages.count * (part + 1) / count] {
                let key = key(changes[places[group.lowerBound]].number.page)
                let before: ProviderPage<Entry> = state.page(at: key)
                var page = before
                for place in places[group] { apply(&page[changes[place].number.seat], changes[place].change) }
                if page != before { records.append((key, page.isVoid ? nil : page.bytes)) }
            }
            return records
        }
        let all = parts.joined()
        state.settle(all.compactMap { record in record.value.map { (record.key, $0) } }, tag)
        for record in all where record.value == nil { state.remove(record.key) }
    }

    /// Where the things stand, by their pages, and which of those are of one page. Counted and not sorted: a settlement
    /// looks at every provider, and there are fewer pages than that.
    static func byPage(_ pages: [UInt64]) -> (places: [Int], groups: [Range<Int>]) {
        guard let last = pages.max() else { return ([], []) }
        var ends = [Int](repeating: 0, count: Int(last) + 1)
        for page in pages { ends[Int(page)] += 1 }
        var (groups, end): ([Range<Int>], Int) = ([], 0)
        for page in ends.indices {
            if ends[page] > 0 { groups.append(end..<end + ends[page]) }
            (ends[page], end) = (end, end + ends[page])
        }
        var places = [Int](repeating: 0, count: pages.count)
        for (place, page) in pages.enumerated() {
            places[ends[Int(page)]] = place
            ends[Int(page)] += 1
        }
        return (places, groups)
    }
}
