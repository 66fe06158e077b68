// Attackers of work that panels judge, in a world where all work is of that kind: twelve slots of six honest providers,
// and four of the subject, a quarter.
import Primitives
import Rewards

extension Strategies {
    static func onPanels(_ slots: [UInt64], _ plan: ProviderPlan = ProviderPlan()) -> Cast {
        var cast = Casts.honest()
        cast.providers = (0..<6).map { _ in ProviderRole(.others, slots: 2) }
        cast.providers += slots.map { ProviderRole(.subject, slots: $0, plan) }
        for index in cast.providers.indices { cast.providers[index].resource = .open }
        for index in cast.requesters.indices { cast.requesters[index].plan.replicas = 3 }
        return cast
    }

    static let honestOnPanels: [Honest] = {
        var idle = onPanels(fourSlots)
        for index in idle.providers.indices where idle.providers[index].owner == .subject {
            idle.providers[index].ask = 2 * Prices.market
        }
        return [
            Honest("serve panels honestly", onPanels(fourSlots)),
            Honest("serve panels honestly with one slot each", onPanels([1, 1, 1, 1])),
            Honest("bond and wait", idle),
        ]
    }()

    static let quorumForger = Strategy(
        "quorum_forger", "makes results up on panels where most seats are its own, and may leave before pay is held",
        knobs: [
            .share("forge_ppm", grid: [100_000, 1_000_000]), .choice("accounts", [2, 4]), .choice("leaves", [0, 1]),
        ], honest: honestOnPanels
    ) { settings in
        var plan = ProviderPlan()
        (plan.forgesPanels, plan.leavesAtEnds) = (settings[0], settings[2] == 1)
        return onPanels(settings[1] > 2 ? [1, 1, 1, 1] : fourSlots, plan)
    }
}
