// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/corrections/correction.h"
#include "core/tensor/row_source.h"

namespace halftone {

/// Chooses the elements of a matrix that are kept apart: the `count` elements of the whole matrix with the largest w^2
/// times the root mean square of the input channel, or the largest |w| without importance. Of equals, those that come
/// first; zeros and what is not finite never. Returns the words of OutlierRows.
///
/// An outlier spares its group a wide range, which is a matter of |w| alone, and the output its own error, which grows
/// with the mean square of the channel. The root stands between the two (docs/formats/corrections.md has figures).
///
/// The source is read three times in tiles: two passes find the threshold from the bit patterns of the scores, the
/// third collects. Memory: the result and some tiles. Same bytes on any number of threads. Precondition: `importance`
/// is empty or finite and one value a column. kInvalidArgument for more outliers than 32 bits count. Sources: the
/// reference page on algorithms, sections 8 and 9 (SqueezeLLM, SpQR); one threshold for the matrix as in the former.
Result<std::vector<uint32_t>> chooseOutliers(const RowSource& source, int64_t count, std::span<const float> importance,
                                             const JobContext& context);

/// RowSource over W - S: what is left to be packed. Borrows the source.
class RemainderRows final : public RowSource {
  public:
    RemainderRows(const RowSource& source, OutlierRows outliers) : m_source(source), m_outliers(outliers) {}
    [[nodiscard]] int64_t rows() const override { return m_source.rows(); }
    [[nodiscard]] int64_t cols() const override { return m_source.cols(); }
    [[nodiscard]] int64_t storedBytes(int64_t count) const override { return m_source.storedBytes(count); }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override;

  private:
    const RowSource& m_source;
    OutlierRows m_outliers;
};

/// RowSource over W - P with P what a packed tensor decodes to, correction included: what a further correction can make
/// up for. Elements of W that are not finite count as zeros of the difference. Borrows the source.
class ErrorRows final : public RowSource {
  public:
    ErrorRows(const RowSource& source, PackedTensor packed)
        : m_source(source), m_packed(rowSourceOf(std::move(packed))) {}
    [[nodiscard]] int64_t rows() const override { return m_source.rows(); }
    [[nodiscard]] int64_t cols() const override { return m_source.cols(); }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override;

  private:
    const RowSource& m_source;
    std::shared_ptr<const RowSource> m_packed;
};

}  // namespace halftone
