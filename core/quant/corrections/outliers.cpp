// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/corrections/outliers.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>

#include "core/base/checked.h"
#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr int64_t kTileValues = 1 << 16;
/// Tiles that are collected at once: what is kept of them beyond the quota is bounded so.
constexpr int64_t kWindowTiles = 64;
constexpr size_t kBins = 1 << 16;
/// Beyond the largest F16 the rest stays with the packed codes.
constexpr float kLargestHalf = 65504.0f;

/// An element worth keeping apart; `ties` are as large as the threshold and taken in order while there is room.
struct RowFinds {
    std::vector<Outlier> above, ties;
};

/// Finds the elements with the largest scores. Scores are not negative, so that their bit patterns order as they do.
class OutlierChoice {
  public:
    OutlierChoice(const RowSource& source, std::span<const float> importance, const JobContext& context)
        : m_source(source),
          m_context(context),
          m_tileRows(std::max<int64_t>(1, kTileValues / std::max<int64_t>(1, source.cols()))) {
        const bool anyWeight = std::ranges::any_of(importance, [](float weight) { return weight > 0; });
        for (size_t i = 0; anyWeight && i < importance.size(); ++i)
            m_weights.push_back(std::sqrt(std::sqrt(importance[i])));
    }

    Result<std::vector<uint32_t>> run(int64_t wanted) {
        std::vector<std::vector<Outlier>> rows(static_cast<size_t>(m_source.rows()));
        if (wanted > 0) {
            HT_TRY(findThreshold(wanted));
            HT_TRY(collect(rows));
        }
        return packOutliers(rows, m_source.cols());
    }

  private:
    [[nodiscard]] uint32_t scoreBits(float value, size_t column) const {
        const float score = m_weights.empty() ? std::fabs(value) : std::fabs(value) * m_weights[column];
        return std::isfinite(value) ? std::bit_cast<uint32_t>(score) : 0;
    }

    /// Calls body(row, column, value, bits) for every element of rows [begin, end).
    template <class Body>
    Status overElements(int64_t begin, int64_t end, const Body& body) const {
        const auto cols = static_cast<size_t>(m_source.cols());
        std::vector<float> values(static_cast<size_t>(end - begin) * cols);
        HT_TRY(m_source.readRows(begin, end - begin, values));
        for (size_t i = 0; i < values.size(); ++i) body(i / cols, i % cols, values[i], scoreBits(values[i], i % cols));
        return {};
    }

    /// How many scores have each half of their bits: the high one, or the low one where the high one is `high`.
    Result<std::vector<int64_t>> countBins(bool low, uint32_t high) const {
        std::vector<int64_t> bins(kBins);
        std::mutex mutex;
        Status status;
        m_context.pool.parallelFor(m_source.rows(), m_tileRows * 16, [&](int64_t begin, int64_t end) {
            std::vector<int64_t> own(kBins);
            for (int64_t row = begin; row < end && !m_context.cancelled(); row += m_tileRows) {
                const Status read =
                    overElements(row, std::min(end, row + m_tileRows), [&](auto, auto, float, uint32_t bits) {
                        if (!low || bits >> 16 == high) ++own[low ? bits & 0xFFFFu : bits >> 16];
                    });
                const std::scoped_lock lock(mutex);
                if (!read && status) status = read;
            }
            const std::scoped_lock lock(mutex);
            for (size_t i = 0; i < kBins; ++i) bins[i] += own[i];
        });
        HT_TRY(m_context.checkpoint());
        HT_TRY(status);
        return bins;
    }

    /// The highest bin from which on at least `wanted` scores lie; `wanted` becomes what is wanted of that bin itself.
    static uint32_t pickBin(const std::vector<int64_t>& bins, int64_t& wanted) {
        auto bin = static_cast<uint32_t>(bins.size() - 1);
        for (; bin > 0 && bins[bin] < wanted; --bin) wanted -= bins[bin];
        return bin;
    }

    Status findThreshold(int64_t wanted) {
        HT_ASSIGN_OR_RETURN(const auto high, countBins(false, 0));
        const uint32_t highBin = pickBin(high, wanted);
        HT_ASSIGN_OR_RETURN(const auto low, countBins(true, highBin));
        m_threshold = highBin << 16 | pickBin(low, wanted);
        m_quota = m_threshold > 0 ? wanted : 0;  // zeros are no outliers
        return {};
    }

    static Outlier outlierOf(size_t column, float value) {
        return {static_cast<uint32_t>(column), floatToHalf(std::clamp(value, -kLargestHalf, kLargestHalf))};
    }

    Status collect(std::vector<std::vector<Outlier>>& rows) {
        const int64_t window = kWindowTiles * m_tileRows;
        for (int64_t first = 0; first < m_source.rows(); first += window) {
            const int64_t count = std::min(window, m_source.rows() - first);
            std::vector<RowFinds> finds(static_cast<size_t>(count));
            std::vector<Status> statuses(static_cast<size_t>(ceilDiv(count, m_tileRows)));
            const bool tiesWanted = m_quota > 0;
            m_context.pool.parallelFor(count, m_tileRows, [&](int64_t begin, int64_t end) {
                if (m_context.cancelled()) return;
                statuses[static_cast<size_t>(begin / m_tileRows)] = overElements(
                    first + begin, first + end, [&](size_t row, size_t column, float value, uint32_t bits) {
                        if (bits < m_threshold || bits == 0) return;
                        RowFinds& found = finds[static_cast<size_t>(begin) + row];
                        if (bits > m_threshold) found.above.push_back(outlierOf(column, value));
                        if (bits == m_threshold && tiesWanted) found.ties.push_back(outlierOf(column, value));
                    });
            });
            HT_TRY(m_context.checkpoint());
            for (const Status& status : statuses) HT_TRY(status);
            for (int64_t i = 0; i < count; ++i)
                rows[static_cast<size_t>(first + i)] = takeRow(finds[static_cast<size_t>(i)]);
        }
        return {};
    }

    std::vector<Outlier> takeRow(RowFinds& found) {
        const auto taken = std::min<int64_t>(m_quota, std::ssize(found.ties));
        m_quota -= taken;
        std::vector<Outlier> row;
        std::ranges::merge(found.above, std::span(found.ties).first(static_cast<size_t>(taken)),
                           std::back_inserter(row), {}, &Outlier::column, &Outlier::column);
        return row;
    }

    const RowSource& m_source;
    const JobContext& m_context;
    int64_t m_tileRows;
    std::vector<float> m_weights;  // of the columns; empty: ones
    uint32_t m_threshold = 0;
    int64_t m_quota = 0;  // of elements exactly as large as the threshold
};

std::vector<int64_t> rowNumbers(int64_t first, int64_t count) {
    std::vector<int64_t> rows(static_cast<size_t>(count));
    std::iota(rows.begin(), rows.end(), first);
    return rows;
}

}  // namespace

Result<std::vector<uint32_t>> chooseOutliers(const RowSource& source, int64_t count, std::span<const float> importance,
                                             const JobContext& context) {
    if (count > std::numeric_limits<uint32_t>::max()) {
        return makeError(ErrorCode::kInvalidArgument,
                         "The matrix would have more outliers than 32 bits can count; choose a smaller share.");
    }
    return OutlierChoice(source, importance, context).run(count);
}

Status RemainderRows::readRows(int64_t first, int64_t count, std::span<float> out) const {
    HT_TRY(m_source.readRows(first, count, out));
    addOutliers(m_outliers, rowNumbers(first, count), -1.0f, out, cols());
    return {};
}

Status ErrorRows::readRows(int64_t first, int64_t count, std::span<float> out) const {
    const auto size = static_cast<size_t>(count * cols());
    std::vector<float> packed(size);
    HT_TRY(m_source.readRows(first, count, out));
    HT_TRY(m_packed->readRows(first, count, packed));
    for (size_t i = 0; i < size; ++i) out[i] = std::isfinite(out[i]) ? out[i] - packed[i] : 0.0f;
    return {};
}

}  // namespace halftone
