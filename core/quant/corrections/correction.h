// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/quant/formats/packed_tensor.h"

namespace halftone {

/// Single elements of a matrix that are kept apart as F16 (dense and sparse: SpQR, SqueezeLLM), compressed by rows.
/// What is stored is added to what the packed codes say. A view; immutable.
///
/// Words of 32 bits, as they also lie on a device: for each row the index of its first entry, and behind them the
/// number of all entries; then the entries, row after row, columns ascending. An entry is one word, the column in the
/// low half and the F16 value in the high one; where columns need more than 16 bits, two words: column, value.
struct OutlierRows {
    std::span<const uint32_t> words;
    int64_t totalRows = 0;  ///< of the matrix that `words` are of
    int64_t firstRow = 0;   ///< of those, the one that is row 0 of this view
    bool isWide = false;    ///< entries of two words

    [[nodiscard]] bool empty() const { return words.empty(); }
    [[nodiscard]] int64_t begin(int64_t row) const { return words[static_cast<size_t>(firstRow + row)]; }
    [[nodiscard]] int64_t end(int64_t row) const { return words[static_cast<size_t>(firstRow + row + 1)]; }
    [[nodiscard]] int64_t count() const { return empty() ? 0 : words[static_cast<size_t>(totalRows)]; }
    [[nodiscard]] int64_t column(int64_t entry) const;
    [[nodiscard]] float value(int64_t entry) const;
};

/// Columns up to which an entry of OutlierRows is one word.
inline constexpr int64_t kNarrowColumns = 65536;

/// What is added to a packed matrix Q: the matrix meant is Q + S + A B. Immutable and shared by the tensors it belongs
/// to.
struct Correction {
    OutlierRows outliers;               ///< S; empty: none
    PackedTensor left;                  ///< A, rows x rank, F16; no rows: none
    PackedTensor right;                 ///< B, rank x cols, F16
    std::shared_ptr<const void> owner;  ///< keeps the outliers' words alive

    [[nodiscard]] int64_t rank() const { return right.rows; }
    [[nodiscard]] int64_t sizeBytes() const;
};

/// Whether the parts are of a rows x cols matrix.
[[nodiscard]] bool fitsMatrix(const Correction& correction, int64_t rows, int64_t cols);

/// An outlier of a row that is being built.
struct Outlier {
    uint32_t column = 0;
    uint16_t value = 0;  ///< F16
};

/// The words of OutlierRows from the outliers of each row, columns ascending.
std::vector<uint32_t> packOutliers(std::span<const std::vector<Outlier>> rows, int64_t cols);

/// A correction of a rows x cols matrix by outliers alone; no words: none.
std::shared_ptr<const Correction> makeCorrection(std::vector<uint32_t> outlierWords, int64_t rows, int64_t cols);

/// The same outliers with a low-rank product.
std::shared_ptr<const Correction> withLowRank(const Correction& correction, PackedTensor left, PackedTensor right);

/// The correction of rows [first, first + count) alone. Null for null.
std::shared_ptr<const Correction> correctionOfRows(const std::shared_ptr<const Correction>& correction, int64_t first,
                                                   int64_t count);

/// Adds the outliers to decoded rows: `values` holds one row of `cols` for each of `rows`. Subtracts them with factor
/// -1.
void addOutliers(const OutlierRows& outliers, std::span<const int64_t> rows, float factor, std::span<float> values,
                 int64_t cols);

/// Adds S + A B to decoded rows, in binary32: outliers first, then the product in the order of the rank. Same result
/// however rows are cut. `values` holds one row for each of `rows`. Vectorized.
Status addCorrection(const Correction& correction, std::span<const int64_t> rows, std::span<float> values);

/// The same in binary64, scalar, rounded once: what backends are held against.
Status addCorrectionReference(const Correction& correction, int64_t row, std::span<float> values);

}  // namespace halftone
