// Seats, crossing connections, half-open limits, bans: no sockets.
import Primitives
import Testing

@testable import Transport

@Suite("Roster")
struct RosterTests {
    private func peer(_ byte: UInt8) throws -> PeerID { try #require(PeerID(Bytes(repeating: byte, count: 20))) }
    private func link(_ value: UInt64) -> LinkID { LinkID(value: value) }

    private func roster(_ own: UInt8, _ change: (inout TransportConfiguration) -> Void = { _ in }) throws -> Roster {
        var configuration = TransportConfiguration()
        change(&configuration)
        return Roster(own: try peer(own), configuration: configuration)
    }

    @Test("both ends keep the connection dialled by the smaller id, whichever comes first", arguments: [false, true])
    func crossing(smallFirst: Bool) throws {
        let (small, large) = (try peer(1), try peer(2))
        var (atSmall, atLarge) = (try roster(1), try roster(2))
        // Link 1 is dialled by the smaller id, link 2 by the larger one.
        for number in smallFirst ? [1, 2] : [2, 1] as [UInt64] {
            _ = atSmall.claim(link(number), for: large, outbound: number == 1)
        }
        for number in smallFirst ? [2, 1] : [1, 2] as [UInt64] {
            _ = atLarge.claim(link(number), for: small, outbound: number == 2)
        }
        #expect(atSmall.seat(of: large)?.link == link(1))
        #expect(atLarge.seat(of: small)?.link == link(1))
    }

    @Test("the verdicts on a second connection")
    func duplicates() throws {
        let other = try peer(2)
        var roster = try roster(1)
        #expect(roster.claim(link(1), for: other, outbound: true) == .seated(replacing: nil))
        #expect(roster.raise(link(1), for: other) == true)
        #expect(roster.claim(link(2), for: other, outbound: false) == .refused(.duplicate))
        let seat = Roster.Seat(link: link(1), outbound: true, isUp: true)
        #expect(roster.claim(link(3), for: other, outbound: true) == .seated(replacing: seat))
        #expect(roster.raise(link(1), for: other) == false)
        #expect(roster.release(link(1), of: other) == nil)
        #expect(roster.release(link(3), of: other) == Roster.Seat(link: link(3), outbound: true))
        #expect(roster.seat(of: other) == nil)
        #expect(roster.claim(link(4), for: try peer(1), outbound: true) == .refused(.ownIdentity))
    }

    @Test("half-open places are limited by address and in total, and come back")
    func halfOpen() throws {
        var roster = try roster(1) { ($0.halfOpenMax, $0.halfOpenPerAddressMax) = (3, 2) }
        #expect(roster.admit(link(1), address: "a") == nil)
        #expect(roster.admit(link(2), address: "a") == nil)
        #expect(roster.admit(link(3), address: "a") == .halfOpenAddressFull)
        #expect(roster.admit(link(4), address: "b") == nil)
        #expect(roster.admit(link(5), address: "c") == .halfOpenFull)
        roster.leaveHalfOpen(link(1))
        roster.leaveHalfOpen(link(1))
        #expect(roster.halfOpenCount == 2)
        #expect(roster.admit(link(6), address: "a") == nil)
        #expect(roster.claim(link(6), for: try peer(2), outbound: false) == .seated(replacing: nil))
        #expect(roster.raise(link(6), for: try peer(2)) == true)
        #expect(roster.halfOpenCount == 2)
    }

    @Test("inbound seats are limited, outbound ones and replacements are not")
    func inboundLimit() throws {
        var roster = try roster(9) { $0.inboundPeersMax = 1 }
        #expect(roster.claim(link(1), for: try peer(1), outbound: false) == .seated(replacing: nil))
        #expect(roster.claim(link(2), for: try peer(2), outbound: false) == .refused(.inboundFull))
        #expect(roster.claim(link(3), for: try peer(3), outbound: true) == .seated(replacing: nil))
        #expect(roster.claim(link(4), for: try peer(1), outbound: false) != .refused(.inboundFull))
    }

    @Test("a ban holds until it is lifted, and the oldest is forgotten beyond the limit")
    func bans() throws {
        var roster = try roster(9)
        roster.ban(try peer(1))
        #expect(roster.claim(link(1), for: try peer(1), outbound: true) == .refused(.banned))
        roster.unban(try peer(1))
        #expect(roster.claim(link(1), for: try peer(1), outbound: true) == .seated(replacing: nil))
        for number in 0...TransportLimits.bansMax { roster.ban(address: "\(number)") }
        #expect(roster.admit(link(2), address: "0") == nil)
        #expect(roster.admit(link(3), address: "1") == .banned)
    }
}
