// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/block_grid.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/quant/formats/block_layouts.h"

namespace halftone {
namespace {

constexpr int kSmall = 32;

// Nibbles: byte j holds elements j (low) and j + 16 (high).
int nibbleAt(const uint8_t* qs, int i) {
    return i < 16 ? qs[i] & 15 : qs[i - 16] >> 4;
}
void storeNibbles(const uint8_t* codes, uint8_t* qs) {
    for (int i = 0; i < 16; ++i) qs[i] = static_cast<uint8_t>((codes[i] & 15) | ((codes[i + 16] & 15) << 4));
}
void storeFifthBits(const uint8_t* codes, uint8_t* qh) {
    std::memset(qh, 0, 4);
    for (int i = 0; i < kSmall; ++i) qh[i / 8] = static_cast<uint8_t>(qh[i / 8] | ((codes[i] >> 4) & 1) << (i % 8));
}
int fifthBit(const uint8_t* qh, int i) {
    return ((qh[i / 8] >> (i % 8)) & 1) << 4;
}

template <typename Block>
struct Access;

template <>
struct Access<BlockQ4_0> {
    static constexpr int kSize = 32;
    static LevelGrid grid(const BlockQ4_0& b, int /*index*/) {
        const float d = loadHalf(b.d);
        return {d, -8 * d, 15};
    }
    static int code(const BlockQ4_0& b, int i) { return nibbleAt(b.qs, i); }
    static void write(const uint8_t* codes, BlockQ4_0& b) { storeNibbles(codes, b.qs); }
};

template <>
struct Access<BlockQ4_1> {
    static constexpr int kSize = 32;
    static LevelGrid grid(const BlockQ4_1& b, int /*index*/) { return {loadHalf(b.d), loadHalf(b.m), 15}; }
    static int code(const BlockQ4_1& b, int i) { return nibbleAt(b.qs, i); }
    static void write(const uint8_t* codes, BlockQ4_1& b) { storeNibbles(codes, b.qs); }
};

template <>
struct Access<BlockQ5_0> {
    static constexpr int kSize = 32;
    static LevelGrid grid(const BlockQ5_0& b, int /*index*/) {
        const float d = loadHalf(b.d);
        return {d, -16 * d, 31};
    }
    static int code(const BlockQ5_0& b, int i) { return nibbleAt(b.qs, i) | fifthBit(b.qh, i); }
    static void write(const uint8_t* codes, BlockQ5_0& b) {
        storeNibbles(codes, b.qs);
        storeFifthBits(codes, b.qh);
    }
};

template <>
struct Access<BlockQ5_1> {
    static constexpr int kSize = 32;
    static LevelGrid grid(const BlockQ5_1& b, int /*index*/) { return {loadHalf(b.d), loadHalf(b.m), 31}; }
    static int code(const BlockQ5_1& b, int i) { return nibbleAt(b.qs, i) | fifthBit(b.qh, i); }
    static void write(const uint8_t* codes, BlockQ5_1& b) {
        storeNibbles(codes, b.qs);
        storeFifthBits(codes, b.qh);
    }
};

template <>
struct Access<BlockQ8_0> {
    static constexpr int kSize = 32;
    static LevelGrid grid(const BlockQ8_0& b, int /*index*/) {
        const float d = loadHalf(b.d);
        return {d, -128 * d, 255};
    }
    static int code(const BlockQ8_0& b, int i) { return b.qs[i] + 128; }
    static void write(const uint8_t* codes, BlockQ8_0& b) {
        for (int i = 0; i < kSmall; ++i) b.qs[i] = static_cast<int8_t>(codes[i] - 128);
    }
};

template <>
struct Access<BlockQ2_K> {
    static constexpr int kSize = 16;
    static LevelGrid grid(const BlockQ2_K& b, int index) {
        const uint8_t packed = b.scales[index];
        return {loadHalf(b.d) * static_cast<float>(packed & 15), -loadHalf(b.dmin) * static_cast<float>(packed >> 4),
                3};
    }
    static int code(const BlockQ2_K& b, int i) { return (b.qs[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3; }
    static void write(const uint8_t* codes, BlockQ2_K& b) {
        std::memset(b.qs, 0, sizeof b.qs);
        for (int i = 0; i < 256; ++i) {
            uint8_t& byte = b.qs[32 * (i / 128) + i % 32];
            byte = static_cast<uint8_t>(byte | (codes[i] & 3) << (2 * (i % 128 / 32)));
        }
    }
};

template <typename Block>
LevelGrid affineGrid(const Block& b, int index, int maxCode) {
    const ScaleAndMin packed = unpackScaleAndMin(b.scales, index);
    return {loadHalf(b.d) * static_cast<float>(packed.scale), -loadHalf(b.dmin) * static_cast<float>(packed.minimum),
            maxCode};
}
// Nibbles of super-blocks: 32 bytes hold elements j (low) and j + 32 (high) of every 64.
int wideNibbleAt(const uint8_t* qs, int i) {
    const uint8_t byte = qs[32 * (i / 64) + i % 32];
    return i % 64 < 32 ? byte & 15 : byte >> 4;
}
void storeWideNibbles(const uint8_t* codes, uint8_t* qs) {
    for (int i = 0; i < 128; ++i) {
        const uint8_t* pair = codes + 64 * (i / 32) + i % 32;
        qs[i] = static_cast<uint8_t>((pair[0] & 15) | (pair[32] & 15) << 4);
    }
}

template <>
struct Access<BlockQ4_K> {
    static constexpr int kSize = 32;
    static LevelGrid grid(const BlockQ4_K& b, int index) { return affineGrid(b, index, 15); }
    static int code(const BlockQ4_K& b, int i) { return wideNibbleAt(b.qs, i); }
    static void write(const uint8_t* codes, BlockQ4_K& b) { storeWideNibbles(codes, b.qs); }
};

template <>
struct Access<BlockQ5_K> {
    static constexpr int kSize = 32;
    static LevelGrid grid(const BlockQ5_K& b, int index) { return affineGrid(b, index, 31); }
    static int code(const BlockQ5_K& b, int i) { return wideNibbleAt(b.qs, i) | ((b.qh[i % 32] >> (i / 32)) & 1) << 4; }
    static void write(const uint8_t* codes, BlockQ5_K& b) {
        storeWideNibbles(codes, b.qs);
        std::memset(b.qh, 0, sizeof b.qh);
        for (int i = 0; i < 256; ++i) {
            b.qh[i % 32] = static_cast<uint8_t>(b.qh[i % 32] | ((codes[i] >> 4) & 1) << (i / 32));
        }
    }
};

template <>
struct Access<BlockQ3_K> {
    static constexpr int kSize = 16;
    static LevelGrid grid(const BlockQ3_K& b, int index) {
        const float scale = loadHalf(b.d) * static_cast<float>(unpackQ3Scale(b.scales, index));
        return {scale, -4 * scale, 7};
    }
    static int code(const BlockQ3_K& b, int i) {
        const int low = (b.qs[32 * (i / 128) + i % 32] >> (2 * (i % 128 / 32))) & 3;
        return low | ((b.hmask[i % 32] >> (i / 32)) & 1) << 2;
    }
    static void write(const uint8_t* codes, BlockQ3_K& b) {
        std::memset(b.qs, 0, sizeof b.qs);
        std::memset(b.hmask, 0, sizeof b.hmask);
        for (int i = 0; i < 256; ++i) {
            uint8_t& byte = b.qs[32 * (i / 128) + i % 32];
            byte = static_cast<uint8_t>(byte | (codes[i] & 3) << (2 * (i % 128 / 32)));
            b.hmask[i % 32] = static_cast<uint8_t>(b.hmask[i % 32] | ((codes[i] >> 2) & 1) << (i / 32));
        }
    }
};

template <>
struct Access<BlockQ6_K> {
    static constexpr int kSize = 16;
    static LevelGrid grid(const BlockQ6_K& b, int index) {
        const float scale = loadHalf(b.d) * static_cast<float>(b.scales[index]);
        return {scale, -32 * scale, 63};
    }
    // Within a half of 128: quarter 0 and 1 are low nibbles, 2 and 3 high ones of the same bytes.
    static int code(const BlockQ6_K& b, int i) {
        const int half = i / 128, quarter = i % 128 / 32, l = i % 32;
        const uint8_t byte = b.ql[64 * half + 32 * (quarter % 2) + l];
        const int low = quarter < 2 ? byte & 15 : byte >> 4;
        return low | ((b.qh[32 * half + l] >> (2 * quarter)) & 3) << 4;
    }
    static void write(const uint8_t* codes, BlockQ6_K& b) {
        std::memset(b.ql, 0, sizeof b.ql);
        std::memset(b.qh, 0, sizeof b.qh);
        for (int i = 0; i < 256; ++i) {
            const int half = i / 128, quarter = i % 128 / 32, l = i % 32;
            uint8_t& low = b.ql[64 * half + 32 * (quarter % 2) + l];
            low = static_cast<uint8_t>(low | (codes[i] & 15) << (quarter < 2 ? 0 : 4));
            uint8_t& high = b.qh[32 * half + l];
            high = static_cast<uint8_t>(high | (codes[i] >> 4) << (2 * quarter));
        }
    }
};

struct GridAccess {
    DType type;
    int size;
    LevelGrid (*grid)(const uint8_t*, int);
    int (*code)(const uint8_t*, int);
    void (*write)(const uint8_t*, uint8_t*);
};

template <typename Block>
constexpr GridAccess accessOf(DType type) {
    return {type, Access<Block>::kSize,
            [](const uint8_t* b, int index) { return Access<Block>::grid(*reinterpret_cast<const Block*>(b), index); },
            [](const uint8_t* b, int i) { return Access<Block>::code(*reinterpret_cast<const Block*>(b), i); },
            [](const uint8_t* codes, uint8_t* b) { Access<Block>::write(codes, *reinterpret_cast<Block*>(b)); }};
}

constexpr std::array<GridAccess, 10> kAccess{accessOf<BlockQ4_0>(DType::kQ4_0), accessOf<BlockQ4_1>(DType::kQ4_1),
                                             accessOf<BlockQ5_0>(DType::kQ5_0), accessOf<BlockQ5_1>(DType::kQ5_1),
                                             accessOf<BlockQ8_0>(DType::kQ8_0), accessOf<BlockQ2_K>(DType::kQ2_K),
                                             accessOf<BlockQ3_K>(DType::kQ3_K), accessOf<BlockQ4_K>(DType::kQ4_K),
                                             accessOf<BlockQ5_K>(DType::kQ5_K), accessOf<BlockQ6_K>(DType::kQ6_K)};

const GridAccess* find(DType type) {
    const auto* found = std::ranges::find(kAccess, type, &GridAccess::type);
    return found == kAccess.end() ? nullptr : found;
}

}  // namespace

bool hasBlockGrid(DType type) {
    return find(type) != nullptr;
}
int blockGridSize(DType type) {
    return find(type)->size;
}
LevelGrid readBlockGrid(DType type, const uint8_t* block, int index) {
    return find(type)->grid(block, index);
}
int readBlockCode(DType type, const uint8_t* block, int element) {
    return find(type)->code(block, element);
}
void writeBlockCodes(DType type, const uint8_t* codes, uint8_t* block) {
    find(type)->write(codes, block);
}

}  // namespace halftone
