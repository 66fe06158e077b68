// What a driver needs of the world. Two worlds implement it: the node's and the simulator's.
package import Primitives

package protocol Environment {
    associatedtype Reader: Snapshot
    /// The last committed content of the store.
    var reader: Reader { get }
    /// Durable on return, or the process ends.
    mutating func commit(_ writes: WriteBatch)
    /// Appended on return, and durable when `sync`; or the process ends.
    mutating func journal(_ rows: [JournalRow], sync: Bool)
    /// Rows up to this height are needed no more.
    mutating func clearJournal(decided: Height)
    /// Records and signs; nil when the signing record refuses, because another statement was signed there.
    mutating func sign(_ intent: SignIntent) -> Event?
    /// Puts a message into bounded queues; may drop, never blocks.
    mutating func send(_ send: Send)
    /// The answer comes back later as an event.
    mutating func verify(_ request: VerifyRequest)
    mutating func reply(_ reply: Reply)
    mutating func penalise(_ penalty: Penalty)
    mutating func note(_ notice: Notice)
    /// Ends this node with one line of reason.
    mutating func fail(_ reason: String)
}

/// A deterministic machine that a driver can run.
package protocol CoreMachine {
    mutating func step(_ event: Event, now: Instant, reading snapshot: some Snapshot, into output: inout Output)
    /// When `.deadlineReached` is due; nil when there is nothing to wait for.
    var nextDeadline: Instant? { get }
}
