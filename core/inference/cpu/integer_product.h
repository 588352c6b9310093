// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/quant/formats/packed_layout.h"

/// Products of packed weights with inputs that are rounded to 8 bits per 32 values, or were so before, in integer
/// arithmetic. What it
/// costs in accuracy: an input differs from its rounded self by at most 1/254 of the largest of its 32 neighbours. For
/// instruction sets with byte products (x86: AVX2 and better; products of many tokens: AVX-512 with VNNI); elsewhere
/// the callers multiply in F32. Private to core/inference/cpu.
namespace halftone::cpu {

/// Columns that share a scale of the input; the columns of every weight here are a multiple of it.
inline constexpr int64_t kInputBlock = 32;
/// Rows of an integer panel, and tokens of a tile against it.
inline constexpr int64_t kPanelLanes = 16;

/// Inputs of some tokens as signed bytes: value = scale * code. Rows lie one after the other.
struct IntegerInput {
    const int8_t* codes = nullptr;    ///< [token][cols]
    const float* scales = nullptr;    ///< [token][cols / 32]
    const float* sums = nullptr;      ///< [token][cols / 32]: scale * sum of the codes
    const float* halfSums = nullptr;  ///< [token][cols / 16]: the same over 16
    int64_t cols = 0;
};
/// Floats that the arrays of an input take together.
[[nodiscard]] int64_t integerInputFloats(int64_t tokens, int64_t cols);
/// Lays the arrays out in `memory` (64-byte aligned).
[[nodiscard]] IntegerInput placeIntegerInput(float* memory, int64_t tokens, int64_t cols);
/// F32 rows; steps: LinearCall::inputSteps.
struct InputRows {
    const float* values = nullptr;
    const float* steps = nullptr;
};
/// Fills tokens [begin, end). Rows of whole multiples of a step keep their values; others are rounded, 32 values at a
/// time. NaN and infinity become codes of no meaning, never a fault.
void quantizeInput(const IntegerInput& target, const InputRows& rows, int64_t begin, int64_t end);

/// out[t * outStride + r] = weights[r] . x[t] + bias[r] for rows [rowBegin, rowEnd) and 1..kMatvecTokens tokens.
struct IntegerMatvecJob {
    const PackedLayout* layout = nullptr;
    const uint8_t* weights = nullptr;  ///< row 0
    int64_t rowBegin = 0, rowEnd = 0;
    IntegerInput input;
    int64_t tokens = 1;
    const float* bias = nullptr;  ///< may be null
    float* out = nullptr;
    int64_t outStride = 0;
};
/// Whether this machine has such a product for this layout.
[[nodiscard]] bool hasIntegerMatvec(const PackedLayout& layout);
void integerMatvecRows(const IntegerMatvecJob& job);

/// Up to kPanelLanes rows of weights as unsigned codes: value = scale * code - minimum.
struct IntegerPanel {
    uint8_t* codes = nullptr;  ///< [column / 4][row][column % 4]
    float* scales = nullptr;   ///< [column / group][row]
    float* minima = nullptr;   ///< the same
    int64_t group = 32;        ///< columns that share a scale: 32 or 16
};
/// 0: the layout has no integer form; else the columns that share a scale in a panel.
[[nodiscard]] int64_t integerGroup(const PackedLayout& layout);
/// Floats that a panel of `cols` columns takes.
[[nodiscard]] int64_t integerPanelFloats(int64_t cols);
[[nodiscard]] IntegerPanel placeIntegerPanel(float* memory, int64_t cols, int64_t group);
/// Columns [col, col + cols) of rows [0, rows), rows at most kPanelLanes, at `weights`; the other rows of the panel
/// become zero. `col` and `cols` are multiples of the format's block, or of 256 where that is smaller.
void fillIntegerPanel(const PackedLayout& layout, const uint8_t* weights, int64_t rows, int64_t col, int64_t cols,
                      const IntegerPanel& panel);

/// kPanelLanes rows of `cols` codes, one after the other, in the order of a panel. Precondition: hasIntegerMatmul().
void weavePanel(const uint8_t* rows, int64_t cols, uint8_t* codes);

/// out[t * outStride + r] (+)= panel[r] . x[t] over columns [col, col + cols) of the input, for all tokens.
struct IntegerMatmulJob {
    IntegerPanel panel;
    int64_t rows = 0;  ///< of the panel that are real
    IntegerInput input;
    int64_t col = 0, cols = 0;
    int64_t tokens = 0;
    float* out = nullptr;
    int64_t outStride = 0;
    const float* bias = nullptr;  ///< added where !accumulate; may be null
    bool accumulate = false;
};
/// Whether this machine has integer products of many tokens that beat F32.
[[nodiscard]] bool hasIntegerMatmul();
void integerMatmulPanel(const IntegerMatmulJob& job);

}  // namespace halftone::cpu
