// Integer products of eight numbers at a time, for which Swift has no names. Sums wrap at 32 bits.
#include <stdint.h>
#include <wasm_simd128.h>

static inline int32_t sum_of_lanes(v128_t sums) {
    return (int32_t)(wasm_u32x4_extract_lane(sums, 0) + wasm_u32x4_extract_lane(sums, 1)
        + wasm_u32x4_extract_lane(sums, 2) + wasm_u32x4_extract_lane(sums, 3));
}

// left[0] * right[0] + ... of `count` numbers, a multiple of 8.
static inline int32_t dot8(const int8_t *left, const int16_t *right, int count) {
    v128_t sums = wasm_i32x4_const_splat(0);
    for (int index = 0; index < count; index += 8)
        sums = wasm_i32x4_add(
            sums, wasm_i32x4_dot_i16x8(wasm_i16x8_load8x8(left + index), wasm_v128_load(right + index)));
    return sum_of_lanes(sums);
}

static inline int32_t dot16(const int16_t *left, const int16_t *right, int count) {
    v128_t sums = wasm_i32x4_const_splat(0);
    for (int index = 0; index < count; index += 8)
        sums = wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(wasm_v128_load(left + index), wasm_v128_load(right + index)));
    return sum_of_lanes(sums);
}

// out[column] = sum over places of shares[place] * values[place * stride + column] / 2^15 (floor), for eight columns.
static inline void mix8(const int32_t *shares, const int16_t *values, int count, int stride, int16_t *out) {
    v128_t low = wasm_i32x4_const_splat(0), high = low;
    for (int place = 0; place < count; place++, values += stride) {
        v128_t share = wasm_v128_load32_splat(shares + place), eight = wasm_v128_load(values);
        low = wasm_i32x4_add(low, wasm_i32x4_mul(share, wasm_i32x4_extend_low_i16x8(eight)));
        high = wasm_i32x4_add(high, wasm_i32x4_mul(share, wasm_i32x4_extend_high_i16x8(eight)));
    }
    wasm_v128_store(out, wasm_i16x8_narrow_i32x4(wasm_i32x4_shr(low, 15), wasm_i32x4_shr(high, 15)));
}
