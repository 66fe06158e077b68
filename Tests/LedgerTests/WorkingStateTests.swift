// The state while a block is executed: what was written in one stroke and what was changed alone are read as one.
import Codec
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("working state")
struct WorkingStateTests {
    private static func address(_ number: UInt8) -> Address {
        guard let address = Address(Bytes(repeating: number, count: 20)) else { preconditionFailure("20 bytes") }
        return address
    }
    private static func key(_ number: UInt8) -> Bytes { StateKey.account(address(number)) }
    private static func account(_ units: UInt64) -> Account { Account(balance: Amount(units)) }
    private static func entry(_ number: UInt8, _ units: UInt64) -> (key: Bytes, value: Bytes) {
        (key(number), account(units).encoded)
    }

    /// Stored are 1, 3 and 5; before the stroke 3 is changed and 9 added; the stroke writes 1, 3, 6 and 7; after it
    /// 7 is changed and 5 removed.
    private static func state() -> WorkingState {
        var store = MemoryStore()
        var writes = WriteBatch()
        for number in [UInt8(1), 3, 5] {
            writes.put(.state, key: key(number), value: account(UInt64(number)).encoded)
        }
        store.commit(writes)
        var state = WorkingState(store)
        state.store(account(30), at: key(3))
        state.store(account(9), at: key(9))
        state.settle([entry(1, 11), entry(3, 33), entry(6, 66), entry(7, 77)], .account)
        state.store(account(777), at: key(7))
        state.remove(key(5))
        return state
    }

    private static let expected: [(number: UInt8, units: UInt64)] = [(1, 11), (3, 33), (6, 66), (7, 777), (9, 9)]

    @Test("each key has its latest value")
    func values() {
        let state = Self.state()
        for (number, units) in Self.expected {
            #expect(state.load(Self.key(number)) == Self.account(units), "\(number)")
        }
        #expect(state.bytes(Self.key(5)) == nil && state.bytes(Self.key(2)) == nil)
    }

    @Test("every way to walk over a table finds the same records, ascending")
    func walks() {
        let state = Self.state()
        let accounts = state.scan(.account, as: Account.self)
        #expect(accounts.map(\.id) == Self.expected.map { Self.address($0.number).bytes })
        #expect(accounts.map(\.record) == Self.expected.map { Self.account($0.units) })
        #expect(state.keys(prefix: [StateTag.account.rawValue]) == Self.expected.map { Self.key($0.number) })
        let range = state.range(.account, upTo: [7], limit: 2, as: Account.self)
        #expect(range.map(\.record) == [Self.account(11), Self.account(33)])
        let sixteenth = state.scan(.account, sixteenth: 0, as: Account.self)
        #expect(sixteenth.map(\.record) == accounts.map(\.record))
        #expect(state.scan(.account, sixteenth: 1, as: Account.self).isEmpty)
        #expect(state.firstKey(from: Self.key(4)) == Self.key(6) && state.firstKey(from: Self.key(8)) == Self.key(9))
        #expect(state.last(.account, upTo: Self.address(8).bytes, as: Account.self) == Self.account(777))
    }

    @Test("the changes ascend, once for each key, and leave out what is as it was")
    func changes() {
        var state = Self.state()
        state.store(Self.account(5), at: Self.key(5))
        let changes = state.changes
        #expect(changes.map(\.key) == Self.expected.map { Self.key($0.number) })
        #expect(changes.map(\.value) == Self.expected.map { Self.account($0.units).encoded })
        state.remove(Self.key(5))
        #expect(state.changes.map(\.key) == [1, 3, 5, 6, 7, 9].map { Self.key($0) })
        #expect(state.changes[2].value == nil)
    }

    @Test("a sixteenth of a table holds the ids that begin with its half-byte")
    func sixteenths() {
        var state = WorkingState(EmptySnapshot())
        for number in [UInt8(0x00), 0x0F, 0x10, 0x7F, 0xF0, 0xFF] {
            state.store(Self.account(UInt64(number) + 1), at: Self.key(number))
        }
        let found = (0..<16).map { part in
            state.scan(.account, sixteenth: part, as: Account.self).map { $0.record.balance.units }
        }
        #expect(found[0] == [1, 16] && found[1] == [17] && found[7] == [128] && found[15] == [241, 256])
        #expect(found.flatMap(\.self).count == 6)
    }
}
