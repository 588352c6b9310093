// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/corrections/correction.h"

#include <algorithm>

#include "core/quant/methods/dense_kernels.h"
#include "core/tensor/float16.h"

namespace halftone {

int64_t OutlierRows::column(int64_t entry) const {
    const auto at = static_cast<size_t>(totalRows + 1 + entry * (isWide ? 2 : 1));
    return isWide ? words[at] : words[at] & 0xFFFFu;
}

float OutlierRows::value(int64_t entry) const {
    if (isWide) return halfToFloat(static_cast<uint16_t>(words[static_cast<size_t>(totalRows + 2 + entry * 2)]));
    return halfToFloat(static_cast<uint16_t>(words[static_cast<size_t>(totalRows + 1 + entry)] >> 16));
}

int64_t Correction::sizeBytes() const {
    return static_cast<int64_t>(outliers.words.size_bytes() + left.bytes.size() + right.bytes.size());
}

bool fitsMatrix(const Correction& correction, int64_t rows, int64_t cols) {
    const OutlierRows& outliers = correction.outliers;
    if (!outliers.empty() && outliers.firstRow + rows > outliers.totalRows) return false;
    const int64_t rank = correction.rank();
    if (rank == 0) return true;
    return correction.left.rows == rows && correction.left.cols() == rank && correction.right.cols() == cols;
}

std::vector<uint32_t> packOutliers(std::span<const std::vector<Outlier>> rows, int64_t cols) {
    const bool isWide = cols > kNarrowColumns;
    size_t entries = 0;
    for (const auto& row : rows) entries += row.size();
    std::vector<uint32_t> words;
    words.reserve(rows.size() + 1 + entries * (isWide ? 2 : 1));
    uint32_t begin = 0;
    for (const auto& row : rows) {
        words.push_back(begin);
        begin += static_cast<uint32_t>(row.size());
    }
    words.push_back(begin);
    for (const auto& row : rows) {
        for (const Outlier& outlier : row) {
            words.push_back(isWide ? outlier.column : outlier.column | (uint32_t{outlier.value} << 16));
            if (isWide) words.push_back(outlier.value);
        }
    }
    return words;
}

std::shared_ptr<const Correction> makeCorrection(std::vector<uint32_t> outlierWords, int64_t rows, int64_t cols) {
    auto correction = std::make_shared<Correction>();
    if (!outlierWords.empty()) {
        auto owned = std::make_shared<const std::vector<uint32_t>>(std::move(outlierWords));
        correction->outliers = {.words = *owned, .totalRows = rows, .firstRow = 0, .isWide = cols > kNarrowColumns};
        correction->owner = std::move(owned);
    }
    return correction;
}

std::shared_ptr<const Correction> withLowRank(const Correction& correction, PackedTensor left, PackedTensor right) {
    auto changed = std::make_shared<Correction>(correction);
    changed->left = std::move(left);
    changed->right = std::move(right);
    return changed;
}

std::shared_ptr<const Correction> correctionOfRows(const std::shared_ptr<const Correction>& correction, int64_t first,
                                                   int64_t count) {
    if (!correction) return nullptr;
    auto part = std::make_shared<Correction>(*correction);
    part->outliers.firstRow += first;
    if (part->rank() > 0) part->left = rowsOf(correction->left, first, count);
    return part;
}

void addOutliers(const OutlierRows& outliers, std::span<const int64_t> rows, float factor, std::span<float> values,
                 int64_t cols) {
    if (outliers.empty()) return;
    float* out = values.data();
    for (const int64_t row : rows) {
        for (int64_t entry = outliers.begin(row); entry < outliers.end(row); ++entry)
            out[outliers.column(entry)] += factor * outliers.value(entry);
        out += cols;
    }
}

Status addCorrection(const Correction& correction, std::span<const int64_t> rows, std::span<float> values) {
    const int64_t count = std::ssize(rows);
    if (count == 0) return {};
    addOutliers(correction.outliers, rows, 1.0f, values, std::ssize(values) / count);
    const int64_t rank = correction.rank();
    if (rank == 0) return {};
    const int64_t cols = correction.right.cols();
    std::vector<float> left(static_cast<size_t>(count * rank)), right(static_cast<size_t>(rank * cols));
    for (int64_t i = 0; i < count; ++i) {
        HT_TRY(decodeRows(correction.left.layout, correction.left.row(rows[static_cast<size_t>(i)]), 1,
                          std::span(left).subspan(static_cast<size_t>(i * rank), static_cast<size_t>(rank))));
    }
    HT_TRY(decodeRows(correction.right.layout, correction.right.bytes, rank, right));
    addProduct({count, cols, rank}, MatrixView<float>{left.data(), rank, 1}, MatrixView<float>{right.data(), cols, 1},
               ProductTarget<float>{values.data(), cols});
    return {};
}

Status addCorrectionReference(const Correction& correction, int64_t row, std::span<float> values) {
    std::vector<double> sums(values.begin(), values.end());
    const OutlierRows& outliers = correction.outliers;
    if (!outliers.empty()) {
        for (int64_t entry = outliers.begin(row); entry < outliers.end(row); ++entry)
            sums[static_cast<size_t>(outliers.column(entry))] += double(outliers.value(entry));
    }
    const auto rank = static_cast<size_t>(correction.rank());
    std::vector<float> left(rank), right(values.size());
    if (rank > 0) HT_TRY(decodeRowsReference(correction.left.layout, correction.left.row(row), 1, left));
    for (size_t k = 0; k < rank; ++k) {
        const auto bytes = correction.right.row(static_cast<int64_t>(k));
        HT_TRY(decodeRowsReference(correction.right.layout, bytes, 1, right));
        for (size_t i = 0; i < values.size(); ++i) sums[i] += double(left[k]) * double(right[i]);
    }
    std::ranges::transform(sums, values.begin(), [](double sum) { return static_cast<float>(sum); });
    return {};
}

}  // namespace halftone
