// Who takes part in a local network, what work it gets, and what is done to it: `Network/local.json` and its like.
// {"validators":[{"stake"}],"providers":[{"bond","cheat_ppm","slow_ppm","miss_ppm"}],
//  "jobs":[{"program","tasks","every_seconds"}],"perturb":[{"at_height","node","action"}]}
// A job of class Q has "engine" and "replicas" in place of "program".
// Amounts are decimal strings in base units; unknown members are refused.
import Chain
import Foundation
import Primitives
import Provider
import RPC

struct Topology: Equatable {
    struct Validator: Equatable {
        var stake: Amount
    }

    struct Provider: Equatable {
        var bond: Amount
        /// Tasks in a million that it answers wrongly.
        var cheatRate: UInt32
        /// How slow it is, and how seldom it answers challenges, on purpose.
        var handicap = Handicap()

        /// Members of a file that say how it behaves, and options of `provider start` with two dashes.
        var conduct: [(name: String, rate: UInt32)] {
            [("cheat_ppm", cheatRate), ("slow_ppm", handicap.slow), ("miss_ppm", handicap.misses)]
        }
    }

    struct Job: Equatable {
        let work: Work
        let tasks: UInt32
        let everySeconds: UInt32
    }

    enum Work: Equatable {
        /// A shipped program by its name.
        case program(SampleJob)
        /// Class Q: every provider of the network offers the engine.
        case engine(SampleEngine, replicas: UInt32)
    }

    enum Disturbance: String {
        case kill, pause, disconnect, restart
    }

    struct Perturbation: Equatable {
        let atHeight: UInt64
        /// The number of a validator, from 0.
        let node: Int
        let action: Disturbance
    }

    static let validatorsMax = 16
    static let providersMax = 64
    static let jobsMax = 16
    static let perturbationsMax = 64
    private static let bytesMax = 1 << 20
    /// Of a provider that is added on the command line: bond of twenty slots; a third of the answers wrong.
    static let bond = Amount(7_000 * Amount.unitsPerToken)
    static let cheatRate: UInt32 = 333_333

    var validators: [Validator]
    var providers: [Provider] = []
    var jobs: [Job] = []
    var perturbations: [Perturbation] = []

    init(validators: Int) {
        self.validators = Array(repeating: Validator(stake: ChainBeginning.stake), count: validators)
    }
}

enum TopologyError: Error, CustomStringConvertible {
    case unreadable(path: String)
    case malformed(path: String, reason: String)
    case unknownMember(path: String, place: String, name: String)
    case outOfRange(path: String, place: String, allowed: String)

    var description: String {
        switch self {
        case .unreadable(let path): "cannot read \(path): name a topology with --topology (Network/local.json is one)"
        case .malformed(let path, let reason): "\(path): \(reason)"
        case .unknownMember(let path, let place, let name): "\(path): \(place) has no member \"\(name)\""
        case .outOfRange(let path, let place, let allowed): "\(path): \(place) is \(allowed)"
        }
    }
}

extension Topology {
    /// Reads a file; throws `TopologyError`.
    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else { throw TopologyError.unreadable(path: path) }
        try self.init(Bytes(data), path: path)
    }

    init(_ content: Bytes, path: String) throws {
        let json: JSON
        do { json = try JSON(parsing: content, max: Self.bytesMax) } catch {
            throw TopologyError.malformed(path: path, reason: "no JSON: \(error)")
        }
        let file = TopologyReader(path: path)
        try file.refuseUnknown(json, "the file", known: ["validators", "providers", "jobs", "perturb"])
        validators = try file.list(json, "validators", 1...Self.validatorsMax) { entry, place in
            try file.refuseUnknown(entry, place, known: ["stake"])
            return Validator(stake: try file.amount(entry, "stake", place))
        }
        providers = try file.list(json, "providers", 0...Self.providersMax) { entry, place in
            try file.refuseUnknown(entry, place, known: ["bond", "cheat_ppm", "slow_ppm", "miss_ppm"])
            return Provider(
                bond: try file.amount(entry, "bond", place),
                cheatRate: try file.number(entry, "cheat_ppm", place, 0...1_000_000),
                handicap: Handicap(
                    slow: try file.number(entry, optional: "slow_ppm", place, 0...Handicap.slowMax),
                    misses: try file.number(entry, optional: "miss_ppm", place, 0...1_000_000)))
        }
        jobs = try file.list(json, "jobs", 0...Self.jobsMax) { entry, place in
            return Job(
                work: try file.work(entry, place),
                tasks: try file.number(entry, "tasks", place, 1...SampleJob.tasksMax),
                everySeconds: try file.number(entry, "every_seconds", place, 1...86_400))
        }
        let count = validators.count
        perturbations = try file.list(json, "perturb", 0...Self.perturbationsMax) { entry, place in
            try file.refuseUnknown(entry, place, known: ["at_height", "node", "action"])
            guard let action = Disturbance(rawValue: try file.text(entry, "action", place)) else {
                throw TopologyError.outOfRange(
                    path: path, place: "\(place).action", allowed: "kill, pause, disconnect or restart")
            }
            return Perturbation(
                atHeight: UInt64(try file.number(entry, "at_height", place, 1...UInt32.max)),
                node: Int(try file.number(entry, "node", place, 0...UInt32(count - 1))), action: action)
        }
    }

    /// What `Topology(path:)` reads back.
    var json: JSON {
        [
            "validators": .array(validators.map { ["stake": .string("\($0.stake)")] }),
            "providers": .array(
                providers.map { provider in
                    provider.conduct.reduce(["bond": .string("\(provider.bond)")]) {
                        $0.adding($1.name, .number("\($1.rate)"))
                    }
                }),
            "jobs": .array(
                jobs.map {
                    $0.work.json.adding("tasks", .number("\($0.tasks)"))
                        .adding("every_seconds", .number("\($0.everySeconds)"))
                }),
            "perturb": .array(
                perturbations.map {
                    [
                        "at_height": .number("\($0.atHeight)"), "node": .number("\($0.node)"),
                        "action": .string($0.action.rawValue),
                    ]
                }),
        ]
    }

    /// The same with other numbers of participants: what the file names comes first, what is missing is added, and the
    /// last `cheaters` providers cheat. Jobs whose panels the providers cannot fill are left out.
    func resized(validators count: Int?, providers providerCount: Int?, cheaters: Int?) -> Topology {
        var result = self
        if let count {
            let added = Validator(stake: ChainBeginning.stake)
            result.validators = Array((validators + Array(repeating: added, count: count)).prefix(count))
            result.perturbations = perturbations.filter { $0.node < count }
        }
        if let providerCount {
            let honest = Provider(bond: Self.bond, cheatRate: 0)
            let missing = Array(repeating: honest, count: max(0, providerCount - providers.count))
            let cheats = providers.filter { $0.cheatRate > 0 }
            let others = providers.filter { $0.cheatRate == 0 } + missing
            result.providers = Array(others.prefix(max(0, providerCount - cheats.count)) + cheats.prefix(providerCount))
        }
        let seats = result.providers.count
        result.jobs = jobs.filter { $0.work.replicas <= seats }
        if let cheaters {
            let first = result.providers.count - cheaters
            for index in result.providers.indices {
                result.providers[index].cheatRate =
                    index < first ? 0 : max(result.providers[index].cheatRate, Self.cheatRate)
                if index >= first { result.providers[index].handicap = Handicap() }
            }
        }
        return result
    }
}

extension Topology.Work {
    fileprivate var json: JSON {
        switch self {
        case .program(let program): ["program": .string(program.rawValue)]
        case .engine(let engine, let replicas):
            ["engine": .string(engine.rawValue), "replicas": .number("\(replicas)")]
        }
    }

    var program: SampleJob? { if case .program(let program) = self { program } else { nil } }
    /// Providers without whom none of its tasks begins.
    fileprivate var replicas: Int { if case .engine(_, let replicas) = self { Int(replicas) } else { 0 } }
    var engine: SampleEngine? { if case .engine(let engine, _) = self { engine } else { nil } }
}

private struct TopologyReader {
    let path: String

    func refuseUnknown(_ json: JSON, _ place: String, known: [String]) throws {
        guard case .object(let members) = json else {
            throw TopologyError.malformed(path: path, reason: "\(place) is no object")
        }
        if let foreign = members.first(where: { !known.contains($0.name) }) {
            throw TopologyError.unknownMember(path: path, place: place, name: foreign.name)
        }
    }

    func list<Element>(
        _ json: JSON, _ name: String, _ counts: ClosedRange<Int>, _ read: (JSON, String) throws -> Element
    ) throws -> [Element] {
        let value = json[name] ?? .array([])
        guard case .array(let entries) = value, counts.contains(entries.count) else {
            throw TopologyError.outOfRange(
                path: path, place: name, allowed: "a list of \(counts.lowerBound) to \(counts.upperBound) entries")
        }
        return try entries.enumerated().map { try read($1, "\(name)[\($0)]") }
    }

    func work(_ entry: JSON, _ place: String) throws -> Topology.Work {
        if entry["engine"] == nil {
            try refuseUnknown(entry, place, known: ["program", "tasks", "every_seconds"])
            return .program(try name(entry, "program", place))
        }
        try refuseUnknown(entry, place, known: ["engine", "replicas", "tasks", "every_seconds"])
        let replicas = try number(entry, "replicas", place, PanelLimits.replicas)
        guard replicas % 2 == 1 else {
            throw TopologyError.outOfRange(path: path, place: "\(place).replicas", allowed: "odd")
        }
        return .engine(try name(entry, "engine", place), replicas: replicas)
    }

    private func name<Choice: RawRepresentable & CaseIterable>(
        _ entry: JSON, _ member: String, _ place: String
    ) throws -> Choice where Choice.RawValue == String {
        if let choice = Choice(rawValue: try text(entry, member, place)) { return choice }
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw TopologyError.outOfRange(path: path, place: "\(place).\(member)", allowed: "one of \(names)")
    }

    func text(_ json: JSON, _ name: String, _ place: String) throws -> String {
        guard case .string(let text)? = json[name] else {
            throw TopologyError.outOfRange(path: path, place: "\(place).\(name)", allowed: "a string")
        }
        return text
    }

    func amount(_ json: JSON, _ name: String, _ place: String) throws -> Amount {
        guard case .string(let text)? = json[name], let units = UInt64(text), "\(units)" == text else {
            throw TopologyError.outOfRange(
                path: path, place: "\(place).\(name)", allowed: "base units as a decimal string")
        }
        return Amount(units)
    }

    /// 0 where it is not there.
    func number(_ json: JSON, optional name: String, _ place: String, _ range: ClosedRange<UInt32>) throws -> UInt32 {
        json[name] == nil ? 0 : try number(json, name, place, range)
    }

    func number(_ json: JSON, _ name: String, _ place: String, _ range: ClosedRange<UInt32>) throws -> UInt32 {
        guard case .number(let text)? = json[name], let value = UInt32(text), range.contains(value) else {
            throw TopologyError.outOfRange(
                path: path, place: "\(place).\(name)",
                allowed: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
