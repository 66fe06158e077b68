// Stochastic gradient descent on a classifier of noisy digits: two layers in float32, softmax and cross-entropy. All
// tasks of a job start from the model in its input; each takes its own steps on its own samples, and the requester
// combines what they come to.
//
// Input, little endian:   0  u32 hidden units (h, a multiple of 4 up to 64)   4  u32 samples per step (1...256)
//                         8  u32 steps (1...1024)   12  f32 learning rate (over 0, at most 1)   16  u64 seed
//                        24  the model: weights of the first layer by pixel (64*h float32), its biases (h), weights
//                            of the second by class (10*h), its biases (10); nothing follows. Nothing beyond 1,000.
// Output: 0  u32 samples of the first step that the received model names rightly   4  f32 its mean loss on them
//         8  the model after the last step, as it came in. A task whose steps lead beyond 1,000 traps.
// A sample is a digit of five by seven dots somewhere on eight by eight pixels, under noise; splitmix64 of seed and
// task draws it. Sums run in the order of model/sgd.py, one rounding per product and per sum: any program that adds in
// this order gets the same bits.

private let side = 8
private let pixels = 64
private let classes = 10

/// Rows of five dots from the top.
private func glyph(_ digit: Int) -> UInt64 {
    switch digit {
    case 0: 0b01110_10001_10011_10101_11001_10001_01110
    case 1: 0b00100_01100_00100_00100_00100_00100_01110
    case 2: 0b01110_10001_00001_00010_00100_01000_11111
    case 3: 0b11111_00010_00100_00010_00001_10001_01110
    case 4: 0b00010_00110_01010_10010_11111_00010_00010
    case 5: 0b11111_10000_11110_00001_00001_10001_01110
    case 6: 0b00110_01000_10000_11110_10001_10001_01110
    case 7: 0b11111_00001_00010_00100_01000_01000_01000
    case 8: 0b01110_10001_10001_01110_10001_10001_01110
    default: 0b01110_10001_10001_01111_00001_00010_01100
    }
}

private struct Samples {
    private var state: UInt64
    /// The newest sample: 1 stands for ink, and noise takes or adds up to a half.
    let image = UnsafeMutablePointer<Float>.allocate(capacity: pixels)

    init(seed: UInt64, task: UInt32) { state = seed ^ UInt64(task) &* 0xD134_2543_DE82_EF95 }

    private mutating func word() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    /// Draws a sample and returns its class.
    mutating func draw() -> Int {
        let choice = word()
        let digit = Int((choice >> 32 &* 10) >> 32)
        let (left, top) = (Int(choice & 3), Int(choice >> 2 & 1))
        let dots = glyph(digit)
        var noise: UInt64 = 0
        for index in 0..<pixels {
            if index & 7 == 0 { noise = word() }
            let (row, column) = (index / side &- top, index % side &- left)
            var value = Int32(truncatingIfNeeded: noise & 255) &- 128
            noise = noise >> 8
            if row >= 0 && row < 7 && column >= 0 && column < 5 {
                let place = UInt64(truncatingIfNeeded: 34 &- 5 &* row &- column)
                value = value &+ Int32(truncatingIfNeeded: dots >> place & 1) &* 256
            }
            image[index] = Float(value) * 0x1p-8
        }
        return digit
    }
}

/// Numbers in vectors of four, all zero at first; those behind the last number stay so.
private struct Numbers {
    let base: UnsafeMutableRawPointer
    let vectors: Int

    init(_ count: Int) {
        vectors = (count + 3) / 4
        base = .allocate(byteCount: 16 * vectors, alignment: 16)
        clear()
    }

    func clear() {
        for index in 0..<vectors { self[index] = SIMD4<Float>() }
    }

    subscript(_ index: Int) -> SIMD4<Float> {
        get { base.load(fromByteOffset: 16 &* index, as: SIMD4<Float>.self) }
        nonmutating set { base.storeBytes(of: newValue, toByteOffset: 16 &* index, as: SIMD4<Float>.self) }
    }

    func number(_ index: Int) -> Float { base.load(fromByteOffset: 4 &* index, as: Float.self) }
    func store(_ value: Float, _ index: Int) { base.storeBytes(of: value, toByteOffset: 4 &* index, as: Float.self) }
}

private struct Network {
    /// Vectors of one row: a pixel's weights to all hidden units, or a class's weights from them.
    let row: Int
    let count: Int
    let model, gradient: Numbers
    let hidden, blame: Numbers
    let scores = UnsafeMutablePointer<Float>.allocate(capacity: classes)
    let shares = UnsafeMutablePointer<Double>.allocate(capacity: classes)

    init(hidden units: Int) {
        row = units / 4
        count = units * (pixels + 1 + classes) + classes
        (model, gradient) = (Numbers(count), Numbers(count))
        (hidden, blame) = (Numbers(units), Numbers(units))
    }

    private var firstBias: Int { pixels &* row }
    private var second: Int { (pixels &+ 1) &* row }
    private var secondBias: Int { 4 &* (pixels &+ 1 &+ classes) &* row }

    /// Fills `hidden`, `scores` and `shares`, whose sum it returns with the highest score.
    private func forward(_ image: UnsafeMutablePointer<Float>) -> (sum: Double, top: Float) {
        for unit in 0..<row { hidden[unit] = model[firstBias &+ unit] }
        for pixel in 0..<pixels {
            let value = SIMD4<Float>(repeating: image[pixel])
            for unit in 0..<row { hidden[unit] = hidden[unit] + value * model[pixel &* row &+ unit] }
        }
        let zero = SIMD4<Float>()
        for unit in 0..<row { hidden[unit] = hidden[unit].replacing(with: zero, where: hidden[unit] .< zero) }
        var top: Float = -.greatestFiniteMagnitude
        for digit in 0..<classes {
            var sums = zero
            for unit in 0..<row { sums = sums + hidden[unit] * model[second &+ digit &* row &+ unit] }
            let score = (sums[0] + sums[1]) + (sums[2] + sums[3]) + model.number(secondBias &+ digit)
            scores[digit] = score
            if score > top { top = score }
        }
        var sum = 0.0
        for digit in 0..<classes {
            shares[digit] = exp64(Double(scores[digit]) - Double(top))
            sum = sum + shares[digit]
        }
        return (sum, top)
    }

    /// Adds the sample's gradient; returns its loss and whether no other class has the score of its own.
    func learn(_ image: UnsafeMutablePointer<Float>, _ label: Int) -> (loss: Double, isRight: Bool) {
        let (sum, top) = forward(image)
        for unit in 0..<row { blame[unit] = SIMD4<Float>() }
        var isRight = true
        for digit in 0..<classes {
            if digit != label && scores[digit] >= scores[label] { isRight = false }
            let error = Float(shares[digit] / sum - (digit == label ? 1 : 0))
            let errors = SIMD4<Float>(repeating: error)
            let start = second &+ digit &* row
            for unit in 0..<row {
                blame[unit] = blame[unit] + errors * model[start &+ unit]
                gradient[start &+ unit] = gradient[start &+ unit] + errors * hidden[unit]
            }
            gradient.store(gradient.number(secondBias &+ digit) + error, secondBias &+ digit)
        }
        let zero = SIMD4<Float>()
        for unit in 0..<row {
            let own = blame[unit].replacing(with: zero, where: hidden[unit] .<= zero)
            blame[unit] = own
            gradient[firstBias &+ unit] = gradient[firstBias &+ unit] + own
        }
        for pixel in 0..<pixels {
            let value = SIMD4<Float>(repeating: image[pixel])
            let start = pixel &* row
            for unit in 0..<row { gradient[start &+ unit] = gradient[start &+ unit] + value * blame[unit] }
        }
        return (log64(sum) - (Double(scores[label]) - Double(top)), isRight)
    }

    /// One step against the gradient, which is zero afterwards.
    func step(_ rate: Float) {
        let rates = SIMD4<Float>(repeating: rate)
        for index in 0..<model.vectors { model[index] = model[index] - rates * gradient[index] }
        gradient.clear()
    }
}

func job(_ input: UnsafeBufferPointer<UInt8>, _ task: UInt32) -> [UInt8] {
    precondition(input.count >= 24)
    let base = UnsafeRawPointer(input.baseAddress!)
    func size(_ offset: Int, _ most: UInt32) -> Int {
        let value = base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        precondition(value >= 1 && value <= most)
        return Int(value)
    }
    let (units, batch, steps) = (size(0, 64), size(4, 256), size(8, 1024))
    let rate = base.loadUnaligned(fromByteOffset: 12, as: Float.self)
    precondition(units % 4 == 0 && rate > 0 && rate <= 1)
    let network = Network(hidden: units)
    precondition(input.count == 24 + 4 * network.count)
    for index in 0..<network.count {
        let value = base.loadUnaligned(fromByteOffset: 24 + 4 * index, as: Float.self)
        precondition(value >= -1_000 && value <= 1_000)
        network.model.store(value, index)
    }
    var samples = Samples(seed: base.loadUnaligned(fromByteOffset: 16, as: UInt64.self), task: task)
    var (right, loss) = (0 as UInt32, 0.0)
    for step in 0..<steps {
        for _ in 0..<batch {
            let label = samples.draw()
            let found = network.learn(samples.image, label)
            if step > 0 { continue }
            loss = loss + found.loss
            if found.isRight { right = right &+ 1 }
        }
        network.step(rate / Float(batch))
    }
    let size = 8 + 4 * network.count
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        let out = UnsafeMutableRawPointer(buffer.baseAddress!)
        out.storeBytes(of: right, as: UInt32.self)
        out.storeBytes(of: Float(loss / Double(batch)), toByteOffset: 4, as: Float.self)
        for index in 0..<network.count {
            let value = network.model.number(index)
            precondition(value >= -1_000 && value <= 1_000)
            out.storeBytes(of: value, toByteOffset: 8 + 4 * index, as: Float.self)
        }
        count = size
    }
}
