// Which tasks of a panel are checked by further operators (design, section 7).

extension Rule {
    /// Of tasks of class Q, in ppm.
    package static let panelCheckRate: UInt64 = 100_000

    /// `word * 10^6 < rate * 2^64`, word = 64 bits of a beacon's hash.
    package static func isPanelChecked(word: UInt64) -> Bool {
        UInt128(word) * UInt128(million) < UInt128(panelCheckRate) << 64
    }
}
