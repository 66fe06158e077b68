// Prices a European and an arithmetic Asian call by simulating geometric Brownian motion. Tasks are independent
// samples: the requester averages their means.
//
// Input, little endian:   0  u32 paths (2...2^24)   4  u32 steps per path (1...4096)   8  u64 seed
//                        16  f64 spot   24  f64 strike   32  f64 interest rate   40  f64 volatility   48  f64 years
//                        56  end. Spot, strike and years are positive, volatility is not negative, all bounded.
// Output: four f64: European mean, its standard error, Asian mean, its standard error, all discounted.
// The generator is xoshiro256** seeded by splitmix64(seed xor task * odd constant); normals by the polar method of
// Marsaglia.

private struct Generator {
    private var s0, s1, s2, s3: UInt64
    private var spare = 0.0
    private var hasSpare = false

    init(seed: UInt64) {
        var mixer = seed
        func next() -> UInt64 {
            mixer &+= 0x9E37_79B9_7F4A_7C15
            var word = mixer
            word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            return word ^ word >> 31
        }
        (s0, s1, s2, s3) = (next(), next(), next(), next())
    }

    private mutating func next() -> UInt64 {
        let product = s1 &* 5
        let result = (product << 7 | product >> 57) &* 9
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = s3 << 45 | s3 >> 19
        return result
    }

    /// Uniform in -1 ..< 1, a multiple of 2^-52.
    private mutating func uniform() -> Double { Double(Int64(bitPattern: next()) >> 11) * 0x1p-52 }

    mutating func normal() -> Double {
        if hasSpare {
            hasSpare = false
            return spare
        }
        while true {
            let (x, y) = (uniform(), uniform())
            let square = x * x + y * y
            if square >= 1 || square == 0 { continue }
            let scale = (-2 * log64(square) / square).squareRoot()
            spare = y * scale
            hasSpare = true
            return x * scale
        }
    }
}

private struct Sample {
    private var sum = 0.0
    private var squares = 0.0

    mutating func add(_ value: Double) {
        sum = sum + value
        squares = squares + value * value
    }

    func mean(_ count: Double) -> Double { sum / count }
    func error(_ count: Double) -> Double {
        let variance = (squares - sum * sum / count) / (count - 1)
        return (max(variance, 0) / count).squareRoot()
    }
}

func job(_ input: UnsafeBufferPointer<UInt8>, _ task: UInt32) -> [UInt8] {
    precondition(input.count == 56)
    let base = UnsafeRawPointer(input.baseAddress!)
    let paths = base.loadUnaligned(fromByteOffset: 0, as: UInt32.self)
    let steps = base.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
    let seed = base.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    func number(_ index: Int) -> Double { base.loadUnaligned(fromByteOffset: 16 + 8 * index, as: Double.self) }
    let (spot, strike, rate, volatility, years) = (number(0), number(1), number(2), number(3), number(4))
    precondition(paths >= 2 && paths <= 1 << 24 && steps >= 1 && steps <= 4096)
    precondition(spot > 0 && strike > 0 && years > 0 && volatility >= 0)
    precondition(spot < 1e12 && strike < 1e12 && years < 1e3 && volatility < 1e3 && rate > -1e3 && rate < 1e3)

    var generator = Generator(seed: seed ^ UInt64(task) &* 0xD134_2543_DE82_EF95)
    let interval = years / Double(steps)
    let drift = (rate - 0.5 * volatility * volatility) * interval
    let width = volatility * interval.squareRoot()
    var (european, asian) = (Sample(), Sample())
    for _ in 0..<paths {
        var (logarithm, sum, price) = (0.0, 0.0, spot)
        for _ in 0..<steps {
            logarithm = logarithm + (drift + width * generator.normal())
            price = spot * exp64(logarithm)
            sum = sum + price
        }
        european.add(max(price - strike, 0))
        asian.add(max(sum / Double(steps) - strike, 0))
    }
    let discount = exp64(-rate * years)
    let count = Double(paths)
    return [UInt8](unsafeUninitializedCapacity: 32) { buffer, size in
        let out = UnsafeMutableRawPointer(buffer.baseAddress!)
        out.storeBytes(of: discount * european.mean(count), toByteOffset: 0, as: Double.self)
        out.storeBytes(of: discount * european.error(count), toByteOffset: 8, as: Double.self)
        out.storeBytes(of: discount * asian.mean(count), toByteOffset: 16, as: Double.self)
        out.storeBytes(of: discount * asian.error(count), toByteOffset: 24, as: Double.self)
        size = 32
    }
}
