// What a frame is worth, not what it means: the class decides the order of writing, the longest body and the memory a
// slow peer may cost. Wire: 4 bytes big-endian body length, 1 byte class, body.

/// The classes of data frames, the most urgent first.
package enum FrameClass: UInt8, CaseIterable, Comparable, Sendable {
    case votes = 0x10
    case proposals
    case blocks
    case batches
    case transactions

    /// Longest body in bytes; a longer one ends the link before it is buffered.
    package var bytesMax: Int {
        switch self {
        case .votes: 64 * 1_024
        case .proposals: 1_024 * 1_024
        case .blocks: 8 * 1_024 * 1_024
        case .batches: 4 * 1_024 * 1_024
        case .transactions: 2 * 1_024 * 1_024
        }
    }

    /// More urgent first.
    package static func < (lhs: FrameClass, rhs: FrameClass) -> Bool { lhs.rawValue < rhs.rawValue }

    fileprivate var index: Int { Int(rawValue - FrameClass.votes.rawValue) }
}

/// One value for each class.
package struct PerClass<Value: Sendable>: Sendable {
    private var values: [Value]

    package init(repeating value: Value) { values = FrameClass.allCases.map { _ in value } }
    package init(_ value: (FrameClass) -> Value) { values = FrameClass.allCases.map(value) }

    package subscript(kind: FrameClass) -> Value {
        get { values[kind.index] }
        set { values[kind.index] = newValue }
    }
}

/// Frames the two transports exchange between themselves.
enum ControlClass: UInt8, Sendable {
    /// The owner's hello; the first frame in each direction.
    case hello = 0x01
    /// "Your hello is accepted." The link is up for whoever has sent and received one.
    case accept = 0x02
    /// The reason of the end, as text.
    case close = 0x03
    /// A sign of life.
    case ping = 0x04

    var bytesMax: Int {
        switch self {
        case .hello: TransportLimits.helloBytesMax
        case .accept, .ping: 0
        case .close: TransportLimits.closeTextBytesMax
        }
    }
}

enum WireClass: Equatable, Sendable {
    case control(ControlClass)
    case data(FrameClass)

    init?(byte: UInt8) {
        if let control = ControlClass(rawValue: byte) {
            self = .control(control)
        } else if let data = FrameClass(rawValue: byte) {
            self = .data(data)
        } else {
            return nil
        }
    }

    var byte: UInt8 {
        switch self {
        case .control(let control): control.rawValue
        case .data(let data): data.rawValue
        }
    }

    var bytesMax: Int {
        switch self {
        case .control(let control): control.bytesMax
        case .data(let data): data.bytesMax
        }
    }
}
