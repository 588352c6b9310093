// SPDX-License-Identifier: GPL-3.0-or-later
// Sixteen signed bytes as a table in four words.
const uvec4 kNonlinear4 = uvec4(0xBFAD9881u, 0xF6EADDCFu, 0x26190D01u, 0x71594535u);  ///< IQ4_NL, IQ4_XS: -127 .. 113
const uvec4 kDoubledFp4 = uvec4(0x03020100u, 0x0C080604u, 0xFDFEFF00u, 0xF4F8FAFCu);  ///< twice FP4 E2M1: 0..12, 0..-12

float tableValue(uvec4 table, uint index) {
    return float(bitfieldExtract(int(table[index >> 2] >> ((index & 3u) * 8u)), 0, 8));
}

/// The values of four codes, one a byte.
vec4 tableValues(uvec4 table, uint codes) {
    return vec4(tableValue(table, codes & 15u), tableValue(table, (codes >> 8) & 15u),
                tableValue(table, (codes >> 16) & 15u), tableValue(table, (codes >> 24) & 15u));
}

/// The same as they are, for sixteen codes.
uvec4 tableBytes(uvec4 table, uvec4 codes) {
    uvec4 bytes = uvec4(0u);
    [[unroll]] for (uint shift = 0; shift < 32u; shift += 8u) {
        [[unroll]] for (uint i = 0; i < 4; ++i) {
            const uint index = (codes[i] >> shift) & 15u;
            bytes[i] |= ((table[index >> 2] >> ((index & 3u) * 8u)) & 0xFFu) << shift;
        }
    }
    return bytes;
}
