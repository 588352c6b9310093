// SPDX-License-Identifier: GPL-3.0-or-later
// The mean of binary32 numbers as the processor takes it: summed and divided in binary64, rounded to binary32. Here sums
// are whole numbers of 64 bits that count the last place of the least number. While they have fewer than 51 bits the
// processor's sums are exact too, and its quotient cannot come to lie on the middle between two binary32 numbers without
// being it, so that it is not rounded twice.

/// Whether `count` numbers with biased exponents between these can be summed.
bool isSummable(uint leastExponent, uint mostExponent, uint count) {
    return mostExponent < leastExponent + 26u - uint(findMSB(count) + 1);
}

/// `value` in last places of numbers of exponent `unit`; two words, the lower first, negative ones as complements.
uvec2 wideOf(float value, uint unit) {
    const uint bits = floatBitsToUint(value), exponent = (bits >> 23) & 0xFFu;
    if (exponent == 0u) return uvec2(0u);
    const uint mantissa = (bits & 0x7FFFFFu) | 0x800000u, shift = exponent - unit;  // below 26
    const uvec2 wide = uvec2(mantissa << shift, shift > 8u ? mantissa >> (32u - shift) : 0u);
    if ((bits & 0x80000000u) == 0u) return wide;
    return uvec2(~wide.x + 1u, ~wide.y + (wide.x == 0u ? 1u : 0u));
}
uvec2 addWide(uvec2 a, uvec2 b) {
    uint carry;
    const uint low = uaddCarry(a.x, b.x, carry);
    return uvec2(low, a.y + b.y + carry);
}

/// sum / count; a NaN where that is too small to be a normal number.
float meanOf(uvec2 sum, uint count, uint unit) {
    const uint sign = sum.y & 0x80000000u;
    if (sign != 0u) sum = uvec2(~sum.x + 1u, ~sum.y + (sum.x == 0u ? 1u : 0u));
    if (sum.x == 0u && sum.y == 0u) return 0.0;
    // Bit by bit: 24 bits from the first one on, one to round by.
    uint rest = 0u, quotient_ = 0u, found = 0u;
    int place = 64;
    while (found < 25u) {
        --place;
        const uint bit = place >= 32 ? (sum.y >> (place - 32)) & 1u : place >= 0 ? (sum.x >> place) & 1u : 0u;
        rest = (rest << 1) | bit;
        const uint digit = rest >= count ? 1u : 0u;
        rest -= digit * count;
        quotient_ = (quotient_ << 1) | digit;
        if (quotient_ != 0u) ++found;
    }
    const bool isInexact = rest != 0u || (place > 0 && (sum.x & ((1u << place) - 1u)) != 0u);
    const int exponent = place + int(unit);
    if (exponent < 1) return uintBitsToFloat(0x7FC00000u);
    const uint mantissa = shiftRounded((quotient_ << 1) | (isInexact ? 1u : 0u), 2);
    return uintBitsToFloat(sign | ((uint(exponent) << 23) + mantissa));
}
