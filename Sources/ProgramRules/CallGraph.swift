// The call graph of a module, with every indirect call resolved to all table entries of the structurally equal type.
// The table cannot change at run time, so an acyclic graph bounds depth and stack before the program runs.
// Nodes: functions first, then one node per canonical type (it costs nothing and stands for "any entry of this type").

struct CallGraph {
    private let frames: [Frame]
    private var successors: [[Int]]

    /// `entries` are the functions that the table may hold; `typeOf` gives a function's canonical type.
    init(frames: [Frame], types: Int, entries: [Int], typeOf: (Int) -> Int) {
        self.frames = frames
        successors = frames.map { frame in frame.callees + frame.indirect.map { frames.count + $0 } }
        successors += [[Int]](repeating: [], count: types)
        for function in entries { successors[frames.count + typeOf(function)].append(function) }
    }

    /// The longest path in functions and the costliest in bytes.
    func bounds() throws(ScanError) -> (depth: Int, bytes: Int) {
        var callers = [Int](repeating: 0, count: successors.count)
        for list in successors {
            for node in list { callers[node] += 1 }
        }
        var ready = callers.indices.filter { callers[$0] == 0 }
        var depth = successors.indices.map { $0 < frames.count ? 1 : 0 }
        var bytes = successors.indices.map { $0 < frames.count ? frames[$0].bytes : 0 }
        var next = 0
        while next < ready.count {
            let node = ready[next]
            next += 1
            for callee in successors[node] {
                let own = callee < frames.count ? (1, frames[callee].bytes) : (0, 0)
                depth[callee] = max(depth[callee], depth[node] + own.0)
                bytes[callee] = max(bytes[callee], bytes[node] + own.1)
                callers[callee] -= 1
                if callers[callee] == 0 { ready.append(callee) }
            }
        }
        if ready.count < successors.count { throw .callCycle(function: functionInCycle(callers)) }
        return (depth.max() ?? 0, bytes.max() ?? 0)
    }

    /// Walks callers among the nodes that never became ready: each has one, so the walk ends inside a cycle.
    private func functionInCycle(_ callers: [Int]) -> Int {
        var caller = [Int](repeating: -1, count: successors.count)
        for (node, list) in successors.enumerated() where callers[node] > 0 {
            for callee in list { caller[callee] = node }
        }
        guard var node = callers.firstIndex(where: { $0 > 0 }) else { return 0 }
        for _ in successors.indices { node = caller[node] }
        while node >= frames.count { node = caller[node] }
        return node
    }
}
