// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/integer_fit.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace halftone {
namespace {

constexpr float kHqqShrink = 0.5f;  ///< ranges down to this share of the full one, exclusively

int maxCodeOf(const IntegerFormat& format) {
    return (1 << format.bits) - 1;
}

ValueRange rangeOf(std::span<const float> values) {
    const auto [lowest, highest] = std::ranges::minmax(values);
    return {lowest, highest};
}

/// Candidates in batches of lanes; keeps the first best. How a batch is measured is the derived class's.
class GridSearch {
  public:
    virtual ~GridSearch() = default;

    void add(const IntegerGrid& grid) {
        if (grid.scale == 0) return;
        m_pending[static_cast<size_t>(m_count++)] = grid;
        if (m_count == kFitLanes) flush();
    }

    /// Precondition: at least one grid was added.
    IntegerGrid best() {
        if (m_count > 0) flush();
        return m_best;
    }

  protected:
    /// Calls keep() with the errors of the pending grids, once or more.
    virtual void measureBatch() = 0;
    /// The lanes behind the last grid of a batch repeat it.
    [[nodiscard]] const IntegerGrid& lane(size_t i) const {
        return m_pending[std::min(i, static_cast<size_t>(m_count - 1))];
    }
    [[nodiscard]] size_t count() const { return static_cast<size_t>(m_count); }
    void replace(size_t i, const IntegerGrid& grid) { m_pending[i] = grid; }
    void keep(const std::array<float, kFitLanes>& errors) {
        for (size_t i = 0; i < count(); ++i) {
            if (m_hasBest && !(errors[i] < m_bestError)) continue;
            m_best = m_pending[i];
            m_bestError = errors[i];
            m_hasBest = true;
        }
    }

  private:
    void flush() {
        measureBatch();
        m_count = 0;
    }

    std::array<IntegerGrid, kFitLanes> m_pending{};
    int64_t m_count = 0;
    IntegerGrid m_best;
    float m_bestError = 0;
    bool m_hasBest = false;
};

class WholeZeroSearch final : public GridSearch {
  public:
    WholeZeroSearch(std::span<const float> values, const float* weights, int maxCode)
        : m_values(values), m_weights(weights), m_maxCode(maxCode) {}

  private:
    void measureBatch() override {
        for (size_t i = 0; i < kFitLanes; ++i) {
            m_candidates.scale[i] = lane(i).scale;
            m_candidates.zero[i] = static_cast<float>(lane(i).zero);
        }
        measureGrids(m_values, m_weights, m_maxCode, m_candidates);
        keep(m_candidates.errors);
    }

    std::span<const float> m_values;
    const float* m_weights;
    int m_maxCode;
    GridCandidates m_candidates;
};

/// Every candidate is tried a second time with the scale and the minimum that suit its codes best.
class FloatZeroSearch final : public GridSearch {
  public:
    FloatZeroSearch(const IntegerFormat& format, std::span<const float> values, const float* weights)
        : m_format(format), m_values(values), m_weights(weights) {}

  private:
    void measureBatch() override {
        measure();
        for (size_t i = 0; i < count(); ++i) {
            const IntegerGrid fitted = floatZeroGrid(m_format, m_candidates.bestScale[i], m_candidates.bestMinimum[i]);
            if (fitted.scale != 0) replace(i, fitted);
        }
        measure();
    }

    void measure() {
        for (size_t i = 0; i < kFitLanes; ++i) {
            m_candidates.scale[i] = lane(i).scale;
            m_candidates.minimum[i] = lane(i).minimum;
        }
        measureFloatZeroGrids(m_values, m_weights, maxCodeOf(m_format), m_candidates);
        keep(m_candidates.errors);
    }

    const IntegerFormat& m_format;
    std::span<const float> m_values;
    const float* m_weights;
    FloatZeroCandidates m_candidates;
};

/// The grid whose full side lies on the other sign: -2^(bits-1) codes meet the smaller extreme.
IntegerGrid mirroredGrid(const IntegerFormat& format, ValueRange range) {
    const float extreme = std::max(std::fabs(range.minimum), std::fabs(range.maximum));
    const bool positive = range.maximum > -range.minimum;
    const float other = positive ? -extreme : extreme;
    return integerGrid(format, other > 0 ? ValueRange{0, other} : ValueRange{other, 0});
}

/// Calls `fit(values of a group, index of its first column)` for every group of every row and packs the nearest codes.
template <typename Fit>
Status encodeGroups(const PackedLayout& layout, std::span<const float> values, std::span<std::byte> packed,
                    const JobContext& context, const Fit& fit) {
    const int64_t rows = static_cast<int64_t>(values.size()) / layout.cols;
    IntegerGrids grids;
    grids.groups.resize(static_cast<size_t>(layout.groupsPerRow));
    for (int64_t row = 0; row < rows; ++row) {
        HT_TRY(context.checkpoint());
        const float* first = values.data() + row * layout.cols;
        for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
            const int64_t begin = group * layout.groupSize;
            const int64_t end = std::min(layout.cols, begin + layout.groupSize);
            grids.groups[static_cast<size_t>(group)] =
                fit(std::span<const float>(first + begin, static_cast<size_t>(end - begin)), begin);
        }
        packNearestRow(layout, first, grids, reinterpret_cast<uint8_t*>(packed.data()) + row * layout.rowBytes);
    }
    return {};
}

class MseEncoder final : public RowEncoder {
  public:
    MseEncoder(const MseSettings& settings, std::vector<float> weights)
        : m_settings(settings), m_weights(std::move(weights)) {}

    Status encode(const PackedLayout& layout, std::span<const float> values, int64_t /*rows*/,
                  std::span<std::byte> packed, const JobContext& context) const override {
        const IntegerFormat& format = layout.format.integer();
        return encodeGroups(layout, values, packed, context, [&](std::span<const float> group, int64_t column) {
            const float* weights = m_weights.empty() ? nullptr : m_weights.data() + column;
            return searchGrid(format, group, weights, m_settings);
        });
    }

    [[nodiscard]] std::optional<ClipSearch> clipSearch() const override { return ClipSearch{m_settings, m_weights}; }

  private:
    MseSettings m_settings;
    std::vector<float> m_weights;
};

class PercentileEncoder final : public RowEncoder {
  public:
    explicit PercentileEncoder(double percent) : m_percent(percent) {}

    Status encode(const PackedLayout& layout, std::span<const float> values, int64_t /*rows*/,
                  std::span<std::byte> packed, const JobContext& context) const override {
        std::vector<float> scratch;
        return encodeGroups(layout, values, packed, context, [&](std::span<const float> group, int64_t /*column*/) {
            return percentileGrid(layout.format.integer(), group, m_percent, scratch);
        });
    }

  private:
    double m_percent;
};

class HqqEncoder final : public RowEncoder {
  public:
    explicit HqqEncoder(const HqqSettings& settings) : m_settings(settings) {}

    Status encode(const PackedLayout& layout, std::span<const float> values, int64_t rows, std::span<std::byte> packed,
                  const JobContext& context) const override {
        // Lanes are rows: the groups of one column range have the same size, a shorter last group included.
        std::vector<IntegerGrid> fitted(static_cast<size_t>(rows * layout.groupsPerRow));
        std::vector<float> transposed(static_cast<size_t>(layout.groupSize * kFitLanes));
        for (int64_t row = 0; row < rows; row += kFitLanes) {
            for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
                HT_TRY(context.checkpoint());
                fitBatch(layout, values.subspan(static_cast<size_t>(row * layout.cols)), group,
                         std::min(kFitLanes, rows - row), transposed,
                         fitted.data() + row * layout.groupsPerRow + group);
            }
        }
        IntegerGrids grids;
        for (int64_t row = 0; row < rows; ++row) {
            const auto own = fitted.begin() + row * layout.groupsPerRow;
            grids.groups.assign(own, own + layout.groupsPerRow);
            packNearestRow(layout, values.data() + row * layout.cols, grids,
                           reinterpret_cast<uint8_t*>(packed.data()) + row * layout.rowBytes);
        }
        return {};
    }

  private:
    // `grids` is the place of the first row's grid; those of the next rows follow at a stride of groupsPerRow.
    void fitBatch(const PackedLayout& layout, std::span<const float> values, int64_t group, int64_t count,
                  std::vector<float>& transposed, IntegerGrid* grids) const {
        const IntegerFormat& format = layout.format.integer();
        const int64_t begin = group * layout.groupSize;
        HqqGroups batch;
        batch.size = std::min(layout.cols, begin + layout.groupSize) - begin;
        batch.maxCode = maxCodeOf(format);
        batch.floatZero = format.floatZero;
        batch.values = transposed.data();
        std::array<ValueRange, kFitLanes> ranges;
        for (int64_t lane = 0; lane < kFitLanes; ++lane) {
            const float* source = values.data() + std::min(lane, count - 1) * layout.cols + begin;
            for (int64_t i = 0; i < batch.size; ++i) transposed[static_cast<size_t>(i * kFitLanes + lane)] = source[i];
            ranges[static_cast<size_t>(lane)] = rangeOf({source, static_cast<size_t>(batch.size)});
        }
        const auto best = searchLanes(format, ranges, batch);
        for (int64_t lane = 0; lane < count; ++lane)
            grids[lane * layout.groupsPerRow] = best[static_cast<size_t>(lane)];
    }

    /// Grids of the ranges shrunk to `part`, and the zero points (not rounded) of their extremes.
    static std::array<IntegerGrid, kFitLanes> startGrids(const IntegerFormat& format,
                                                         const std::array<ValueRange, kFitLanes>& ranges, float part,
                                                         HqqGroups& batch) {
        std::array<IntegerGrid, kFitLanes> grids;
        for (size_t i = 0; i < kFitLanes; ++i) {
            grids[i] = integerGrid(format, {ranges[i].minimum * part, ranges[i].maximum * part});
            batch.scale[i] = grids[i].scale;
            batch.minimum[i] = grids[i].minimum;
            batch.zero[i] = grids[i].scale != 0 ? -grids[i].minimum / grids[i].scale : 0.0f;
        }
        return grids;
    }

    /// Makes grids that can be stored of the zero points in the batch.
    static void roundZeroPoints(const IntegerFormat& format, HqqGroups& batch,
                                std::array<IntegerGrid, kFitLanes>& grids) {
        for (size_t i = 0; i < kFitLanes; ++i) {
            IntegerGrid& grid = grids[i];
            if (grid.scale == 0) continue;
            if (format.floatZero) {
                grid = floatZeroGrid(format, grid.scale, -batch.zero[i] * grid.scale);
                batch.minimum[i] = grid.minimum;
                continue;
            }
            batch.zero[i] = std::clamp(std::nearbyint(batch.zero[i]), 0.0f, static_cast<float>(batch.maxCode));
            grid.zero = static_cast<int>(batch.zero[i]);
            grid.minimum = -batch.zero[i] * grid.scale;
        }
    }

    /// Grid of least squared error of each lane among that of the extremes and, for every range, that with the rounded
    /// zero point that the search finds (float ones are rounded to their type). (The norm that the zero points are
    /// searched with would choose ever smaller ranges: it hardly sees the few large errors of clipping.)
    [[nodiscard]] std::array<IntegerGrid, kFitLanes> searchLanes(const IntegerFormat& format,
                                                                 const std::array<ValueRange, kFitLanes>& ranges,
                                                                 HqqGroups& batch) const {
        std::array<IntegerGrid, kFitLanes> best;
        std::array<float, kFitLanes> bestError{};
        for (int step = -1; step < m_settings.scales; ++step) {
            const float shrink =
                kHqqShrink * static_cast<float>(std::max(step, 0)) / static_cast<float>(m_settings.scales);
            auto tried = startGrids(format, ranges, 1.0f - shrink, batch);
            if (step >= 0) searchZeroPoints(batch, m_settings);
            if (step >= 0 || !format.floatZero) roundZeroPoints(format, batch, tried);
            const auto errors = squaredErrors(batch);
            for (size_t i = 0; i < kFitLanes; ++i) {
                if (step >= 0 && (tried[i].scale == 0 || !(errors[i] < bestError[i]))) continue;
                best[i] = tried[i];
                bestError[i] = errors[i];
            }
        }
        return best;
    }

    HqqSettings m_settings;
};

}  // namespace

IntegerGrid searchGrid(const IntegerFormat& format, std::span<const float> values, const float* weights,
                       const MseSettings& settings) {
    const ValueRange full = rangeOf(values);
    const IntegerGrid widest = integerGrid(format, full);
    if (widest.scale == 0) return widest;
    WholeZeroSearch wholeZeros(values, weights, maxCodeOf(format));
    FloatZeroSearch floatZeros(format, values, weights);
    GridSearch& search = format.floatZero ? static_cast<GridSearch&>(floatZeros) : wholeZeros;
    for (int step = 0; step <= settings.steps; ++step) {
        const float part = settings.part(step);
        const ValueRange range{full.minimum * part, full.maximum * part};
        search.add(integerGrid(format, range));
        if (format.symmetric) search.add(mirroredGrid(format, range));
    }
    return search.best();
}

float percentileLimit(std::span<const float> values, double percent, std::vector<float>& scratch) {
    scratch.resize(values.size());
    std::ranges::transform(values, scratch.begin(), [](float value) { return std::fabs(value); });
    const double position = percent / 100.0 * static_cast<double>(scratch.size() - 1);
    const auto below = static_cast<size_t>(position);
    std::ranges::nth_element(scratch, scratch.begin() + static_cast<std::ptrdiff_t>(below));
    const float low = scratch[below];
    const float high = below + 1 < scratch.size()
                           ? *std::min_element(scratch.begin() + static_cast<std::ptrdiff_t>(below) + 1, scratch.end())
                           : low;
    return low + static_cast<float>(position - static_cast<double>(below)) * (high - low);
}

IntegerGrid percentileGrid(const IntegerFormat& format, std::span<const float> values, double percent,
                           std::vector<float>& scratch) {
    const float limit = percentileLimit(values, percent, scratch);
    const ValueRange full = rangeOf(values);
    // Where most of a group is zero, a limit of zero would erase the rest.
    if (limit == 0) return integerGrid(format, full);
    return integerGrid(format, {std::max(full.minimum, -limit), std::min(full.maximum, limit)});
}

void packNearestRow(const PackedLayout& layout, const float* values, IntegerGrids& grids, uint8_t* row) {
    const IntegerFormat& format = layout.format.integer();
    std::vector<uint8_t> codes(static_cast<size_t>(layout.cols));
    settleGrids(format, grids);
    for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
        const int64_t begin = group * layout.groupSize;
        const int64_t end = std::min(layout.cols, begin + layout.groupSize);
        vectorIntegerKernels().codes(format, grids.groups[static_cast<size_t>(group)],
                                     {values + begin, static_cast<size_t>(end - begin)}, codes.data() + begin);
    }
    packIntegerRow(layout, codes, grids, row);
}

std::shared_ptr<const RowEncoder> createMseEncoder(const MseSettings& settings, std::vector<float> weights) {
    return std::make_shared<MseEncoder>(settings, std::move(weights));
}
std::shared_ptr<const RowEncoder> createPercentileEncoder(double percent) {
    return std::make_shared<PercentileEncoder>(percent);
}
std::shared_ptr<const RowEncoder> createHqqEncoder(const HqqSettings& settings) {
    return std::make_shared<HqqEncoder>(settings);
}

}  // namespace halftone
