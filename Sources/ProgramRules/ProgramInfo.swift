// What the pre-scan knows about a program that passed every rule: enough to price it before it runs.

package struct ProgramInfo: Equatable, Sendable {
    /// Linear memory in pages of 64 KiB; minimum and maximum are equal, so this is also the peak.
    package let pages: Int
    /// Entries of the function table; 0 without a table.
    package let tableEntries: Int
    package let functions: Int
    /// Functions on the longest call path.
    package let callDepth: Int
    /// Bytes of native stack on the costliest call path, by the frame charge.
    package let stackBound: Int
}
