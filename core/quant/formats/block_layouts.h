// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <cstring>

#include "core/tensor/float16.h"

namespace halftone {

/// Blocks of the GGUF block types as they lie in a file: bytes only, so that they may start at any address.
/// Multi-byte fields are little-endian. docs/formats/ describes each; source: the reference page on ggml blocks,
/// section 2.

struct BlockQ4_0 {
    static constexpr int kElements = 32;
    uint8_t d[2];
    uint8_t qs[16];
};
struct BlockQ4_1 {
    static constexpr int kElements = 32;
    uint8_t d[2];
    uint8_t m[2];
    uint8_t qs[16];
};
struct BlockQ5_0 {
    static constexpr int kElements = 32;
    uint8_t d[2];
    uint8_t qh[4];
    uint8_t qs[16];
};
struct BlockQ5_1 {
    static constexpr int kElements = 32;
    uint8_t d[2];
    uint8_t m[2];
    uint8_t qh[4];
    uint8_t qs[16];
};
struct BlockQ8_0 {
    static constexpr int kElements = 32;
    uint8_t d[2];
    int8_t qs[32];
};
struct BlockQ8_1 {
    static constexpr int kElements = 32;
    uint8_t d[2];
    uint8_t s[2];
    int8_t qs[32];
};

struct BlockQ2_K {
    static constexpr int kElements = 256;
    uint8_t scales[16];
    uint8_t qs[64];
    uint8_t d[2];
    uint8_t dmin[2];
};
struct BlockQ3_K {
    static constexpr int kElements = 256;
    uint8_t hmask[32];
    uint8_t qs[64];
    uint8_t scales[12];
    uint8_t d[2];
};
struct BlockQ4_K {
    static constexpr int kElements = 256;
    uint8_t d[2];
    uint8_t dmin[2];
    uint8_t scales[12];
    uint8_t qs[128];
};
struct BlockQ5_K {
    static constexpr int kElements = 256;
    uint8_t d[2];
    uint8_t dmin[2];
    uint8_t scales[12];
    uint8_t qh[32];
    uint8_t qs[128];
};
struct BlockQ6_K {
    static constexpr int kElements = 256;
    uint8_t ql[128];
    uint8_t qh[64];
    int8_t scales[16];
    uint8_t d[2];
};
struct BlockQ8_K {
    static constexpr int kElements = 256;
    uint8_t d[4];
    int8_t qs[256];
    uint8_t bsums[32];
};

struct BlockIQ4_NL {
    static constexpr int kElements = 32;
    uint8_t d[2];
    uint8_t qs[16];
};
struct BlockIQ4_XS {
    static constexpr int kElements = 256;
    uint8_t d[2];
    uint8_t scalesHigh[2];
    uint8_t scalesLow[4];
    uint8_t qs[128];
};
struct BlockTQ1_0 {
    static constexpr int kElements = 256;
    uint8_t qs[48];
    uint8_t qh[4];
    uint8_t d[2];
};
struct BlockTQ2_0 {
    static constexpr int kElements = 256;
    uint8_t qs[64];
    uint8_t d[2];
};
struct BlockMXFP4 {
    static constexpr int kElements = 32;
    uint8_t e;
    uint8_t qs[16];
};
struct BlockNVFP4 {
    static constexpr int kElements = 64;
    uint8_t d[4];
    uint8_t qs[32];
};
struct BlockQ1_0 {
    static constexpr int kElements = 128;
    uint8_t d[2];
    uint8_t qs[16];
};
struct BlockQ2_0 {
    static constexpr int kElements = 64;
    uint8_t d[2];
    uint8_t qs[16];
};

static_assert(sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20 && sizeof(BlockQ5_0) == 22 && sizeof(BlockQ5_1) == 24);
static_assert(sizeof(BlockQ8_0) == 34 && sizeof(BlockQ8_1) == 36);
static_assert(sizeof(BlockQ2_K) == 84 && sizeof(BlockQ3_K) == 110 && sizeof(BlockQ4_K) == 144 &&
              sizeof(BlockQ5_K) == 176);
static_assert(sizeof(BlockQ6_K) == 210 && sizeof(BlockQ8_K) == 292);
static_assert(sizeof(BlockIQ4_NL) == 18 && sizeof(BlockIQ4_XS) == 136 && sizeof(BlockTQ1_0) == 54 &&
              sizeof(BlockTQ2_0) == 66);
static_assert(sizeof(BlockMXFP4) == 17 && sizeof(BlockNVFP4) == 36 && sizeof(BlockQ1_0) == 18 &&
              sizeof(BlockQ2_0) == 18);

[[nodiscard]] inline uint16_t loadU16(const uint8_t* bytes) {
    return static_cast<uint16_t>(bytes[0] | (bytes[1] << 8));
}
[[nodiscard]] inline uint32_t loadU32(const uint8_t* bytes) {
    return static_cast<uint32_t>(loadU16(bytes)) | (static_cast<uint32_t>(loadU16(bytes + 2)) << 16);
}
inline void storeU16(uint16_t value, uint8_t* bytes) {
    bytes[0] = static_cast<uint8_t>(value & 0xFF);
    bytes[1] = static_cast<uint8_t>(value >> 8);
}
inline void storeU32(uint32_t value, uint8_t* bytes) {
    storeU16(static_cast<uint16_t>(value & 0xFFFF), bytes);
    storeU16(static_cast<uint16_t>(value >> 16), bytes + 2);
}
[[nodiscard]] inline float loadHalf(const uint8_t* bytes) {
    return halfToFloat(loadU16(bytes));
}
[[nodiscard]] inline bool isFiniteHalf(const uint8_t* bytes) {
    return (loadU16(bytes) & 0x7C00u) != 0x7C00u;
}
/// Stores `value` as F16 and returns what a decoder will read back. A NaN (values whose squares overflow) is stored
/// without its sign, which would depend on the order of operands inside an instruction.
inline float storeHalf(float value, uint8_t* bytes) {
    const uint16_t bits = value == value ? floatToHalf(value) : uint16_t{0x7E00};
    storeU16(bits, bytes);
    return halfToFloat(bits);
}

/// Scale `sc` and minimum `m` of sub-block `index` (0..7) in the 12 packed bytes that Q4_K and Q5_K share.
struct ScaleAndMin {
    uint8_t scale;
    uint8_t minimum;
};
[[nodiscard]] inline ScaleAndMin unpackScaleAndMin(const uint8_t* scales, int index) {
    if (index < 4) return {static_cast<uint8_t>(scales[index] & 63), static_cast<uint8_t>(scales[index + 4] & 63)};
    return {static_cast<uint8_t>((scales[index + 4] & 15) | ((scales[index - 4] >> 6) << 4)),
            static_cast<uint8_t>((scales[index + 4] >> 4) | ((scales[index] >> 6) << 4))};
}

/// Signed scale (-32..31) of sub-block `index` (0..15) in the 12 packed bytes of Q3_K.
[[nodiscard]] inline int unpackQ3Scale(const uint8_t* scales, int index) {
    const int low = index < 8 ? scales[index] & 15 : scales[index - 8] >> 4;
    const int high = (scales[8 + index % 4] >> (2 * (index / 4))) & 3;
    return (low | (high << 4)) - 32;
}

/// Signed scale (-32..31) of sub-block `index` (0..7) of IQ4_XS.
[[nodiscard]] inline int scaleOfIQ4_XS(const BlockIQ4_XS& block, int index) {
    const int low = index % 2 == 0 ? block.scalesLow[index / 2] & 15 : block.scalesLow[index / 2] >> 4;
    return (low | (((loadU16(block.scalesHigh) >> (2 * index)) & 3) << 4)) - 32;
}

}  // namespace halftone
