// SPDX-License-Identifier: GPL-3.0-or-later
// Packed weights as 32-bit words. Rows and blocks start at even byte offsets, so a word may straddle two stored words;
// the host pads the buffer so that reading one unit past the last row stays inside. No 8- or 16-bit storage is needed.
//
// A decoder (decode_<format>.glsl) defines
//     void decodeUnit(uint row, uint unit, out vec4 value[4])
// which writes the elements [16 unit, 16 unit + 16) of the row that starts at byte `row`.

layout(push_constant) uniform Parameters {
    uint rowBegin;      // rows of the bound weights that this dispatch works on
    uint rowEnd;
    uint outputRow;     // index in the whole matrix of row 0 of the bound weights
    uint cols;
    uint tokens;
    uint inputStride;   // floats from token to token, a multiple of 16; zeros from `cols` on
    uint outputStride;
    uint rowBytes;
    uint scaleOffset;   // integer family: bytes from the start of a row
    uint zeroOffset;
    uint hasBias;
    uint firstPosition; // of the first token; embedding family only
};

layout(set = 0, binding = 0) readonly restrict buffer Weights { uint weights[]; };

#define UNIT 16u

uint readWord(uint byteOffset) {
    const uint index = byteOffset >> 2;
    if ((byteOffset & 2u) == 0u) return weights[index];
    return (weights[index] >> 16) | (weights[index + 1u] << 16);
}

uvec2 readWords2(uint byteOffset) {
    const uint index = byteOffset >> 2;
    const uint a = weights[index], b = weights[index + 1u];
    if ((byteOffset & 2u) == 0u) return uvec2(a, b);
    const uint c = weights[index + 2u];
    return uvec2((a >> 16) | (b << 16), (b >> 16) | (c << 16));
}

uvec4 readWords4(uint byteOffset) {
    const uint index = byteOffset >> 2;
    const uvec4 low = uvec4(weights[index], weights[index + 1u], weights[index + 2u], weights[index + 3u]);
    if ((byteOffset & 2u) == 0u) return low;
    const uvec4 high = uvec4(low.yzw, weights[index + 4u]);
    return (low >> 16) | (high << 16);
}

/// For byte offsets that are multiples of 4.
uvec4 readAlignedWords4(uint byteOffset) {
    const uint index = byteOffset >> 2;
    return uvec4(weights[index], weights[index + 1u], weights[index + 2u], weights[index + 3u]);
}

uint readHalfBits(uint byteOffset) { return (weights[byteOffset >> 2] >> ((byteOffset & 2u) << 3)) & 0xFFFFu; }
float readHalf(uint byteOffset) { return unpackHalf2x16(readHalfBits(byteOffset)).x; }
uint readByte(uint byteOffset) { return (weights[byteOffset >> 2] >> ((byteOffset & 3u) << 3)) & 0xFFu; }

vec4 unsignedBytes(uint word) {
    return vec4(word & 0xFFu, (word >> 8) & 0xFFu, (word >> 16) & 0xFFu, word >> 24);
}

vec4 signedBytes(uint word) {
    const int bits = int(word);
    return vec4(bitfieldExtract(bits, 0, 8), bitfieldExtract(bits, 8, 8), bitfieldExtract(bits, 16, 8), bits >> 24);
}

/// Bit j of the four lowest bits becomes bit 0 of byte j.
uint spreadBits(uint bits) { return ((bits & 0xFu) * 0x00204081u) & 0x01010101u; }
uvec4 spreadSixteenBits(uint bits) {
    return uvec4(spreadBits(bits), spreadBits(bits >> 4), spreadBits(bits >> 8), spreadBits(bits >> 12));
}

/// The four lowest pairs of bits, one a byte.
uvec4 spreadBitPairs(uvec4 bits) {
    bits = ((bits & 0xFFu) | (bits << 12)) & 0x000F000Fu;
    return (bits | (bits << 6)) & 0x03030303u;
}

/// The four lowest nibbles, one a byte.
uvec4 spreadNibbles(uvec4 bits) {
    bits = ((bits & 0xFFFFu) | (bits << 8)) & 0x00FF00FFu;
    return (bits | (bits << 4)) & 0x0F0F0F0Fu;
}
