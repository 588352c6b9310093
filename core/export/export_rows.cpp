// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/export/export_rows.h"

#include <utility>
#include <vector>

namespace halftone {
namespace {

class PermutedRows final : public RowSource {
  public:
    PermutedRows(std::shared_ptr<const RowSource> source, int64_t heads)
        : m_source(std::move(source)), m_headRows(m_source->rows() / heads) {}

    [[nodiscard]] int64_t rows() const override { return m_source->rows(); }
    [[nodiscard]] int64_t cols() const override { return m_source->cols(); }
    [[nodiscard]] int64_t storedBytes(int64_t count) const override { return m_source->storedBytes(count); }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        const auto width = static_cast<size_t>(cols());
        for (int64_t i = 0; i < count; ++i) {
            HT_TRY(m_source->readRows(permutedSourceRow(first + i, m_headRows), 1,
                                      out.subspan(static_cast<size_t>(i) * width, width)));
        }
        return {};
    }

  private:
    std::shared_ptr<const RowSource> m_source;
    int64_t m_headRows;
};

// A bias is one row whose elements go the way of the matrix's rows.
class PermutedVector final : public RowSource {
  public:
    PermutedVector(std::shared_ptr<const RowSource> source, int64_t heads)
        : m_source(std::move(source)), m_headRows(m_source->cols() / heads) {}

    [[nodiscard]] int64_t rows() const override { return 1; }
    [[nodiscard]] int64_t cols() const override { return m_source->cols(); }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        if (count == 0) return {};
        std::vector<float> values(static_cast<size_t>(cols()));
        HT_TRY(m_source->readRows(first, 1, values));
        for (int64_t i = 0; i < cols(); ++i) {
            out[static_cast<size_t>(i)] = values[static_cast<size_t>(permutedSourceRow(i, m_headRows))];
        }
        return {};
    }

  private:
    std::shared_ptr<const RowSource> m_source;
    int64_t m_headRows;
};

}  // namespace

Result<std::shared_ptr<const RowSource>> openExportRows(std::shared_ptr<const Checkpoint> checkpoint,
                                                        const TensorInfo& tensor, const ExportTensorPlan& plan) {
    HT_ASSIGN_OR_RETURN(std::shared_ptr<const RowSource> rows, openRows(std::move(checkpoint), tensor));
    if (!plan.permuteRows) return rows;
    if (tensor.shape.size() == 1) return std::make_shared<PermutedVector>(std::move(rows), plan.heads);
    return std::make_shared<PermutedRows>(std::move(rows), plan.heads);
}

}  // namespace halftone
