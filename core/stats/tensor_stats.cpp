// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/tensor_stats.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/base/aligned_buffer.h"
#include "core/base/checked.h"
#include "core/stats/matrix_pieces.h"
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

/// Pattern counts that the workers take in turns: one set for each worker that is busy, however many pieces there are.
class CountsPool {
  public:
    std::unique_ptr<PatternCounts> take() {
        const std::lock_guard lock(m_mutex);
        if (m_idle.empty()) return std::make_unique<PatternCounts>();
        auto counts = std::move(m_idle.back());
        m_idle.pop_back();
        return counts;
    }
    void giveBack(std::unique_ptr<PatternCounts> counts) {
        const std::lock_guard lock(m_mutex);
        m_idle.push_back(std::move(counts));
    }
    [[nodiscard]] std::vector<uint64_t> totals() const {
        std::vector<uint64_t> totals(kPatternCount);
        for (const auto& counts : m_idle) counts->addTo(totals);
        return totals;
    }

  private:
    std::mutex m_mutex;
    std::vector<std::unique_ptr<PatternCounts>> m_idle;
};

/// Hands over the stored or decoded values of some rows.
using ValueReader = std::function<Result<std::span<const std::byte>>(int64_t first, int64_t count, AlignedBuffer&)>;

ValueReader storedReader(const StoredRows& stored, int64_t cols, int64_t elementBytes) {
    return [stored, rowBytes = cols * elementBytes](int64_t first, int64_t count, AlignedBuffer&) {
        return stored.bytes.subspan(static_cast<size_t>(first * rowBytes), static_cast<size_t>(count * rowBytes));
    };
}

ValueReader decodingReader(const RowSource& source) {
    return [&source](int64_t first, int64_t count, AlignedBuffer& buffer) -> Result<std::span<const std::byte>> {
        const auto values = static_cast<size_t>(count * source.cols());
        if (buffer.size() < values * sizeof(float)) buffer = AlignedBuffer(values * sizeof(float));
        HT_TRY(source.readRows(first, count, buffer.as<float>().first(values)));
        return std::as_const(buffer).bytes().first(values * sizeof(float));
    };
}

/// One pass over a matrix; the pieces run in parallel, each with its Piece (FloatPiece or HalfPiece).
template <typename Piece>
class StatsPass {
  public:
    StatsPass(const RowSource& source, ValueReader reader, const JobContext& context)
        : m_source(source),
          m_reader(std::move(reader)),
          m_context(context),
          m_partition(Partition::of(source.rows(), source.cols())),
          m_rowAbsMax(static_cast<size_t>(source.rows())) {}

    /// `empty` is a piece that has seen nothing; returns all pieces merged into it.
    Result<Piece> run(const Piece& empty) {
        const int64_t rows = m_source.rows();
        m_pieces.resize(static_cast<size_t>(ceilDiv(rows, m_partition.rowsPerPiece)));
        m_context.pool.parallelFor(rows, m_partition.rowsPerPiece, [&](int64_t begin, int64_t end) {
            auto counts = m_counts.take();
            if (auto status = runPiece(begin, end, empty, *counts); !status)
                noteError(begin, std::move(status.error()));
            m_counts.giveBack(std::move(counts));
        });
        HT_TRY(m_context.checkpoint());
        if (m_error) return tl::unexpected(std::move(*m_error));
        Piece total = empty;
        for (const auto& piece : m_pieces) total.merge(*piece);
        return total;
    }
    [[nodiscard]] std::vector<uint64_t> counts() const { return m_counts.totals(); }
    [[nodiscard]] std::vector<float> takeRowAbsMax() { return std::move(m_rowAbsMax); }

  private:
    Status runPiece(int64_t begin, int64_t end, const Piece& empty, PatternCounts& counts) {
        Piece piece = empty;
        AlignedBuffer buffer;
        for (int64_t row = begin; row < end; row += m_partition.rowsPerTile) {
            HT_TRY(m_context.checkpoint());
            const int64_t count = std::min(m_partition.rowsPerTile, end - row);
            HT_ASSIGN_OR_RETURN(const auto values, m_reader(row, count, buffer));
            piece.addRows(values, counts,
                          std::span(m_rowAbsMax).subspan(static_cast<size_t>(row), static_cast<size_t>(count)));
            m_context.advance(m_source.storedBytes(count));
        }
        m_pieces[static_cast<size_t>(begin / m_partition.rowsPerPiece)] = std::move(piece);
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
    ValueReader m_reader;
    const JobContext& m_context;
    Partition m_partition;
    std::vector<float> m_rowAbsMax;              // each row written by one worker
    std::vector<std::optional<Piece>> m_pieces;  // each written by one worker
    CountsPool m_counts;
    std::mutex m_mutex;  // guards the error
    std::optional<Error> m_error;
    int64_t m_errorBegin = 0;
};

Result<TensorStats> statsOfFloats(const RowSource& source, ValueReader reader, const JobContext& context) {
    StatsPass<FloatPiece> pass(source, std::move(reader), context);
    HT_ASSIGN_OR_RETURN(const FloatPiece total, pass.run(FloatPiece(source.cols())));
    TensorStats stats;
    fillFromLeadingHalves(stats, pass.counts(), total.figures());
    stats.colAbsMax = total.colAbsMax();
    stats.rowAbsMax = pass.takeRowAbsMax();
    return stats;
}

Result<TensorStats> statsOfHalves(const RowSource& source, const StoredRows& stored, const JobContext& context) {
    StatsPass<HalfPiece> pass(source, storedReader(stored, source.cols(), 2), context);
    HT_ASSIGN_OR_RETURN(const HalfPiece total, pass.run(HalfPiece(source.cols(), stored.type)));
    TensorStats stats;
    fillFromPatterns(stats, pass.counts(), stored.type);
    stats.colAbsMax = total.colAbsMax();
    stats.rowAbsMax = pass.takeRowAbsMax();
    return stats;
}

/// Through the stored values where they can be had.
Result<TensorStats> statsOf(const RowSource& source, const JobContext& context) {
    const auto stored = source.storedRows();
    if (!stored) return statsOfFloats(source, decodingReader(source), context);
    const int64_t elementBytes = dtypeInfo(stored->type).blockBytes();
    HT_CHECK(std::ssize(stored->bytes) == source.rows() * source.cols() * elementBytes);
    if (stored->type != DType::kF32) return statsOfHalves(source, *stored, context);
    return statsOfFloats(source, storedReader(*stored, source.cols(), elementBytes), context);
}

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

Result<TensorStats> computeTensorStats(const RowSource& source, const JobContext& context) {
    const auto start = std::chrono::steady_clock::now();
    HT_ASSIGN_OR_RETURN(TensorStats stats, statsOf(source, context));
    stats.storedBytesRead = source.storedBytes(source.rows());
    stats.elapsedSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return stats;
}

}  // namespace halftone
