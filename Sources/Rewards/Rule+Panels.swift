// Which tasks of a panel are checked by further operators (design, section 7).

extension Rule {
    /// `word * 10^6 < rate * 2^64`, word = 64 bits of a beacon's hash, rate in ppm.
    package static func isPanelChecked(word: UInt64, rate: UInt64) -> Bool {
        UInt128(word) * UInt128(million) < UInt128(rate) << 64
    }
}
