// SPDX-License-Identifier: GPL-3.0-or-later
// Packed rows as unsigned codes with scales and minima, plain C++: every weight passes here once per matrix product,
// not once per token. Source of the layouts: the reference page on ggml blocks, section 3;
// core/quant/formats/packed_layout.h.
#include <algorithm>
#include <cstring>

#include "core/base/checked.h"
#include "core/inference/cpu/integer_product.h"
#include "core/tensor/float16.h"

namespace halftone::cpu {
namespace {

constexpr int64_t kSuperBlock = 256;

float halfAt(const uint8_t* bytes) {
    uint16_t bits;
    std::memcpy(&bits, bytes, sizeof(bits));
    return halfToFloat(bits);
}

/// One row on its way into a panel: codes in order, scales and minima per group.
struct RowCodes {
    uint8_t* codes;
    float* scales;
    float* minima;
};

/// Loops of fixed length over bytes that do not overlap, so that compilers turn them into vectors.
template <int kCount>
void splitNibbles(const uint8_t* __restrict bytes, uint8_t* __restrict low, uint8_t* __restrict high) {
    for (int j = 0; j < kCount; ++j) low[j] = bytes[j] & 15;
    for (int j = 0; j < kCount; ++j) high[j] = bytes[j] >> 4;
}
/// Puts the bits of `mask` in bytes >> shift above the nibbles.
template <int kMask>
void addHighBits(const uint8_t* __restrict bytes, int shift, uint8_t* __restrict codes) {
    for (int j = 0; j < 32; ++j) codes[j] = static_cast<uint8_t>(codes[j] | ((bytes[j] >> shift) & kMask) << 4);
}

void unpackQ4_0(const uint8_t* block, int64_t blocks, const RowCodes& out) {
    for (int64_t b = 0; b < blocks; ++b, block += 18) {
        out.scales[b] = halfAt(block);
        out.minima[b] = 8.0f * out.scales[b];
        splitNibbles<16>(block + 2, out.codes + 32 * b, out.codes + 32 * b + 16);
    }
}

void unpackQ8_0(const uint8_t* block, int64_t blocks, const RowCodes& out) {
    for (int64_t b = 0; b < blocks; ++b, block += 34) {
        out.scales[b] = halfAt(block);
        out.minima[b] = 128.0f * out.scales[b];
        for (int64_t j = 0; j < 32; ++j) out.codes[32 * b + j] = block[2 + j] ^ 0x80;
    }
}

/// Scales and minima of the eight sub-blocks of a Q4_K or Q5_K super-block.
void unpackAffine(const uint8_t* block, float* scales, float* minima) {
    const uint8_t* packed = block + 4;
    const float d = halfAt(block), dmin = halfAt(block + 2);
    for (int j = 0; j < 4; ++j) {
        scales[j] = d * static_cast<float>(packed[j] & 63);
        minima[j] = dmin * static_cast<float>(packed[j + 4] & 63);
        scales[j + 4] = d * static_cast<float>((packed[j + 8] & 15) | (packed[j] >> 6) << 4);
        minima[j + 4] = dmin * static_cast<float>((packed[j + 8] >> 4) | (packed[j + 4] >> 6) << 4);
    }
}

template <bool kHighBits>
void unpackAffineK(const uint8_t* block, int64_t blocks, const RowCodes& out) {
    for (int64_t b = 0; b < blocks; ++b, block += kHighBits ? 176 : 144) {
        unpackAffine(block, out.scales + 8 * b, out.minima + 8 * b);
        for (int pair = 0; pair < 4; ++pair) {
            uint8_t* codes = out.codes + kSuperBlock * b + 64 * pair;
            splitNibbles<32>(block + (kHighBits ? 48 : 16) + 32 * pair, codes, codes + 32);
            if constexpr (kHighBits) {
                addHighBits<1>(block + 16, 2 * pair, codes);
                addHighBits<1>(block + 16, 2 * pair + 1, codes + 32);
            }
        }
    }
}

void unpackQ6_K(const uint8_t* block, int64_t blocks, const RowCodes& out) {
    for (int64_t b = 0; b < blocks; ++b, block += 210) {
        const float d = halfAt(block + 208);
        for (int64_t j = 0; j < 16; ++j) {
            out.scales[16 * b + j] = d * static_cast<float>(static_cast<int8_t>(block[192 + j]));
            out.minima[16 * b + j] = 32.0f * out.scales[16 * b + j];
        }
        for (int64_t half = 0; half < 2; ++half) {
            uint8_t* codes = out.codes + kSuperBlock * b + 128 * half;
            splitNibbles<32>(block + 64 * half, codes, codes + 64);
            splitNibbles<32>(block + 64 * half + 32, codes + 32, codes + 96);
            for (int part = 0; part < 4; ++part) addHighBits<3>(block + 128 + 32 * half, 2 * part, codes + 32 * part);
        }
    }
}

/// The integer family with 4 or 8 bits: `row` is the whole row, columns [col, col + cols) of it come out.
void unpackInteger(const PackedLayout& layout, const uint8_t* row, int64_t col, int64_t cols, const RowCodes& out) {
    const IntegerFormat format = layout.format.integer();
    if (format.bits == 8) {
        std::memcpy(out.codes, row + col, static_cast<size_t>(cols));
    } else {
        for (int64_t j = 0; j < cols / 2; ++j) {
            out.codes[2 * j] = row[col / 2 + j] & 15;
            out.codes[2 * j + 1] = row[col / 2 + j] >> 4;
        }
    }
    for (int64_t b = 0; b < cols / 32; ++b) {
        const int64_t group = (col + 32 * b) / layout.groupSize;
        out.scales[b] = halfAt(row + layout.scaleOffset + 2 * group);
        if (format.floatZero) {
            out.minima[b] = -halfAt(row + layout.zeroOffset + 2 * group);
            continue;
        }
        const int zero = format.symmetric ? 1 << (format.bits - 1) : row[layout.zeroOffset + group];
        out.minima[b] = out.scales[b] * static_cast<float>(zero);
    }
}

/// Columns [col, col + cols) of one row.
void unpackRow(const PackedLayout& layout, const uint8_t* row, int64_t col, int64_t cols, const RowCodes& out) {
    if (layout.format.isInteger()) return unpackInteger(layout, row, col, cols, out);
    switch (layout.format.storage()) {
        case DType::kQ4_0:
            return unpackQ4_0(row + col / 32 * 18, cols / 32, out);
        case DType::kQ8_0:
            return unpackQ8_0(row + col / 32 * 34, cols / 32, out);
        case DType::kQ4_K:
            return unpackAffineK<false>(row + col / kSuperBlock * 144, cols / kSuperBlock, out);
        case DType::kQ5_K:
            return unpackAffineK<true>(row + col / kSuperBlock * 176, cols / kSuperBlock, out);
        case DType::kQ6_K:
            return unpackQ6_K(row + col / kSuperBlock * 210, cols / kSuperBlock, out);
        default:
            HT_CHECK(false);
    }
}

}  // namespace

int64_t integerGroup(const PackedLayout& layout) {
    if (layout.cols % kInputBlock != 0) return 0;
    if (layout.format.isInteger()) {
        const IntegerFormat& format = layout.format.integer();
        const bool fits = (format.bits == 4 || format.bits == 8) && format.scale == ScaleType::kF16;
        return fits && layout.groupSize % kInputBlock == 0 ? 32 : 0;
    }
    if (!layout.format.isStorage()) return 0;
    switch (layout.format.storage()) {
        case DType::kQ4_0:
        case DType::kQ8_0:
        case DType::kQ4_K:
        case DType::kQ5_K:
            return 32;
        case DType::kQ6_K:
            return 16;
        default:
            return 0;
    }
}

int64_t integerPanelFloats(int64_t cols) {
    // Codes, then scales and minima for the finer of the groups; then the codes row by row, and one row's factors.
    return kPanelLanes * (cols / 4 + 2 * cols / 16) + kPanelLanes * cols / 4 + 2 * cols / 16 + 64;
}

IntegerPanel placeIntegerPanel(float* memory, int64_t cols, int64_t group) {
    IntegerPanel panel;
    panel.codes = reinterpret_cast<uint8_t*>(memory);
    panel.scales = memory + kPanelLanes * cols / 4;
    panel.minima = panel.scales + kPanelLanes * cols / 16;
    panel.group = group;
    return panel;
}

void fillIntegerPanel(const PackedLayout& layout, const uint8_t* weights, int64_t rows, int64_t col, int64_t cols,
                      const IntegerPanel& panel) {
    float* factors = panel.minima + kPanelLanes * cols / 16;
    auto* lines = reinterpret_cast<uint8_t*>(factors + 2 * cols / 16);
    const int64_t groups = cols / panel.group;
    for (int64_t row = 0; row < kPanelLanes; ++row) {
        const RowCodes line{lines + row * cols, factors, factors + cols / 16};
        if (row < rows) {
            unpackRow(layout, weights + row * layout.rowBytes, col, cols, line);
        } else {
            std::fill_n(line.codes, cols, uint8_t{0});
            std::fill_n(factors, 2 * cols / 16, 0.0f);
        }
        for (int64_t group = 0; group < groups; ++group) {
            panel.scales[group * kPanelLanes + row] = line.scales[group];
            panel.minima[group * kPanelLanes + row] = line.minima[group];
        }
    }
    weavePanel(lines, cols, panel.codes);
}

int64_t integerInputFloats(int64_t tokens, int64_t cols) {
    return tokens * (cols / 4 + 2 * cols / 32 + cols / 16) + 64;
}

IntegerInput placeIntegerInput(float* memory, int64_t tokens, int64_t cols) {
    IntegerInput input;
    input.codes = reinterpret_cast<const int8_t*>(memory);
    input.scales = memory + tokens * cols / 4;
    input.sums = input.scales + tokens * cols / 32;
    input.halfSums = input.sums + tokens * cols / 32;
    input.cols = cols;
    return input;
}

}  // namespace halftone::cpu
