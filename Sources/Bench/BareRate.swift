// What this machine does at most: calls of libsodium's check alone, on every core at once, with keys and messages that
// all differ, as a node meets them. Everything a node does beside that call makes it slower than this.
import CSodium
package import Cryptography
import Foundation
import Primitives
import Synchronization

package struct BareRate: Sendable {
    /// Key, signature and message of each claim, as libsodium wants them.
    private let keys: [[UInt8]]
    private let signatures: [[UInt8]]
    private let messages: [[UInt8]]

    package init(_ claims: [SignatureClaim]) {
        precondition(!claims.isEmpty, "nothing to check")
        keys = claims.map(\.key.bytes)
        signatures = claims.map(\.signature.bytes)
        messages = claims.map(\.message)
    }

    /// Bytes of the longest message.
    package var messageBytes: Int { messages.map(\.count).max() ?? 0 }

    /// Checks a second, all cores together. Each core has a part of the claims of its own.
    package func measure(cores: Int, seconds: Double) -> Double {
        let total = Mutex(0.0)
        DispatchQueue.concurrentPerform(iterations: cores) { core in
            let rate = measure(part: core, of: cores, seconds: seconds)
            total.withLock { $0 += rate }
        }
        return total.withLock { $0 }
    }

    private func measure(part: Int, of parts: Int, seconds: Double) -> Double {
        let start = ContinuousClock.now
        let end = start.advanced(by: .seconds(seconds))
        var count = 0
        var index = part % keys.count
        while ContinuousClock.now < end {
            for _ in 0..<32 {
                let message = messages[index]
                let code = crypto_sign_verify_detached(signatures[index], message, UInt64(message.count), keys[index])
                precondition(code == 0, "libsodium refuses claim \(index)")
                index += parts
                if index >= keys.count { index = part % keys.count }
            }
            count += 32
        }
        return Double(count) / (start.duration(to: .now) / .seconds(1))
    }
}
