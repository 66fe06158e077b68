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

    @Test("the shipped network has four validators, four providers of which the last cheats in a third, and three jobs")
    func shippedNetwork() throws {
        let topology = try Topology(path: Self.shipped)
        #expect(topology.validators.count == 4)
        #expect(topology.providers.map(\.cheatRate) == [0, 0, 0, 333_333])
        #expect(topology.jobs.map(\.program) == [.matmul, .montecarlo, .transformer])
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
    ]

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
        #expect(
            topology.resized(validators: nil, providers: nil, cheaters: 0).providers.allSatisfy { $0.cheatRate == 0 })
        let two = topology.resized(validators: nil, providers: 3, cheaters: 2)
        #expect(two.providers.map(\.cheatRate) == [0, 333_333, 333_333])
    }
}
