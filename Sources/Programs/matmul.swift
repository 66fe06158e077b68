// float32 matrix multiplication C = A * B; one task computes a band of rows of C.
//
// Input, little endian:   0  u32 rows of A (m)      4  u32 columns of A = rows of B (k)
//                         8  u32 columns of B (n)  12  u32 rows of C per task (band)
//                        16  A, m*k float32 row by row, then B, k*n float32 row by row; nothing follows.
// Output: rows task*band ..< min(m, (task+1)*band) of C, float32 row by row.
// Sizes are 1...4096. Sums run over k upwards from zero, one rounding per product and per sum: any program that adds in
// this order gets the same bits.

private let rowsPerTile = 4

private struct Matrices {
    let m, k, n, band: Int
    let a: UnsafeRawPointer
    let b: UnsafeRawPointer

    init(_ input: UnsafeBufferPointer<UInt8>) {
        precondition(input.count >= 16)
        let base = UnsafeRawPointer(input.baseAddress!)
        func size(_ offset: Int) -> Int {
            let value = base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            precondition(value >= 1 && value <= 4096)
            return Int(value)
        }
        (m, k, n, band) = (size(0), size(4), size(8), size(12))
        precondition(input.count == 16 + 4 * (m * k + k * n))
        a = base + 16
        b = base + 16 + 4 * m * k
    }

    func left(_ row: Int, _ step: Int) -> Float {
        a.loadUnaligned(fromByteOffset: 4 &* (row &* k &+ step), as: Float.self)
    }
    func right(_ step: Int, _ column: Int) -> SIMD4<Float> {
        b.loadUnaligned(fromByteOffset: 4 &* (step &* n &+ column), as: SIMD4<Float>.self)
    }

    /// Four rows by eight columns, held in eight vectors.
    func tile(_ row: Int, _ column: Int, _ out: UnsafeMutableRawPointer) {
        var (c00, c01) = (SIMD4<Float>(), SIMD4<Float>())
        var (c10, c11) = (SIMD4<Float>(), SIMD4<Float>())
        var (c20, c21) = (SIMD4<Float>(), SIMD4<Float>())
        var (c30, c31) = (SIMD4<Float>(), SIMD4<Float>())
        var step = 0
        while step < k {
            let (b0, b1) = (right(step, column), right(step, column &+ 4))
            let a0 = SIMD4<Float>(repeating: left(row, step))
            c00 = c00 + a0 * b0
            c01 = c01 + a0 * b1
            let a1 = SIMD4<Float>(repeating: left(row &+ 1, step))
            c10 = c10 + a1 * b0
            c11 = c11 + a1 * b1
            let a2 = SIMD4<Float>(repeating: left(row &+ 2, step))
            c20 = c20 + a2 * b0
            c21 = c21 + a2 * b1
            let a3 = SIMD4<Float>(repeating: left(row &+ 3, step))
            c30 = c30 + a3 * b0
            c31 = c31 + a3 * b1
            step = step &+ 1
        }
        let stride = 4 &* n
        store(c00, c01, out)
        store(c10, c11, out + stride)
        store(c20, c21, out + 2 &* stride)
        store(c30, c31, out + 3 &* stride)
    }

    func row(_ row: Int, _ column: Int, _ out: UnsafeMutableRawPointer) {
        var (c0, c1) = (SIMD4<Float>(), SIMD4<Float>())
        for step in 0..<k {
            let value = SIMD4<Float>(repeating: left(row, step))
            c0 = c0 + value * right(step, column)
            c1 = c1 + value * right(step, column &+ 4)
        }
        store(c0, c1, out)
    }

    func cell(_ row: Int, _ column: Int, _ out: UnsafeMutableRawPointer) {
        var sum: Float = 0
        for step in 0..<k {
            sum = sum + left(row, step) * b.loadUnaligned(fromByteOffset: 4 &* (step &* n &+ column), as: Float.self)
        }
        out.storeBytes(of: sum, as: Float.self)
    }

    private func store(_ low: SIMD4<Float>, _ high: SIMD4<Float>, _ out: UnsafeMutableRawPointer) {
        out.storeBytes(of: low, as: SIMD4<Float>.self)
        out.storeBytes(of: high, toByteOffset: 16, as: SIMD4<Float>.self)
    }
}

func job(_ input: UnsafeBufferPointer<UInt8>, _ task: UInt32) -> [UInt8] {
    let matrices = Matrices(input)
    precondition(task < 4096)
    let first = Int(task) * matrices.band
    precondition(first < matrices.m)
    let rows = min(matrices.band, matrices.m - first)
    let size = 4 * rows * matrices.n
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
        let out = UnsafeMutableRawPointer(buffer.baseAddress!)
        let whole = matrices.n / 8 * 8
        var row = 0
        while row < rows {
            let tall = rows - row >= rowsPerTile
            let height = tall ? rowsPerTile : 1
            var column = 0
            while column < whole {
                let target = out + 4 * (row * matrices.n + column)
                if tall {
                    matrices.tile(first + row, column, target)
                } else {
                    matrices.row(first + row, column, target)
                }
                column += 8
            }
            for line in row..<(row + height) {
                for column in whole..<matrices.n {
                    matrices.cell(first + line, column, out + 4 * (line * matrices.n + column))
                }
            }
            row += height
        }
        count = size
    }
}
