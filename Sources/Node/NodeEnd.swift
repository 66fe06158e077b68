// How a node ends for a reason of its own: one line, an exit code, no clean-up that could make things worse.
package import Storage

package struct NodeEnd: Error, Sendable, CustomStringConvertible {
    package enum Code: Int32, Sendable {
        case checkFailed = 1
        case usage = 2
        case refused = 3
        case unreachable = 4
        case disk = 5
        case defect = 70
    }

    package let code: Code
    package let description: String

    package init(_ code: Code, _ description: String) { (self.code, self.description) = (code, description) }

    package init(_ error: StorageError) {
        switch error {
        case .alreadyOpen, .foreignChain, .newerSchema, .olderSchema, .foreignLog, .missingRecord, .recordExists,
            .malformedInterchange,
            .foreignInterchange:
            self.init(.refused, error.description)
        default: self.init(.disk, error.description)
        }
    }
}

/// Ends the process; a test may end something smaller.
package typealias Ending = @Sendable (NodeEnd) -> Never
