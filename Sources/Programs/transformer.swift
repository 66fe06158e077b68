// A small decoder of bytes in integers: reads a prompt and writes its continuation, each task another one.
//
// Input, little endian: the weights (a published blob, model/weights.bin) and then the request (the job's own bytes).
//   weights:  0  "MTF1"   4  u32 layers   8  u32 width   12  u32 heads   16  u32 hidden   20  u32 window
//            24  u32 symbols (96)        28  u32 zero
//            32  embedding, symbols * width int16; per layer the matrices query, key, value, out, up, down; head.
//            A matrix of r rows and c columns is r int32 factors, then r*c int8, row by row.
//   request: seed, bytes to write (0...4096) and sharpness (1...65535, 256 = as learned) in decimals, a space after
//            each, then the prompt, 1...4096 bytes of printable ASCII and line feeds: "7 96 256 A validator is ".
// Output: the continuation alone; where no byte is asked for, the logits of the next one, 96 int32.
//
// No floating point. Fraction bits: 12 in the running sum (int32), 11 where a matrix reads (int16), 9 in queries and
// keys (|q| <= 8191, so that a product of two heads fits int32), 18 in scores and logits (powers of two), 15 in shares.
// model/reference.py is the same arithmetic without bounds; with model/weights.bin no sum here leaves its width.

private let symbols = 96

private struct Matrix {
    let factors: UnsafeRawPointer
    let weights: UnsafePointer<Int8>
    let rows, columns: Int

    /// sum(weight * x) * factor / 2^24 of one row, to the nearest.
    func row(_ row: Int, _ x: UnsafePointer<Int16>) -> Int32 {
        let sum = dot8(weights + row &* columns, x, Int32(truncatingIfNeeded: columns))
        let factor = Int64(factors.loadUnaligned(fromByteOffset: 4 &* row, as: Int32.self))
        return Int32(truncatingIfNeeded: (Int64(sum) &* factor &+ 1 << 23) >> 24)
    }

    func times(_ x: UnsafePointer<Int16>, into out: UnsafeMutablePointer<Int16>, from low: Int32, to high: Int32) {
        for index in 0..<rows { out[index] = Int16(truncatingIfNeeded: min(max(row(index, x), low), high)) }
    }

    func times(_ x: UnsafePointer<Int16>, onto sum: UnsafeMutablePointer<Int32>) {
        for index in 0..<rows { sum[index] = sum[index] &+ row(index, x) }
    }
}

private struct Shape {
    let layers, width, heads, hidden, window: Int
    var headWidth: Int { width / heads }

    init(_ base: UnsafeRawPointer) {
        precondition(base.loadUnaligned(as: UInt32.self) == 0x3146_544D)
        func size(_ offset: Int, _ most: Int) -> Int {
            let value = Int(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            precondition(value >= 1 && value <= most)
            return value
        }
        (layers, width, heads) = (size(4, 8), size(8, 512), size(12, 8))
        (hidden, window) = (size(16, 512), size(20, 1024))
        precondition(hidden % 8 == 0 && width % (8 * heads) == 0 && width / heads <= 32)
        precondition(size(24, symbols) == symbols && base.loadUnaligned(fromByteOffset: 28, as: UInt32.self) == 0)
    }

    static func bytes(_ rows: Int, _ columns: Int) -> Int { rows &* (4 &+ columns) }
    var layerBytes: Int { 4 * Self.bytes(width, width) + Self.bytes(hidden, width) + Self.bytes(width, hidden) }
    var bytes: Int { 32 + 2 * symbols * width + layers * layerBytes + Self.bytes(symbols, width) }
}

private struct Request {
    let seed: UInt64
    let count: Int
    let sharpness: Int64
    let prompt: Range<Int>

    init(_ input: UnsafeBufferPointer<UInt8>, from start: Int) {
        var place = start
        /// At most 20 digits, modulo 2^64.
        func number() -> UInt64 {
            var value: UInt64 = 0
            let first = place
            while place < input.count, input[place] != 32 {
                precondition(input[place] >= 48 && input[place] <= 57 && place - first < 20)
                value = value &* 10 &+ UInt64(input[place] - 48)
                place += 1
            }
            precondition(place > first && place < input.count)
            place += 1
            return value
        }
        let (seed, count, sharpness) = (number(), number(), number())
        precondition(count <= 4096 && sharpness >= 1 && sharpness <= 65_535)
        precondition(place < input.count && input.count - place <= 4096)
        (self.seed, self.count, self.sharpness) = (seed, Int(count), Int64(sharpness))
        prompt = place..<input.count
    }
}

/// 2^-distance with 15 fraction bits, at most 2^-15 away; `distance` >= 0 has 18.
private func power(_ distance: Int64) -> Int32 {
    let whole = distance >> 18
    if whole > 15 { return 0 }
    let part = Int32(truncatingIfNeeded: distance >> 3) & 32_767
    var inner = 7_553 &- (part &* 1_281) >> 15
    inner = 22_656 &- (part &* inner) >> 15
    return (32_768 &- (part &* inner) >> 15) >> Int32(truncatingIfNeeded: whole)
}

private func root(_ value: UInt64) -> UInt64 {
    var (rest, result) = (value, 0 as UInt64)
    var bit: UInt64 = 1 << 62
    while bit > 0 {
        if rest >= result &+ bit {
            rest = rest &- (result &+ bit)
            result = result >> 1 &+ bit
        } else {
            result = result >> 1
        }
        bit = bit >> 2
    }
    return result
}

private struct Model {
    let shape: Shape
    let base: UnsafeRawPointer
    /// Per layer and place in the window: keys, then values.
    let past: UnsafeMutablePointer<Int16>
    let sum: UnsafeMutablePointer<Int32>
    let normal, query, mixed, hidden: UnsafeMutablePointer<Int16>
    let scores: UnsafeMutablePointer<Int32>
    let logits: UnsafeMutablePointer<Int32>
    var count = 0

    init(_ shape: Shape, _ base: UnsafeRawPointer) {
        (self.shape, self.base) = (shape, base)
        past = .allocate(capacity: shape.layers * shape.window * 2 * shape.width)
        sum = .allocate(capacity: shape.width)
        normal = .allocate(capacity: shape.width)
        query = .allocate(capacity: shape.width)
        mixed = .allocate(capacity: shape.width)
        hidden = .allocate(capacity: shape.hidden)
        scores = .allocate(capacity: shape.window)
        logits = .allocate(capacity: symbols)
    }

    private func matrix(_ offset: Int, _ rows: Int, _ columns: Int) -> Matrix {
        let start = base + offset
        let weights = (start + 4 &* rows).assumingMemoryBound(to: Int8.self)
        return Matrix(factors: start, weights: weights, rows: rows, columns: columns)
    }

    /// normal = sum / sqrt(mean(sum^2)).
    private func normalise() {
        var squares: Int64 = 0
        for index in 0..<shape.width {
            let value = Int64(sum[index])
            squares = squares &+ value &* value
        }
        let inverse = (1 as Int64) << 40 / max(Int64(root(UInt64(bitPattern: squares / Int64(shape.width)))), 1)
        for index in 0..<shape.width {
            let value = (Int64(sum[index]) &* inverse &+ 1 << 28) >> 29
            normal[index] = Int16(truncatingIfNeeded: min(max(value, -32_767), 32_767))
        }
    }

    private func attend(_ head: Int, keys: UnsafeMutablePointer<Int16>, length: Int) {
        let (size, width) = (shape.headWidth, shape.width)
        let own = query + head &* size
        let lost = Int32(1) << Int32(truncatingIfNeeded: 17 &- 2 &* head)
        var top = Int32.min
        for place in 0..<length {
            let key = keys + (place &* 2 &* width &+ head &* size)
            let age = (count &- place) % shape.window
            let score = dot16(own, key, Int32(truncatingIfNeeded: size)) &- Int32(truncatingIfNeeded: age) &* lost
            scores[place] = score
            top = max(top, score)
        }
        var total: Int32 = 0
        for place in 0..<length {
            scores[place] = power(Int64(top) &- Int64(scores[place]))
            total = total &+ scores[place]
        }
        let factor = (1 as Int64) << 30 / Int64(total)
        for place in 0..<length {
            scores[place] = Int32(truncatingIfNeeded: (Int64(scores[place]) &* factor) >> 15)
        }
        for step in 0..<(size / 8) {
            let column = head &* size &+ 8 &* step
            mix8(
                scores, keys + (width &+ column), Int32(truncatingIfNeeded: length),
                Int32(truncatingIfNeeded: 2 &* width), mixed + column)
        }
    }

    private func layer(_ index: Int, length: Int) {
        let (width, hiddenWidth) = (shape.width, shape.hidden)
        let square = Shape.bytes(width, width)
        let offset = 32 &+ 2 &* symbols &* width &+ index &* shape.layerBytes
        let keys = past + index &* shape.window &* 2 &* width
        let place = keys + (count % shape.window) &* 2 &* width
        normalise()
        matrix(offset, width, width).times(normal, into: query, from: -8_191, to: 8_191)
        matrix(offset &+ square, width, width).times(normal, into: place, from: -8_191, to: 8_191)
        matrix(offset &+ 2 &* square, width, width).times(normal, into: place + width, from: -32_767, to: 32_767)
        for head in 0..<shape.heads { attend(head, keys: keys, length: length) }
        matrix(offset &+ 3 &* square, width, width).times(mixed, onto: sum)
        normalise()
        let up = offset &+ 4 &* square
        matrix(up, hiddenWidth, width).times(normal, into: hidden, from: 0, to: 32_767)
        matrix(up &+ Shape.bytes(hiddenWidth, width), width, hiddenWidth).times(hidden, onto: sum)
    }

    /// Reads one symbol; the logits of the next are computed only where they are asked for.
    mutating func read(_ symbol: Int, isLast: Bool) {
        let width = shape.width
        for index in 0..<width {
            let offset = 32 &+ 2 &* (symbol &* width &+ index)
            sum[index] = Int32(base.loadUnaligned(fromByteOffset: offset, as: Int16.self))
        }
        let length = min(count &+ 1, shape.window)
        for index in 0..<shape.layers { layer(index, length: length) }
        count = count &+ 1
        if !isLast { return }
        normalise()
        let head = matrix(shape.bytes &- Shape.bytes(symbols, width), symbols, width)
        for index in 0..<symbols { logits[index] = head.row(index, normal) }
    }

    /// Little endian, 18 fraction bits, by symbol.
    func scored() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 4 * symbols) { output, count in
            let out = UnsafeMutableRawPointer(output.baseAddress!)
            for index in 0..<symbols { out.storeBytes(of: logits[index], toByteOffset: 4 &* index, as: Int32.self) }
            count = 4 * symbols
        }
    }

    /// The symbol under word / 2^64 of the sum of all weights.
    func drawn(_ word: UInt64, sharpness: Int64) -> Int {
        var top = Int32.min
        for index in 0..<symbols { top = max(top, logits[index]) }
        func share(_ index: Int) -> UInt64 {
            UInt64(power(((Int64(top) &- Int64(logits[index])) &* sharpness) >> 8))
        }
        var total: UInt64 = 0
        for index in 0..<symbols { total = total &+ share(index) }
        var (rest, symbol) = ((word >> 32 &* total) >> 32, 0)
        while symbol < symbols &- 1, rest >= share(symbol) {
            rest = rest &- share(symbol)
            symbol = symbol &+ 1
        }
        return symbol
    }
}

func job(_ input: UnsafeBufferPointer<UInt8>, _ task: UInt32) -> [UInt8] {
    precondition(input.count >= 32)
    let base = UnsafeRawPointer(input.baseAddress!)
    let shape = Shape(base)
    precondition(input.count > shape.bytes)
    let request = Request(input, from: shape.bytes)
    var model = Model(shape, base)
    for place in request.prompt {
        let byte = input[place]
        precondition(byte == 10 || byte >= 32 && byte <= 126)
        model.read(byte == 10 ? 95 : Int(byte) - 32, isLast: place == request.prompt.upperBound - 1)
    }
    if request.count == 0 { return model.scored() }
    var state = request.seed ^ UInt64(task) &* 0xD134_2543_DE82_EF95
    return [UInt8](unsafeUninitializedCapacity: request.count) { output, count in
        for place in 0..<request.count {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
            let symbol = model.drawn(word ^ word >> 31, sharpness: request.sharpness)
            output[place] = symbol == 95 ? 10 : UInt8(truncatingIfNeeded: symbol + 32)
            if place + 1 < request.count { model.read(symbol, isLast: true) }
        }
        count = request.count
    }
}
