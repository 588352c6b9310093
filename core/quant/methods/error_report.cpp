// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/error_report.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/checked.h"
#include "core/quant/corrections/correction.h"
#include "core/quant/methods/calibration.h"
#include "core/quant/methods/clipping.h"
#include "core/quant/methods/output_error.h"

namespace halftone {
namespace {

constexpr int64_t kTileRows = 32;
constexpr size_t kMaxLevels = 1024;  ///< more are not told apart: plain types have none, block types far fewer

/// Sums of one tile.
struct TileError {
    Status status;
    double errorEnergy = 0, energy = 0;
    std::vector<int64_t> counts;  ///< by level
    int64_t clipped = 0;
    int64_t counted = 0;
};

void countGroup(std::span<const float> levels, std::span<const float> values, std::span<const float> decoded,
                TileError& out) {
    if (out.counts.size() < levels.size()) out.counts.resize(std::min(levels.size(), kMaxLevels));
    const ClipLimits limits = ClipLimits::of(levels);
    for (size_t i = 0; i < values.size(); ++i) {
        const auto at = static_cast<size_t>(std::ranges::lower_bound(levels, decoded[i]) - levels.begin());
        ++out.counts[std::min(at, out.counts.size() - 1)];
        if (limits.clips(values[i])) ++out.clipped;
    }
    out.counted += static_cast<int64_t>(values.size());
}

void countCodes(const QuantizedTensor& quantized, int64_t row, std::span<const float> values,
                std::span<const float> decoded, TileError& out) {
    const PackedLayout& layout = quantized.packed.layout;
    const int64_t step = levelColumns(layout);
    for (int64_t col = 0; col < layout.cols; col += step) {
        const std::vector<float> levels = groupLevels(layout, quantized.packed.row(row), col);
        if (levels.empty()) return;
        const auto count = static_cast<size_t>(std::min(step, layout.cols - col));
        countGroup(levels, values.subspan(static_cast<size_t>(col), count),
                   decoded.subspan(static_cast<size_t>(col), count), out);
    }
}

class ErrorMeasure {
  public:
    ErrorMeasure(const RowSource& source, const QuantizedTensor& quantized, const InputStatistics* statistics)
        : m_source(source), m_quantized(quantized), m_statistics(statistics) {
        const bool fits = statistics && statistics->channels() == source.cols() && statistics->tokens > 0;
        if (!fits) m_statistics = nullptr;
        if (m_statistics && !m_statistics->hessian) m_importance = m_statistics->importance();
    }

    Result<TensorError> run(const JobContext& context) {
        std::vector<TileError> tiles(static_cast<size_t>(ceilDiv(m_source.rows(), kTileRows)));
        context.pool.parallelFor(static_cast<int64_t>(tiles.size()), 1, [&](int64_t begin, int64_t end) {
            for (int64_t tile = begin; tile < end; ++tile) {
                if (context.cancelled()) return;
                const int64_t first = tile * kTileRows;
                const int64_t count = std::min(kTileRows, m_source.rows() - first);
                TileError& out = tiles[static_cast<size_t>(tile)];
                out.status = measure(first, count, out);
                context.advance(count);
            }
        });
        HT_TRY(context.checkpoint());
        for (const TileError& tile : tiles) HT_TRY(tile.status);
        return summarize(tiles);
    }

  private:
    Status measure(int64_t first, int64_t count, TileError& out) const {
        const PackedLayout& layout = m_quantized.packed.layout;
        const auto size = static_cast<size_t>(count * layout.cols);
        std::vector<float> values(size), decoded(size);
        HT_TRY(m_source.readRows(first, count, values));
        for (float& value : values) value = std::isfinite(value) ? value : 0.0f;
        const auto packed = m_quantized.packed.bytes.subspan(static_cast<size_t>(first * layout.rowBytes),
                                                             static_cast<size_t>(count * layout.rowBytes));
        HT_TRY(decodeRows(layout, packed, count, decoded));
        // Codes are of what is left when outliers have been taken out.
        const Correction* correction = m_quantized.packed.correction.get();
        std::vector<int64_t> rows(static_cast<size_t>(count));
        std::iota(rows.begin(), rows.end(), first);
        if (correction) addOutliers(correction->outliers, rows, -1.0f, values, layout.cols);
        for (int64_t row = 0; row < count; ++row) {
            const auto at = static_cast<size_t>(row * layout.cols), width = static_cast<size_t>(layout.cols);
            countCodes(m_quantized, first + row, std::span(values).subspan(at, width),
                       std::span(decoded).subspan(at, width), out);
        }
        if (!m_statistics) return {};
        if (correction) {
            addOutliers(correction->outliers, rows, 1.0f, values, layout.cols);
            HT_TRY(addCorrection(*correction, rows, decoded));
        }
        out.energy = energyOf(values, count);
        for (size_t i = 0; i < size; ++i) decoded[i] -= values[i];
        out.errorEnergy = energyOf(decoded, count);
        return {};
    }

    [[nodiscard]] double energyOf(std::span<const float> rows, int64_t count) const {
        return m_statistics->hessian ? outputEnergy(rows, count, *m_statistics->hessian)
                                     : outputEnergy(rows, count, m_importance);
    }

    [[nodiscard]] TensorError summarize(const std::vector<TileError>& tiles) const {
        TensorError error;
        error.distortion = m_quantized.distortion;
        error.nonFinite = m_quantized.nonFiniteCount;
        error.bytes = m_quantized.format.storageBytes(m_source.rows(), m_source.cols());
        const auto elements = static_cast<double>(m_source.rows() * m_source.cols());
        error.bitsPerWeight = elements > 0 ? 8.0 * static_cast<double>(error.bytes) / elements : 0.0;
        TileError sum;
        for (const TileError& tile : tiles) {
            sum.energy += tile.energy;
            sum.errorEnergy += tile.errorEnergy;
            sum.clipped += tile.clipped;
            sum.counted += tile.counted;
            if (sum.counts.size() < tile.counts.size()) sum.counts.resize(tile.counts.size());
            for (size_t i = 0; i < tile.counts.size(); ++i) sum.counts[i] += tile.counts[i];
        }
        if (m_statistics) {
            error.outputError = sum.energy > 0 ? sum.errorEnergy / sum.energy : 0.0;
            error.fromDiagonal = !m_statistics->hessian;
        }
        error.codes = usageOf(sum);
        return error;
    }

    static CodeUsage usageOf(const TileError& sum) {
        CodeUsage usage;
        usage.levels = static_cast<int64_t>(sum.counts.size());
        if (sum.counted == 0) return usage;
        usage.clippedShare = static_cast<double>(sum.clipped) / static_cast<double>(sum.counted);
        for (const int64_t count : sum.counts) {
            if (count == 0) {
                ++usage.unusedLevels;
                continue;
            }
            const double share = static_cast<double>(count) / static_cast<double>(sum.counted);
            usage.entropyBits -= share * std::log2(share);
        }
        return usage;
    }

    const RowSource& m_source;
    const QuantizedTensor& m_quantized;
    const InputStatistics* m_statistics;
    std::vector<float> m_importance;
};

}  // namespace

Result<TensorError> measureTensorError(const RowSource& source, const QuantizedTensor& quantized,
                                       const InputStatistics* statistics, const JobContext& context) {
    if (source.rows() != quantized.packed.rows || source.cols() != quantized.packed.cols()) {
        return makeError(ErrorCode::kInvalidArgument, "The quantized matrix has another shape than the original.");
    }
    return ErrorMeasure(source, quantized, statistics).run(context);
}

}  // namespace halftone
