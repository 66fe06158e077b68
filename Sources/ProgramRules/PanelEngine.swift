// The engines of class Q. A panel's work is done by whatever program its operators agreed on, so the chain knows such
// an engine by its name alone: what the name stands for is between those who ask and those who offer.
// Invariant: equal names have equal ids on every chain, and no id is that of the WebAssembly engine.
import Cryptography
package import Primitives

package enum PanelEngine {
    /// Characters of a name: lower-case letters, digits, dots, dashes and underscores.
    package static let nameLength = 1...64

    /// SHA-256("merit.panel-engine.1" ‖ 0 ‖ name); nil where that is no name.
    package static func id(_ name: String) -> Digest? {
        let bytes = Bytes(name.utf8)
        guard nameLength.contains(bytes.count), bytes.allSatisfy(isAllowed) else { return nil }
        return Hash.sha256([Bytes("merit.panel-engine.1".utf8), [0], bytes])
    }

    private static func isAllowed(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
