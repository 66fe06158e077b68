import Foundation
import Primitives
import RPC
import Testing

@testable import merit

@Suite("Topologies")
struct TopologyTests {
    static let shipped = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Network/local.json").path

    static func read(_ text: String) -> Result<Topology, TopologyError> {
        do { return .success(try Topology(Bytes(text.utf8), path: "net.json")) } catch {
            guard let error = error as? TopologyError else { preconditionFailure("\(error)") }
            return .failure(error)
        }
    }

    @Test("the shipped network has four validators, four providers of which the last cheats in a third, and four jobs")
    func shippedNetwork() throws {
        let topology = try Topology(path: Self.shipped)
        #expect(topology.validators.count == 4)
        #expect(topology.providers.map(\.cheatRate) == [0, 0, 0, 333_333])
        #expect(topology.jobs.compactMap(\.work.program) == [.matmul, .montecarlo, .transformer])
        #expect(topology.jobs.map(\.work).last == .engine(.sha256, replicas: 3) && topology.jobs.count == 4)
        #expect(topology.perturbations.isEmpty)
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        var topology = try Topology(path: Self.shipped)
        topology.perturbations = [
            .init(atHeight: 9, node: 3, action: .disconnect), .init(atHeight: 12, node: 0, action: .kill),
        ]
        #expect(try Topology(Bytes(topology.json.text.utf8), path: "") == topology)
    }

    /// File | the refusal.
    static let refusals: [(String, String)] = [
        ("{", "net.json: no JSON: malformed(at: 1)"),
        ("[]", "net.json: the file is no object"),
        (#"{"validators":[{"stake":"1"}],"miners":[]}"#, #"net.json: the file has no member "miners""#),
        (#"{"validators":[]}"#, "net.json: validators is a list of 1 to 16 entries"),
        (#"{"validators":[{"stake":1}]}"#, "net.json: validators[0].stake is base units as a decimal string"),
        (#"{"validators":[{"stake":"01"}]}"#, "net.json: validators[0].stake is base units as a decimal string"),
        (#"{"validators":[{"stake":"1","name":"a"}]}"#, #"net.json: validators[0] has no member "name""#),
        (
            #"{"validators":[{"stake":"1"}],"providers":[{"bond":"1","cheat_ppm":1000001}]}"#,
            "net.json: providers[0].cheat_ppm is a number from 0 to 1000000"
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"program":"rm","tasks":1,"every_seconds":1}]}"#,
            "net.json: jobs[0].program is one of \(SampleJob.allCases.map(\.rawValue).joined(separator: ", "))"
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"engine":"rm","replicas":3,"tasks":1,"every_seconds":1}]}"#,
            "net.json: jobs[0].engine is one of sha256"
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"engine":"sha256","replicas":4,"tasks":1,"every_seconds":1}]}"#,
            "net.json: jobs[0].replicas is odd"
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"engine":"sha256","replicas":1,"tasks":1,"every_seconds":1}]}"#,
            "net.json: jobs[0].replicas is a number from 3 to 9"
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"engine":"sha256","program":"sgd","tasks":1,"every_seconds":1}]}"#,
            #"net.json: jobs[0] has no member "program""#
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"program":"matmul","tasks":0,"every_seconds":1}]}"#,
            "net.json: jobs[0].tasks is a number from 1 to 64"
        ),
        (
            #"{"validators":[{"stake":"1"}],"perturb":[{"at_height":1,"node":1,"action":"kill"}]}"#,
            "net.json: perturb[0].node is a number from 0 to 0"
        ),
        (
            #"{"validators":[{"stake":"1"}],"perturb":[{"at_height":1,"node":0,"action":"tickle"}]}"#,
            "net.json: perturb[0].action is kill, pause, disconnect or restart"
        ),
        (#"{}"#, "net.json: validators is a list of 1 to 16 entries"),
        (#"{"validators":{}}"#, "net.json: validators is a list of 1 to 16 entries"),
        (many("validators", #"{"stake":"1"}"#, 17), "net.json: validators is a list of 1 to 16 entries"),
        (
            many("providers", #"{"bond":"1","cheat_ppm":0}"#, 65, #""validators":[{"stake":"1"}],"#),
            "net.json: providers is a list of 0 to 64 entries"
        ),
        (
            many("jobs", #"{"program":"matmul","tasks":1,"every_seconds":1}"#, 17, #""validators":[{"stake":"1"}],"#),
            "net.json: jobs is a list of 0 to 16 entries"
        ),
        (
            many("perturb", #"{"at_height":1,"node":0,"action":"kill"}"#, 65, #""validators":[{"stake":"1"}],"#),
            "net.json: perturb is a list of 0 to 64 entries"
        ),
        (#"{"validators":[7]}"#, "net.json: validators[0] is no object"),
        (#"{"validators":[{"stake":"1"},{}]}"#, "net.json: validators[1].stake is base units as a decimal string"),
        (
            #"{"validators":[{"stake":"1"}],"providers":[{"bond":"-1","cheat_ppm":0}]}"#,
            "net.json: providers[0].bond is base units as a decimal string"
        ),
        (
            #"{"validators":[{"stake":"1"}],"providers":[{"bond":"1","cheat_ppm":0,"name":"a"}]}"#,
            #"net.json: providers[0] has no member "name""#
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"program":"matmul","tasks":1,"every_seconds":1,"bid":1}]}"#,
            #"net.json: jobs[0] has no member "bid""#
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"program":7,"tasks":1,"every_seconds":1}]}"#,
            "net.json: jobs[0].program is a string"
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"program":"matmul","tasks":65,"every_seconds":1}]}"#,
            "net.json: jobs[0].tasks is a number from 1 to 64"
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"program":"matmul","tasks":1,"every_seconds":0}]}"#,
            "net.json: jobs[0].every_seconds is a number from 1 to 86400"
        ),
        (
            #"{"validators":[{"stake":"1"}],"jobs":[{"program":"matmul","tasks":1,"every_seconds":86401}]}"#,
            "net.json: jobs[0].every_seconds is a number from 1 to 86400"
        ),
        (
            #"{"validators":[{"stake":"1"}],"perturb":[{"at_height":0,"node":0,"action":"kill"}]}"#,
            "net.json: perturb[0].at_height is a number from 1 to 4294967295"
        ),
        (
            #"{"validators":[{"stake":"1"}],"perturb":[{"at_height":1,"node":0,"action":"kill","for":1}]}"#,
            #"net.json: perturb[0] has no member "for""#
        ),
    ]

    /// A file with so many equal entries in one list.
    static func many(_ list: String, _ entry: String, _ count: Int, _ before: String = "") -> String {
        "{\(before)\"\(list)\":[\(Array(repeating: entry, count: count).joined(separator: ","))]}"
    }

    @Test("a file that breaks a rule is refused with its place and the rule", arguments: refusals)
    func refusal(_ text: String, _ expected: String) {
        switch Self.read(text) {
        case .success(let topology): Issue.record("read \(topology)")
        case .failure(let error): #expect(error.description == expected)
        }
    }

    @Test("numbers on the command line keep what the file names, add what is missing, and let the last ones cheat")
    func resize() throws {
        let topology = try Topology(path: Self.shipped)
        let more = topology.resized(validators: 6, providers: 6, cheaters: nil)
        #expect(more.validators.count == 6)
        #expect(more.providers.map(\.cheatRate) == [0, 0, 0, 0, 0, 333_333])
        let fewer = topology.resized(validators: 1, providers: 2, cheaters: nil)
        #expect(fewer.validators.count == 1)
        #expect(fewer.providers.map(\.cheatRate) == [0, 333_333])
        // Two providers fill no panel of three.
        #expect(fewer.jobs == topology.jobs.dropLast() && more.jobs == topology.jobs)
        #expect(
            topology.resized(validators: nil, providers: nil, cheaters: 0).providers.allSatisfy { $0.cheatRate == 0 })
        let two = topology.resized(validators: nil, providers: 3, cheaters: 2)
        #expect(two.providers.map(\.cheatRate) == [0, 333_333, 333_333])
    }

    @Test("a file that is not there is refused with the way to name another")
    func unreadable() {
        let error = #expect(throws: TopologyError.self) { try Topology(path: "/nonexistent/net.json") }
        #expect(error?.description.hasPrefix("cannot read /nonexistent/net.json: name a topology") == true)
    }

    @Test("stakes, bonds, rates and disturbances that the file names stay with whom they are named for")
    func kept() {
        var topology = Topology(validators: 3)
        topology.validators[0].stake = Amount(5)
        topology.providers = [
            .init(bond: Amount(1), cheatRate: 0), .init(bond: Amount(2), cheatRate: 600_000),
            .init(bond: Amount(3), cheatRate: 0),
        ]
        topology.perturbations = (0..<3).map { .init(atHeight: 9, node: $0, action: .kill) }
        let fewer = topology.resized(validators: 2, providers: 2, cheaters: 1)
        #expect(fewer.validators == [.init(stake: Amount(5)), .init(stake: ChainBeginning.stake)])
        #expect(fewer.perturbations.map(\.node) == [0, 1])
        // An honest one leaves before a cheater does, and a rate above the usual one stays.
        #expect(fewer.providers == [.init(bond: Amount(1), cheatRate: 0), .init(bond: Amount(2), cheatRate: 600_000)])
        let more = topology.resized(validators: 4, providers: 4, cheaters: 2)
        #expect(more.validators.map(\.stake) == [Amount(5)] + Array(repeating: ChainBeginning.stake, count: 3))
        #expect(more.perturbations == topology.perturbations)
        #expect(more.providers.map(\.bond) == [Amount(1), Amount(3), Topology.bond, Amount(2)])
        #expect(more.providers.map(\.cheatRate) == [0, 0, 333_333, 600_000])
        #expect(topology.resized(validators: nil, providers: 0, cheaters: nil).providers.isEmpty)
        #expect(topology.resized(validators: nil, providers: 1, cheaters: nil).providers.map(\.bond) == [Amount(2)])
        #expect(
            topology.resized(validators: nil, providers: nil, cheaters: 9).providers.map(\.cheatRate)
                == [333_333, 600_000, 333_333])
        #expect(topology.resized(validators: nil, providers: nil, cheaters: nil) == topology)
    }
}
