// A seeded generator for simulations and tests (xoshiro256** seeded by splitmix64): the same seed gives the same
// numbers on every machine. Never a source of secrets, never part of consensus: chain draws come from the beacon.

package struct Random: Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    package init(seed: UInt64) {
        var mixer = seed
        func next() -> UInt64 {
            mixer &+= 0x9E37_79B9_7F4A_7C15
            var word = mixer
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
        state = (next(), next(), next(), next())
    }

    package mutating func next() -> UInt64 {
        let product = state.1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = state.3 << 45 | state.3 >> 19
        return result
    }

    /// Uniform in `0..<bound`; 0 when `bound` is 0. Unbiased (Lemire's method).
    package mutating func below(_ bound: UInt64) -> UInt64 {
        if bound == 0 { return 0 }
        let threshold = (0 &- bound) % bound
        while true {
            let product = next().multipliedFullWidth(by: bound)
            if product.low >= threshold { return product.high }
        }
    }

    /// True with probability `ppm / 10^6`.
    package mutating func chance(ppm: UInt64) -> Bool { below(1_000_000) < ppm }

    package mutating func bytes(_ count: Int) -> Bytes {
        var result = Bytes()
        result.reserveCapacity(count)
        while result.count < count {
            var word = next()
            for _ in 0..<min(8, count - result.count) {
                result.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        return result
    }
}
