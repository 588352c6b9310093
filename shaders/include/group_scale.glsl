// SPDX-License-Identifier: GPL-3.0-or-later
// What the parametric families share: how wide a code is, how many columns share a scale, and how scales are stored.
layout(constant_id = 8) const uint kCodeBits = 4;
layout(constant_id = 10) const uint kGroupShift = 31;  ///< log2 of the group size; 31: one group a row
layout(constant_id = 11) const uint kScaleType = 0;    ///< 0: F16, 1: BF16, 2: F32, 3: E8M0, 4: nested

/// The signed dynamic 8-bit map: both signs of 10^(e - 6) times the middles of 2^e equal parts of [0.1, 1], 0 and 1.
float dynamicLevel(uint code) {
    const float kPowers[7] = float[7](1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0);
    const int steps = int(code) - 127;
    const uint place = uint(abs(steps));
    if (place == 0u) return 0.0;
    if (place == 128u) return 1.0;
    const int exponent = findMSB(place);
    const float parts = float(1 << exponent);
    const float middle = 0.1 + 0.9 * (float(place) - parts + 0.5) / parts;
    return float(sign(steps)) * middle * kPowers[exponent];
}

/// Nested scales: a byte a group, padded to a word, then the row's mean and a scale for every 256 groups.
float readNestedScale(uint offset, uint group) {
    const uint groups = (cols + (1u << kGroupShift) - 1u) >> kGroupShift;
    const uint second = (offset + groups + 3u) >> 2;
    const float largest = uintBitsToFloat(weights[second + 1u + (group >> 8)]);
    return dynamicLevel(readByte(offset + group)) * largest + uintBitsToFloat(weights[second]);
}

/// The scale (or minimum) of a group in the section that begins at byte `offset`.
float readScale(uint offset, uint group) {
    if (kScaleType == 4u) return readNestedScale(offset, group);
    if (kScaleType == 0u) return readHalf(offset + 2u * group);
    if (kScaleType == 1u) return uintBitsToFloat(readHalfBits(offset + 2u * group) << 16);
    if (kScaleType == 2u) return uintBitsToFloat(weights[(offset >> 2) + group]);
    const uint exponent = readByte(offset + group);
    return uintBitsToFloat(exponent == 0u ? 0x00400000u : exponent << 23);  // 2^-127 is subnormal
}

/// The codes of a unit, which begin at byte `base`, one by one.
void readCodes(uint base, out uint codes[16]) {
    uint words[5];  // 16 codes of up to 8 bits, and one word of slack for the last code
    [[unroll]] for (uint i = 0; i < 5; ++i) words[i] = i * 2u < kCodeBits ? readWord(base + 4u * i) : 0u;
    [[unroll]] for (uint i = 0; i < 16; ++i) {
        const uint bit = i * kCodeBits, shift = bit & 31u;
        uint code = words[bit >> 5] >> shift;
        if (shift + kCodeBits > 32u) code |= words[(bit >> 5) + 1u] << (32u - shift);
        codes[i] = code & ((1u << kCodeBits) - 1u);
    }
}

/// The same, one a byte; `base` is a multiple of 4 where codes take 2, 4 or 8 bits.
uvec4 readCodeBytes(uint base) {
    const uint index = base >> 2;
    uvec4 bytes;
    if (kCodeBits == 8u) {
        bytes = readAlignedWords4(base);
    } else if (kCodeBits == 4u) {
        const uint low = weights[index], high = weights[index + 1u];
        bytes = spreadNibbles(uvec4(low, low >> 16, high, high >> 16));
    } else if (kCodeBits == 2u) {
        bytes = spreadBitPairs(uvec4(weights[index]) >> uvec4(0u, 8u, 16u, 24u));
    } else {
        uint codes[16];
        readCodes(base, codes);
        [[unroll]] for (uint i = 0; i < 4; ++i) {
            const uvec4 four = uvec4(codes[4u * i], codes[4u * i + 1u], codes[4u * i + 2u], codes[4u * i + 3u]);
            bytes[i] = four.x | (four.y << 8) | (four.z << 16) | (four.w << 24);
        }
    }
    return bytes;
}
