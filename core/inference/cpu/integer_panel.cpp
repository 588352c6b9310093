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

void unpackQ4_0(const uint8_t* block, int64_t blocks, const RowCodes& out) {
    for (int64_t b = 0; b < blocks; ++b, block += 18) {
        out.scales[b] = halfAt(block);
        out.minima[b] = 8.0f * out.scales[b];
        for (int64_t j = 0; j < 16; ++j) {
            out.codes[32 * b + j] = block[2 + j] & 15;
            out.codes[32 * b + 16 + j] = block[2 + j] >> 4;
        }
    }
}

void unpackQ8_0(const uint8_t* block, int64_t blocks, const RowCodes& out) {
    for (int64_t b = 0; b < blocks; ++b, block += 34) {
        out.scales[b] = halfAt(block);
        out.minima[b] = 128.0f * out.scales[b];
        for (int64_t j = 0; j < 32; ++j) out.codes[32 * b + j] = block[2 + j] ^ 0x80;
    }
}

/// Scale and minimum of sub-block j of a Q4_K or Q5_K super-block.
void affineOf(const uint8_t* block, int64_t j, float& scale, float& minimum) {
    const uint8_t* packed = block + 4;
    const int codeOfScale = j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4;
    const int codeOfMinimum = j < 4 ? packed[j + 4] & 63 : (packed[j + 4] >> 4) | (packed[j] >> 6) << 4;
    scale = halfAt(block) * static_cast<float>(codeOfScale);
    minimum = halfAt(block + 2) * static_cast<float>(codeOfMinimum);
}

template <bool kHighBits>
void unpackAffineK(const uint8_t* block, int64_t blocks, const RowCodes& out) {
    for (int64_t b = 0; b < blocks; ++b, block += kHighBits ? 176 : 144) {
        for (int64_t j = 0; j < 8; ++j) affineOf(block, j, out.scales[8 * b + j], out.minima[8 * b + j]);
        const uint8_t* high = block + 16;
        const uint8_t* nibbles = block + (kHighBits ? 48 : 16);
        for (int pair = 0; pair < 4; ++pair, nibbles += 32) {
            uint8_t* codes = out.codes + kSuperBlock * b + 64 * pair;
            for (int64_t l = 0; l < 32; ++l) {
                codes[l] = nibbles[l] & 15;
                codes[32 + l] = nibbles[l] >> 4;
                if constexpr (kHighBits) {
                    codes[l] = static_cast<uint8_t>(codes[l] | ((high[l] >> (2 * pair)) & 1) << 4);
                    codes[32 + l] = static_cast<uint8_t>(codes[32 + l] | ((high[l] >> (2 * pair + 1)) & 1) << 4);
                }
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
            const uint8_t* low = block + 64 * half;
            const uint8_t* high = block + 128 + 32 * half;
            uint8_t* codes = out.codes + kSuperBlock * b + 128 * half;
            for (int64_t l = 0; l < 32; ++l) {
                codes[l] = static_cast<uint8_t>((low[l] & 15) | (high[l] & 3) << 4);
                codes[32 + l] = static_cast<uint8_t>((low[32 + l] & 15) | ((high[l] >> 2) & 3) << 4);
                codes[64 + l] = static_cast<uint8_t>(low[l] >> 4 | ((high[l] >> 4) & 3) << 4);
                codes[96 + l] = static_cast<uint8_t>(low[32 + l] >> 4 | (high[l] >> 6) << 4);
            }
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
        const int zero = format.symmetric ? 1 << (format.bits - 1) : row[layout.zeroOffset + group];
        out.scales[b] = halfAt(row + layout.scaleOffset + 2 * group);
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
        const int bits = layout.format.integer().bits;
        return (bits == 4 || bits == 8) && layout.groupSize % kInputBlock == 0 ? 32 : 0;
    }
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
    // Codes, then scales and minima for the finer of the groups; and one row before it is woven in.
    return kPanelLanes * (cols / 4 + 2 * cols / 16) + cols / 4 + 2 * cols / 16 + 64;
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
    float* spare = panel.minima + kPanelLanes * cols / 16;
    const RowCodes line{reinterpret_cast<uint8_t*>(spare), spare + cols / 4, spare + cols / 4 + cols / 16};
    const int64_t groups = cols / panel.group;
    for (int64_t row = 0; row < kPanelLanes; ++row) {
        if (row < rows) {
            unpackRow(layout, weights + row * layout.rowBytes, col, cols, line);
        } else {
            std::fill_n(spare, cols / 4 + 2 * cols / 16, 0.0f);
        }
        for (int64_t quad = 0; quad < cols / 4; ++quad)
            std::memcpy(panel.codes + (quad * kPanelLanes + row) * 4, line.codes + 4 * quad, 4);
        for (int64_t group = 0; group < groups; ++group) {
            panel.scales[group * kPanelLanes + row] = line.scales[group];
            panel.minima[group * kPanelLanes + row] = line.minima[group];
        }
    }
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
