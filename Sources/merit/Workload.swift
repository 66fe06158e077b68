// What the requester of a local network does with its account while the epochs pass.
import ArgumentParser
import Primitives

protocol Workload: AnyObject, Sendable {
    /// The jobs so far.
    var submissions: [Requester.Submission] { get }
    /// What went wrong, or fell short of what the work is for.
    var failures: [String] { get }
    /// Nothing more is waited for.
    var isEnough: Bool { get }
    /// What people want to see at the end.
    var report: [String] { get }

    func start()
    func stop()
}

extension Requester: Workload {
    var isEnough: Bool { true }
    var report: [String] { [] }
}

/// The choice on the command line.
enum WorkloadName: String, ExpressibleByArgument, CaseIterable {
    /// The topology's jobs on their schedule.
    case jobs
    /// A model in rounds of one job each.
    case training
}

extension LocalnetRun {
    /// The epochs may be over before the work is.
    func finishWork(into summary: inout LocalnetSummary) async throws {
        guard let requester else { return }
        defer { requester.stop() }
        try await wait(for: "the end of the work", seconds: 240) { _ in requester.isEnough }
        summary.workload = requester.report
    }
}
