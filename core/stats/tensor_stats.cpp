// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/tensor_stats.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>

#include "core/base/aligned_buffer.h"
#include "core/base/checked.h"
#include "core/stats/stats_kernels.h"
#include "core/stats/stats_summary.h"

namespace halftone {
namespace {

constexpr double kOutlierSigmas = 6.0;
constexpr int64_t kTileElements =
    32 * 1024;  // 128 KiB: what one reads and looks at twice stays in the second-level cache
constexpr int64_t kPieceElements = 1 << 20;  // smallest work of one accumulator, large beside its merge
constexpr int64_t kMostPieces = 64;          // bounds the memory of the accumulators

/// How a matrix is cut: a function of its shape alone.
struct Partition {
    int64_t rowsPerTile = 1;
    int64_t rowsPerPiece = 1;
    static Partition of(int64_t rows, int64_t cols) {
        Partition result;
        const int64_t width = std::max<int64_t>(cols, 1);
        result.rowsPerTile = std::max<int64_t>(1, kTileElements / width);
        const int64_t wanted = std::max(ceilDiv(kPieceElements, width), ceilDiv(rows, kMostPieces));
        result.rowsPerPiece = roundUp(std::max<int64_t>(wanted, 1), result.rowsPerTile);
        return result;
    }
};

/// One pass over a matrix; the pieces run in parallel, each with its accumulator.
class StatsPass {
  public:
    StatsPass(const RowSource& source, const JobContext& context)
        : m_source(source), m_context(context), m_partition(Partition::of(source.rows(), source.cols())) {}

    Result<StatsAccumulator> run() {
        const int64_t rows = m_source.rows();
        m_pieces.resize(static_cast<size_t>(ceilDiv(rows, m_partition.rowsPerPiece)));
        m_context.pool.parallelFor(rows, m_partition.rowsPerPiece, [this](int64_t begin, int64_t end) {
            if (auto status = runPiece(begin, end); !status) noteError(begin, std::move(status.error()));
        });
        HT_TRY(m_context.checkpoint());
        if (m_error) return tl::unexpected(std::move(*m_error));
        StatsAccumulator total(rows, m_source.cols());
        for (const auto& piece : m_pieces) total.merge(*piece);
        return total;
    }

  private:
    Status runPiece(int64_t begin, int64_t end) {
        const int64_t cols = m_source.cols();
        StatsAccumulator accumulator(m_source.rows(), cols);
        AlignedBuffer buffer(static_cast<size_t>(m_partition.rowsPerTile * cols) * sizeof(float));
        for (int64_t row = begin; row < end; row += m_partition.rowsPerTile) {
            HT_TRY(m_context.checkpoint());
            const int64_t count = std::min(m_partition.rowsPerTile, end - row);
            const auto values = buffer.as<float>().first(static_cast<size_t>(count * cols));
            HT_TRY(m_source.readRows(row, count, values));
            accumulator.addRows(row, count, values);
            m_context.advance(m_source.storedBytes(count));
        }
        m_pieces[static_cast<size_t>(begin / m_partition.rowsPerPiece)] = std::move(accumulator);
        return {};
    }

    /// Keeps the error of the first piece, so that the message does not depend on the threads either.
    void noteError(int64_t begin, Error error) {
        const std::lock_guard lock(m_mutex);
        if (m_error && m_errorBegin <= begin) return;
        m_error = std::move(error);
        m_errorBegin = begin;
    }

    const RowSource& m_source;
    const JobContext& m_context;
    Partition m_partition;
    std::vector<std::optional<StatsAccumulator>> m_pieces;  // each written by one worker
    std::mutex m_mutex;                                     // guards the error
    std::optional<Error> m_error;
    int64_t m_errorBegin = 0;
};

}  // namespace

void fillDerivedFigures(TensorStats& stats, const Moments& moments) {
    stats.kurtosis = std::numeric_limits<double>::quiet_NaN();
    if (moments.count() == 0) return;
    stats.mean = moments.mean();
    stats.standardDeviation = moments.standardDeviation();
    stats.kurtosis = moments.kurtosis();
    stats.maxAbs = std::max(std::fabs(stats.min), std::fabs(stats.max));
    for (size_t i = 0; i < kShownPercentiles.size(); ++i) {
        stats.percentiles[i] = std::clamp(stats.histogram.quantile(kShownPercentiles[i] / 100.0), stats.min, stats.max);
    }
    const double reach = kOutlierSigmas * stats.standardDeviation;
    if (!(reach > 0)) return;
    double outliers = 0;
    if (stats.mean - reach > stats.min) outliers += stats.histogram.countBelow(stats.mean - reach);
    if (stats.mean + reach < stats.max) {
        outliers += static_cast<double>(moments.count()) - stats.histogram.countBelow(stats.mean + reach);
    }
    stats.outlierCount = std::llround(outliers);
}

StatsAccumulator::StatsAccumulator(int64_t rows, int64_t cols)
    : m_rows(rows),
      m_cols(cols),
      m_min(std::numeric_limits<float>::infinity()),
      m_max(-std::numeric_limits<float>::infinity()),
      m_colAbsMax(static_cast<size_t>(cols)) {}

void StatsAccumulator::coverRows(int64_t first, int64_t end) {
    if (m_rowAbsMax.empty()) m_firstRow = first;
    if (first < m_firstRow) {
        m_rowAbsMax.insert(m_rowAbsMax.begin(), static_cast<size_t>(m_firstRow - first), 0.0f);
        m_firstRow = first;
    }
    const auto needed = static_cast<size_t>(end - m_firstRow);
    if (m_rowAbsMax.size() < needed) m_rowAbsMax.resize(needed);
}

void StatsAccumulator::addRows(int64_t firstRow, int64_t count, std::span<const float> values) {
    m_count += static_cast<int64_t>(values.size());
    for (size_t start = 0; start < values.size(); start += kStatsBlock) {
        addBlock(values.subspan(start, std::min(kStatsBlock, values.size() - start)));
    }
    coverRows(firstRow, firstRow + count);
    const auto cols = static_cast<size_t>(m_cols);
    for (int64_t row = 0; row < count; ++row) {
        float& largest = m_rowAbsMax[static_cast<size_t>(firstRow - m_firstRow + row)];
        largest =
            std::max(largest, updateAbsMax(values.subspan(static_cast<size_t>(row) * cols, cols), m_colAbsMax.data()));
    }
}

void StatsAccumulator::addFinite(std::span<const float> block, const BlockSummary& summary) {
    m_zero += summary.zeroCount;
    m_min = std::min(m_min, summary.min);
    m_max = std::max(m_max, summary.max);
    m_moments.merge(Moments::ofBlock(block, summary.sum));
    m_histogram.addBlock(block, summary);
}

void StatsAccumulator::addBlock(std::span<const float> block) {
    const BlockSummary summary = summarizeBlock(block);
    if (summary.largestMagnitude < kFirstNonFinite) {
        addFinite(block, summary);
        return;
    }
    std::array<float, kStatsBlock> buffer;
    const auto finite = copyFinite(block, buffer);
    m_nonFinite += static_cast<int64_t>(block.size() - finite.size());
    if (!finite.empty()) addFinite(finite, summarizeBlock(finite));
}

void StatsAccumulator::merge(const StatsAccumulator& other) {
    m_count += other.m_count;
    m_nonFinite += other.m_nonFinite;
    m_zero += other.m_zero;
    m_min = std::min(m_min, other.m_min);
    m_max = std::max(m_max, other.m_max);
    m_moments.merge(other.m_moments);
    m_histogram.merge(other.m_histogram);
    for (size_t i = 0; i < m_colAbsMax.size(); ++i) m_colAbsMax[i] = std::max(m_colAbsMax[i], other.m_colAbsMax[i]);
    if (other.m_rowAbsMax.empty()) return;
    coverRows(other.m_firstRow, other.m_firstRow + static_cast<int64_t>(other.m_rowAbsMax.size()));
    for (size_t i = 0; i < other.m_rowAbsMax.size(); ++i) {
        float& largest = m_rowAbsMax[i + static_cast<size_t>(other.m_firstRow - m_firstRow)];
        largest = std::max(largest, other.m_rowAbsMax[i]);
    }
}

TensorStats StatsAccumulator::finish() const {
    TensorStats stats;
    stats.count = m_count;
    stats.nonFiniteCount = m_nonFinite;
    stats.zeroCount = m_zero;
    stats.histogram = m_histogram;
    if (m_moments.count() > 0) {
        stats.min = static_cast<double>(m_min);
        stats.max = static_cast<double>(m_max);
    }
    fillDerivedFigures(stats, m_moments);
    stats.colAbsMax = m_colAbsMax;
    stats.rowAbsMax.assign(static_cast<size_t>(m_rows), 0.0f);
    std::ranges::copy(m_rowAbsMax, stats.rowAbsMax.begin() + m_firstRow);
    return stats;
}

Result<TensorStats> computeTensorStats(const RowSource& source, const JobContext& context) {
    const auto start = std::chrono::steady_clock::now();
    StatsPass pass(source, context);
    HT_ASSIGN_OR_RETURN(const StatsAccumulator total, pass.run());
    TensorStats stats = total.finish();
    stats.storedBytesRead = source.storedBytes(source.rows());
    stats.elapsedSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return stats;
}

}  // namespace halftone
