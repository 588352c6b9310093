// SPDX-License-Identifier: GPL-3.0-or-later
// Binary32 arithmetic in integers, for bytes that do not depend on the device: divisions in shaders may be some units in
// the last place off, conversions to binary16 may round either way, and subnormal numbers may be lost.

/// Exponent and mantissa with its leading bit set; subnormal numbers too.
void splitFloat(uint bits, out int exponent, out uint mantissa) {
    exponent = int(bits >> 23);
    mantissa = bits & 0x7FFFFFu;
    if (exponent != 0) {
        mantissa |= 0x800000u;
        return;
    }
    const int shift = 23 - findMSB(mantissa);
    mantissa <<= shift;
    exponent = 1 - shift;
}

/// Round to nearest, ties to even, of bits / 2^shift; shift at least 1. 32 and more: zero.
uint shiftRounded(uint bits, int shift) {
    if (shift > 31) return 0u;
    const uint whole = bits >> shift, rest = bits & ((1u << shift) - 1u), half_ = 1u << (shift - 1);
    return whole + (rest > half_ || (rest == half_ && (whole & 1u) != 0u) ? 1u : 0u);
}

/// Bits of a / b, rounded to nearest even, from the bits of two finite numbers without sign; b is not zero.
uint divideBits(uint a, uint b) {
    if (a == 0u) return 0u;
    int exponentA, exponentB;
    uint rest, divisor;
    splitFloat(a, exponentA, rest);
    splitFloat(b, exponentB, divisor);
    int exponent = exponentA - exponentB + 127;
    if (rest < divisor) {
        rest <<= 1;
        --exponent;
    }
    uint quotient = 0u;
    for (uint i = 0; i < 25; ++i) {  // 24 bits and one to round by
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1u;
        }
        rest <<= 1;
    }
    // The last bit says that something is left.
    quotient = (quotient << 1) | (rest != 0u ? 1u : 0u);
    if (exponent >= 255) return 0x7F800000u;
    if (exponent <= 0) {
        // One more shift than the exponent lacks; what falls out still counts.
        const int shift = 1 - exponent;
        const uint lost = shift > 31 ? quotient : quotient & ((1u << shift) - 1u);
        quotient = (shift > 31 ? 0u : quotient >> shift) | (lost != 0u ? 1u : 0u);
        return shiftRounded(quotient, 2);
    }
    return (uint(exponent - 1) << 23) + shiftRounded(quotient, 2);
}

/// Bits of a number without sign as binary16, rounded to nearest even; infinity past 65504.
uint halfBits(uint bits) {
    if (bits >= 0x477FF000u) return 0x7C00u;
    if (bits >= 0x38800000u) return (bits - 0x38000000u + 0xFFFu + ((bits >> 13) & 1u)) >> 13;
    const int exponent = int(bits >> 23);
    if (exponent == 0) return 0u;  // far below the smallest
    return shiftRounded((bits & 0x7FFFFFu) | 0x800000u, 126 - exponent);
}
