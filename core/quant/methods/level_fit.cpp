// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/level_fit.h"

#include <algorithm>

namespace halftone {
namespace {

/// Keeps the first scale of least error.
class ScaleChoice {
  public:
    ScaleChoice(const LevelTableInfo& table, std::span<const float> values, const float* weights)
        : m_table(table), m_values(values), m_weights(weights) {}

    void add(const GroupScale& scale) {
        if (scale.value == 0 || (m_hasBest && scale.bits == m_last)) return;
        m_last = scale.bits;
        const float error = levelError(m_table, scale.value, m_values, m_weights);
        if (m_hasBest && !(error < m_bestError)) return;
        m_best = scale;
        m_bestError = error;
        m_hasBest = true;
    }
    [[nodiscard]] const GroupScale& best() const { return m_best; }

  private:
    const LevelTableInfo& m_table;
    std::span<const float> m_values;
    const float* m_weights;
    GroupScale m_best;
    float m_bestError = 0;
    uint32_t m_last = 0;
    bool m_hasBest = false;
};

/// Calls `fit(values of a group, index of its first column)` for every group of every row and packs the nearest codes.
template <typename Fit>
Status encodeGroups(const PackedLayout& layout, std::span<const float> values, std::span<std::byte> packed,
                    const JobContext& context, const Fit& fit) {
    const LevelFormat& format = layout.format.level();
    const LevelTableInfo& table = levelTable(format.table);
    const int64_t rows = static_cast<int64_t>(values.size()) / layout.cols;
    LevelScales scales;
    scales.groups.resize(static_cast<size_t>(layout.groupsPerRow));
    std::vector<uint8_t> codes(static_cast<size_t>(layout.cols));
    for (int64_t row = 0; row < rows; ++row) {
        HT_TRY(context.checkpoint());
        const auto valuesOf = [&](int64_t begin) {
            const int64_t count = std::min(layout.cols, begin + layout.groupSize) - begin;
            return values.subspan(static_cast<size_t>(row * layout.cols + begin), static_cast<size_t>(count));
        };
        for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
            const int64_t begin = group * layout.groupSize;
            scales.groups[static_cast<size_t>(group)] = fit(valuesOf(begin), begin);
        }
        settleScales(format, scales);
        for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
            const int64_t begin = group * layout.groupSize;
            vectorLevelKernels().codes(table, scales.groups[static_cast<size_t>(group)].value, valuesOf(begin),
                                       codes.data() + begin);
        }
        packLevelRow(layout, codes, scales, reinterpret_cast<uint8_t*>(packed.data()) + row * layout.rowBytes);
    }
    return {};
}

class LevelMseEncoder final : public RowEncoder {
  public:
    LevelMseEncoder(const MseSettings& settings, std::vector<float> weights)
        : m_settings(settings), m_weights(std::move(weights)) {}

    Status encode(const PackedLayout& layout, std::span<const float> values, int64_t /*rows*/,
                  std::span<std::byte> packed, const JobContext& context) const override {
        return encodeGroups(layout, values, packed, context, [&](std::span<const float> group, int64_t column) {
            const float* weights = m_weights.empty() ? nullptr : m_weights.data() + column;
            return searchLevelScale(layout.format.level(), group, weights, m_settings);
        });
    }

    [[nodiscard]] std::optional<ClipSearch> clipSearch() const override { return ClipSearch{m_settings, m_weights}; }

  private:
    MseSettings m_settings;
    std::vector<float> m_weights;
};

class LevelPercentileEncoder final : public RowEncoder {
  public:
    explicit LevelPercentileEncoder(double percent) : m_percent(percent) {}

    Status encode(const PackedLayout& layout, std::span<const float> values, int64_t /*rows*/,
                  std::span<std::byte> packed, const JobContext& context) const override {
        const LevelFormat& format = layout.format.level();
        std::vector<float> scratch;
        return encodeGroups(layout, values, packed, context, [&](std::span<const float> group, int64_t /*column*/) {
            const float limit = percentileLimit(group, m_percent, scratch);
            // Where most of a group is zero, a limit of zero would erase the rest.
            return levelScale(format, limit > 0 ? limit : vectorLevelKernels().largestMagnitude(group));
        });
    }

  private:
    double m_percent;
};

}  // namespace

GroupScale searchLevelScale(const LevelFormat& format, std::span<const float> values, const float* weights,
                            const MseSettings& settings) {
    const LevelTableInfo& table = levelTable(format.table);
    const GroupScale own = levelScale(format, levelStatistic(table, values));
    const float largest = vectorLevelKernels().largestMagnitude(values);
    if (largest == 0) return own;
    ScaleChoice choice(table, values, weights);
    choice.add(own);
    // A power of two may be too small by nearly half; the next one is the other candidate.
    if (format.scale == ScaleType::kE8M0) choice.add(levelScale(format, 2.0f * largest));
    for (int step = 0; step <= settings.steps; ++step) {
        const float part = settings.part(step);
        choice.add(levelScale(format, largest * part));
    }
    return choice.best();
}

std::shared_ptr<const RowEncoder> createLevelMseEncoder(const MseSettings& settings, std::vector<float> weights) {
    return std::make_shared<LevelMseEncoder>(settings, std::move(weights));
}
std::shared_ptr<const RowEncoder> createLevelPercentileEncoder(double percent) {
    return std::make_shared<LevelPercentileEncoder>(percent);
}

}  // namespace halftone
