// exp and log over + - * / and bit operations only, so that every machine gets the same bits. Relative error about
// 2^-52 on the ranges that the programs use; neither handles infinities or NaN.

/// e^x for |x| <= 700; the argument is clamped to that range.
func exp64(_ value: Double) -> Double {
    let x = min(max(value, -700), 700)
    let scale = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    let rest = (x - scale * 0x1.62e42feep-1) - scale * 0x1.a39ef35793c76p-33
    var sum = 1.0 / 6_227_020_800
    sum = sum * rest + 1.0 / 479_001_600
    sum = sum * rest + 1.0 / 39_916_800
    sum = sum * rest + 1.0 / 3_628_800
    sum = sum * rest + 1.0 / 362_880
    sum = sum * rest + 1.0 / 40_320
    sum = sum * rest + 1.0 / 5_040
    sum = sum * rest + 1.0 / 720
    sum = sum * rest + 1.0 / 120
    sum = sum * rest + 1.0 / 24
    sum = sum * rest + 1.0 / 6
    sum = sum * rest + 0.5
    sum = sum * rest + 1
    sum = sum * rest + 1
    return sum * Double(bitPattern: UInt64(truncatingIfNeeded: Int64(scale) &+ 1023) << 52)
}

/// Natural logarithm of a positive normal number.
func log64(_ x: Double) -> Double {
    var exponent = Int64(truncatingIfNeeded: x.bitPattern >> 52) &- 1023
    var mantissa = Double(bitPattern: x.bitPattern & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000)
    if mantissa > 1.4142135623730951 {
        mantissa = mantissa * 0.5
        exponent = exponent &+ 1
    }
    let ratio = (mantissa - 1) / (mantissa + 1)
    let square = ratio * ratio
    var sum = 1.0 / 21
    sum = sum * square + 1.0 / 19
    sum = sum * square + 1.0 / 17
    sum = sum * square + 1.0 / 15
    sum = sum * square + 1.0 / 13
    sum = sum * square + 1.0 / 11
    sum = sum * square + 1.0 / 9
    sum = sum * square + 1.0 / 7
    sum = sum * square + 1.0 / 5
    sum = sum * square + 1.0 / 3
    sum = sum * square + 1
    let power = Double(exponent)
    return power * 0x1.62e42feep-1 + (2 * ratio * sum + power * 0x1.a39ef35793c76p-33)
}
