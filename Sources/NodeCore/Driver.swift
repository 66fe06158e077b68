// The only place that knows the order of effects: commit, journal, sign, send, verify. The real node and the simulator
// run this same function, so "durable before visible" is proved or broken here alone.
package import Primitives

package struct Driver<Core: CoreMachine, World: Environment> {
    package private(set) var core: Core
    package var world: World

    package init(core: Core, world: World) { (self.core, self.world) = (core, world) }

    package var nextDeadline: Instant? { core.nextDeadline }

    /// Takes the events in order. One pass performs the effects of as many events as possible at once: a decided block
    /// and a signature end a pass, because what follows must see them.
    package mutating func handle(_ events: [Event], now: Instant) {
        var queue = events[...]
        var answers: [Event] = []
        while !queue.isEmpty || !answers.isEmpty {
            let output = step(&queue, &answers, now: now)
            answers += perform(output)
        }
    }

    /// What one pass says to do. The snapshot that its events share is let go before anything is written.
    private mutating func step(_ queue: inout ArraySlice<Event>, _ answers: inout [Event], now: Instant) -> Output {
        let reader = world.reader
        var output = Output()
        while let event = answers.isEmpty ? queue.popFirst() : answers.removeFirst() {
            core.step(event, now: now, reading: reader, into: &output)
            if output.decided != nil || !output.signs.isEmpty || output.failure != nil { break }
        }
        return output
    }

    private mutating func perform(_ output: Output) -> [Event] {
        if let reason = output.failure {
            world.fail(reason)
            return []
        }
        if !output.writes.isEmpty { world.commit(output.writes) }
        if let height = output.decided { world.clearJournal(decided: height) }
        if !output.journal.isEmpty { world.journal(output.journal, sync: output.journalMustSync) }
        let signed = output.signs.compactMap { world.sign($0) }
        for send in output.sends { world.send(send) }
        for request in output.checks { world.verify(request) }
        for reply in output.replies { world.reply(reply) }
        for penalty in output.penalties { world.penalise(penalty) }
        for notice in output.notices { world.note(notice) }
        return signed + (output.decided.map { [.committed($0)] } ?? [])
    }
}
