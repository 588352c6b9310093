// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/candidates.h"

#include <algorithm>
#include <vector>

namespace halftone {

namespace {

constexpr int64_t kTriedElements = int64_t(1) << 20;

/// Every n-th row of another source.
class SpreadRows : public RowSource {
  public:
    SpreadRows(std::shared_ptr<const RowSource> all, int64_t count) : m_all(std::move(all)), m_count(count) {}
    [[nodiscard]] int64_t rows() const override { return m_count; }
    [[nodiscard]] int64_t cols() const override { return m_all->cols(); }

    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        const auto width = size_t(cols());
        for (int64_t i = 0; i < count; ++i) {
            const int64_t row = (first + i) * m_all->rows() / m_count;
            HT_TRY(m_all->readRows(row, 1, out.subspan(size_t(i) * width, width)));
        }
        return {};
    }

  private:
    std::shared_ptr<const RowSource> m_all;
    int64_t m_count;
};

}  // namespace

Status tryFormats(const CandidateRequest& request, const std::function<void(const Candidate&)>& sink,
                  const JobContext& context) {
    const auto& info = request.checkpoint->tensors()[size_t(request.tensor)];
    HT_ASSIGN_OR_RETURN(const auto all, openRows(request.checkpoint, info));
    const int64_t tried = std::clamp<int64_t>(kTriedElements / std::max<int64_t>(all->cols(), 1), 1, all->rows());
    const SpreadRows rows(all, tried);
    QuantizeOptions options;
    options.tensorName = info.canonicalName;
    const auto* statistics = request.calibration ? request.calibration->find(info.canonicalName) : nullptr;
    const auto importance = statistics ? statistics->importance() : std::vector<float>{};
    options.importance = importance;
    options.statistics = statistics;
    const JobContext quiet{context.stop, nullptr, context.pool};
    for (const Format& format : request.formats) {
        HT_TRY(context.checkpoint());
        if (!format.fitsRow(rows.cols())) continue;
        HT_ASSIGN_OR_RETURN(const auto distortion,
                            quantizeStreaming(
                                rows, format, options, [](std::span<const std::byte>) { return Status{}; }, quiet));
        const int64_t bytes = format.storageBytes(all->rows(), all->cols());
        const double weights = double(all->rows()) * double(all->cols());
        sink({format, bytes, 8.0 * double(bytes) / weights, distortion, tried, all->rows()});
    }
    return {};
}

}  // namespace halftone
