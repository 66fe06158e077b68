// What waits to be written to one peer. Invariants: bytes(class) <= budget(class) and the sum over classes <= total;
// the oldest frame of a class leaves first; no frame leaves while a more urgent one waits. Overflow costs this peer its
// own frames and nobody else anything.
import Primitives

struct OutboundQueue {
    private struct Line {
        var frames: [Bytes] = []
        var head = 0
        var bytes = 0

        var isEmpty: Bool { head == frames.count }

        mutating func append(_ body: Bytes) {
            frames.append(body)
            bytes += OutboundQueue.cost(of: body)
        }

        mutating func popFirst() -> Bytes? {
            if isEmpty { return nil }
            let body = frames[head]
            frames[head] = []
            head += 1
            bytes -= OutboundQueue.cost(of: body)
            // Compact when half is spent: each frame moves at most once on average.
            if head * 2 >= frames.count {
                frames.removeFirst(head)
                head = 0
            }
            return body
        }
    }

    private let budget: PerClass<Int>
    private let total: Int
    private var lines = PerClass(repeating: Line())
    private(set) var bytes = 0

    init(budget: PerClass<Int>, total: Int) {
        for kind in FrameClass.allCases {
            let least = kind.bytesMax + TransportLimits.frameOverheadBytes
            precondition(budget[kind] >= least && total >= least, "no room for one whole frame of \(kind)")
        }
        (self.budget, self.total) = (budget, total)
    }

    static func cost(of body: Bytes) -> Int { body.count + TransportLimits.frameOverheadBytes }

    func bytes(of kind: FrameClass) -> Int { lines[kind].bytes }

    /// The classes of the frames that were dropped to make room, one entry for each frame.
    mutating func enqueue(_ body: Bytes, _ kind: FrameClass) -> [FrameClass] {
        var dropped: [FrameClass] = []
        lines[kind].append(body)
        bytes += Self.cost(of: body)
        while lines[kind].bytes > budget[kind] {
            drop(kind)
            dropped.append(kind)
        }
        while bytes > total {
            guard let lowest = FrameClass.allCases.last(where: { !lines[$0].isEmpty }) else {
                preconditionFailure("\(bytes) bytes in an empty queue")
            }
            drop(lowest)
            dropped.append(lowest)
        }
        return dropped
    }

    private mutating func drop(_ kind: FrameClass) {
        if let body = lines[kind].popFirst() { bytes -= Self.cost(of: body) }
    }

    /// The most urgent frame, the oldest of its class.
    mutating func popFirst() -> (kind: FrameClass, body: Bytes)? {
        for kind in FrameClass.allCases {
            if let body = lines[kind].popFirst() {
                bytes -= Self.cost(of: body)
                return (kind, body)
            }
        }
        return nil
    }

    /// The next frames, up to the one that reaches `bytesMax`.
    mutating func take(upTo bytesMax: Int) -> [(kind: FrameClass, body: Bytes)] {
        var result: [(kind: FrameClass, body: Bytes)] = []
        var taken = 0
        while taken < bytesMax, let frame = popFirst() {
            taken += Self.cost(of: frame.body)
            result.append(frame)
        }
        return result
    }
}
