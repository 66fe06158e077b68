// Who holds the slots of an engine of class Q: with more than a third of them in one hand a panel's majority can be
// forged (rewards design, section 7), and whoever pays for one is told before it is drawn.
import ArgumentParser
import Chain
import Foundation
import Primitives
import RPC

struct SlotHolders {
    /// More than 1/3.
    static let forgeablePPM: UInt64 = 333_333
    /// Providers that are looked at; in a larger market nobody has a third unseen for long, and nobody waits for it.
    private static let providersMax = 10_000
    private static let pageProviders = 100

    /// Slots of those that may be drawn now, by account.
    private(set) var slots: [String: UInt64] = [:]

    init() {}

    /// Reads the market as the node says; nil where it is too large to be read.
    init?(of engine: Digest, _ node: NodeOptions) throws {
        var page = 1
        while true {
            let answer = try node.ask(
                "providers", ["page": .decimal(page), "per_page": .decimal(Self.pageProviders)])
            do {
                let total: Int = try answer.decimal("total")
                if total > Self.providersMax { return nil }
                for provider in try answer.elements("providers", max: Self.pageProviders) {
                    try add(provider, engine: engine)
                }
                if page * Self.pageProviders >= total { return }
            } catch {
                Merit.leave("\(node.node): no answer of the protocol: \(error)", 1)
            }
            page += 1
        }
    }

    /// One member of `providers`, where it offers the engine and would be drawn.
    mutating func add(_ provider: JSON, engine: Digest) throws(ShapeError) {
        let offers = try provider.elements("offers", max: JobLimits.offersMax)
        guard offers.contains(where: { $0["engine_id"] == .hex(engine) }), try !provider.flag("paused"),
            try provider.member("admission").flag("admitted")
        else { return }
        slots[try provider.text("account"), default: 0] += try provider.decimal("slots")
    }

    /// The account with the most slots, and its part of all in ppm; nil without any.
    var largest: (account: String, ppm: UInt64)? {
        let total = slots.values.reduce(0, +)
        guard total > 0, let most = slots.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return nil }
        return (most.key, UInt64(UInt128(most.value) * 1_000_000 / UInt128(total)))
    }

    /// `largest` as answers have it: null where nobody offers the engine.
    var answer: JSON { largest.map { ["account": .string($0.account), "ppm": .decimal($0.ppm)] } ?? .null }

    /// What a requester is told; nil where nobody it can see has more than a third.
    var warning: String? {
        guard let largest, largest.ppm > Self.forgeablePPM else { return nil }
        let percent = "\(largest.ppm / 10_000).\(largest.ppm / 1_000 % 10) %"
        return "\(largest.account) holds \(percent) of the slots that offer this engine: more than a third in one hand "
            + "can forge what a panel says"
    }
}
