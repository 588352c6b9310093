// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/gptq.h"

#include <algorithm>

#include "core/quant/methods/dense_kernels.h"
#include "core/quant/methods/gptq_refine.h"
#include "core/quant/methods/gptq_row.h"
#include "core/quant/methods/pruning.h"

namespace halftone {
namespace {

constexpr int64_t kTileRows = 64;
constexpr int64_t kLazyColumns = 128;  ///< columns whose errors reach the rest of the matrix together

/// A tile of rows on its way through the columns.
class GptqTile {
  public:
    GptqTile(const PackedLayout& layout, const GptqSettings& settings, const GptqFactor& factor, int64_t rows,
             std::span<std::byte> packed)
        : m_units(GptqUnits::of(layout)),
          m_factor(factor),
          m_columns(layout.cols),
          m_rows(rows),
          m_sparsity(settings.sparsity),
          m_static(settings.staticGroups),
          m_refinePasses(settings.refinePasses),
          m_nested(!layout.format.isStorage() && layout.format.scaleType() == ScaleType::kNested),
          m_work(static_cast<size_t>(rows * layout.cols)) {
        const int64_t lazy = std::max(kLazyColumns, m_units.columns);
        m_lazy = m_units.columns >= layout.cols ? kLazyColumns : lazy / m_units.columns * m_units.columns;
        m_errors.resize(static_cast<size_t>(rows * m_lazy));
        if (!m_sparsity.isNone()) m_scores.resize(static_cast<size_t>(m_columns));
        m_dropped.resize(static_cast<size_t>(m_columns));
        if (m_refinePasses > 0) {
            m_levels.resize(m_work.size());
            if (!m_sparsity.isNone()) m_fixed.resize(m_work.size());
        }
        m_states.reserve(static_cast<size_t>(rows));
        for (int64_t row = 0; row < rows; ++row) {
            auto* bytes = reinterpret_cast<uint8_t*>(packed.data()) + row * layout.rowBytes;
            m_states.emplace_back(layout, m_units, settings, factor.diagonal.data(), bytes);
        }
    }

    Status run(std::span<const float> values, const JobContext& context) {
        HT_TRY(load(values, context));
        for (int64_t begin = 0; begin < m_columns; begin += m_lazy) {
            const int64_t end = std::min(m_columns, begin + m_lazy);
            for (int64_t row = 0; row < m_rows; ++row) {
                HT_TRY(context.checkpoint());
                HT_TRY(roundColumns(row, begin, end));
            }
            HT_TRY(spreadErrors(begin, end, context));
        }
        if (m_refinePasses > 0) {
            const RoundedTile tile{m_units, m_rows, values.first(m_levels.size()), m_levels, m_fixed};
            HT_TRY(refineCodes(tile, m_factor, m_refinePasses, m_states, context));
        }
        for (GptqRow& state : m_states) HT_TRY(state.pack());
        return {};
    }

  private:
    // Brings the columns into the order of rounding; fits all scales first where groups are static, or where a second
    // level must be known before the first group is rounded.
    Status load(std::span<const float> values, const JobContext& context) {
        for (int64_t row = 0; row < m_rows; ++row) {
            HT_TRY(context.checkpoint());
            const float* source = values.data() + row * m_columns;
            float* target = m_work.data() + row * m_columns;
            for (int64_t i = 0; i < m_columns; ++i) target[i] = source[m_factor.order[static_cast<size_t>(i)]];
            if (!m_static && !m_nested) continue;
            for (int64_t unit = 0; unit < m_units.count; ++unit) {
                const int64_t first = unit * m_units.columns;
                const int64_t count = std::min(m_units.columns, m_columns - first);
                HT_TRY(m_states[static_cast<size_t>(row)].fit(unit, {source + first, static_cast<size_t>(count)}));
            }
            m_states[static_cast<size_t>(row)].settle();
        }
        return {};
    }

    Status roundColumns(int64_t row, int64_t begin, int64_t end) {
        GptqRow& state = m_states[static_cast<size_t>(row)];
        float* work = m_work.data() + row * m_columns;
        float* errors = m_errors.data() + row * m_lazy;
        if (!m_sparsity.isNone()) drop(begin, end, work);
        for (int64_t i = begin; i < end; ++i) {
            if (!m_static && i % m_units.columns == 0) HT_TRY(fitUnitAt(i, work, state));
            // Neighbours are compared once more as the columns before them left them.
            if (m_sparsity.of != 0 && i % m_sparsity.of == 0) drop(i, std::min(i + m_sparsity.of, m_columns), work);
            const float* factorRow = m_factor.upper.data() + i * m_columns;
            const float level = state.choose(m_factor.order[static_cast<size_t>(i)], keptValue(i, work));
            if (m_refinePasses > 0) remember(row, i, level);
            const float error = (work[i] - level) / factorRow[i];
            errors[i - begin] = error;
            subtractScaled(end - i - 1, error, factorRow + i + 1, work + i + 1);
        }
        return {};
    }

    // What became of a column, in the order of the matrix.
    void remember(int64_t row, int64_t position, float level) {
        const auto at = static_cast<size_t>(row * m_columns + m_factor.order[static_cast<size_t>(position)]);
        m_levels[at] = level;
        if (!m_fixed.empty()) m_fixed[at] = m_dropped[static_cast<size_t>(position)];
    }

    [[nodiscard]] float keptValue(int64_t position, const float* work) const {
        return m_dropped[static_cast<size_t>(position)] ? 0.0f : work[position];
    }

    // Chooses what the pattern leaves out of the columns [begin, end), by what it would cost the outputs after the
    // columns behind have made up for it.
    void drop(int64_t begin, int64_t end, const float* work) {
        for (int64_t i = begin; i < end; ++i) {
            const float ratio = work[i] / m_factor.upper[static_cast<size_t>(i * m_columns + i)];
            m_scores[static_cast<size_t>(i)] = ratio * ratio;
        }
        const auto choose = [&](int64_t first, int64_t last, int64_t count) {
            const auto at = static_cast<size_t>(first), width = static_cast<size_t>(last - first);
            dropLeast(std::span(m_scores).subspan(at, width), count, m_order, std::span(m_dropped).subspan(at, width));
        };
        if (m_sparsity.of == 0) {
            const auto gone = [&](int64_t columns) { return columns - keptElements(m_sparsity, columns); };
            return choose(begin, end, gone(end) - gone(begin));
        }
        for (int64_t first = begin; first < end; first += m_sparsity.of) {
            const int64_t last = std::min(first + m_sparsity.of, m_columns);
            choose(first, last, last - first - keptElements(m_sparsity, last - first));
        }
    }

    // Fits the unit whose columns come up next, brought back into the order of the row.
    Status fitUnitAt(int64_t position, const float* work, GptqRow& state) {
        const int64_t unit = m_factor.order[static_cast<size_t>(position)] / m_units.columns;
        const int64_t first = unit * m_units.columns;
        const int64_t count = std::min(m_units.columns, m_columns - first);
        m_unit.resize(static_cast<size_t>(count));
        for (int64_t i = position; i < position + count; ++i) {
            m_unit[static_cast<size_t>(m_factor.order[static_cast<size_t>(i)] - first)] = keptValue(i, work);
        }
        return state.fit(unit, m_unit);
    }

    // work[:, end:] -= errors * U[begin:end, end:], in pieces short enough to notice a cancel between them.
    Status spreadErrors(int64_t begin, int64_t end, const JobContext& context) {
        constexpr int64_t kPiece = 4096;
        for (int64_t first = end; first < m_columns; first += kPiece) {
            HT_TRY(context.checkpoint());
            addProduct({m_rows, std::min(kPiece, m_columns - first), end - begin},
                       MatrixView<float>{m_errors.data(), m_lazy, 1},
                       MatrixView<float>{m_factor.upper.data() + begin * m_columns + first, m_columns, 1},
                       ProductTarget<float>{m_work.data() + first, m_columns}, true);
        }
        return {};
    }

    GptqUnits m_units;
    const GptqFactor& m_factor;
    int64_t m_columns, m_rows;
    Sparsity m_sparsity;
    bool m_static;
    int m_refinePasses;
    bool m_nested;
    int64_t m_lazy = kLazyColumns;
    std::vector<float> m_work, m_errors, m_unit;
    std::vector<float> m_scores;     ///< by position, of the row in work
    std::vector<uint8_t> m_dropped;  ///< likewise; all 0 without a pattern
    std::vector<int32_t> m_order;    ///< scratch
    std::vector<float> m_levels;     ///< by row and column; only for refining
    std::vector<uint8_t> m_fixed;    ///< likewise
    std::vector<GptqRow> m_states;
};

class GptqEncoder final : public RowEncoder {
  public:
    GptqEncoder(const GptqSettings& settings, std::shared_ptr<const GptqFactor> factor)
        : m_settings(settings), m_factor(std::move(factor)) {}

    Status encode(const PackedLayout& layout, std::span<const float> values, int64_t rows, std::span<std::byte> packed,
                  const JobContext& context) const override {
        for (int64_t first = 0; first < rows; first += kTileRows) {
            const int64_t count = std::min(kTileRows, rows - first);
            GptqTile tile(layout, m_settings, *m_factor, count,
                          packed.subspan(static_cast<size_t>(first * layout.rowBytes)));
            HT_TRY(tile.run(values.subspan(static_cast<size_t>(first * layout.cols)), context));
        }
        return {};
    }
    [[nodiscard]] int64_t preferredRows() const override { return kTileRows; }
    [[nodiscard]] bool prunes() const override { return !m_settings.sparsity.isNone(); }

  private:
    GptqSettings m_settings;
    std::shared_ptr<const GptqFactor> m_factor;
};

}  // namespace

int64_t gptqGroupColumns(const PackedLayout& layout) {
    return GptqUnits::of(layout).columns;
}

std::shared_ptr<const RowEncoder> createGptqEncoder(const PackedLayout& layout, const GptqSettings& settings,
                                                    std::shared_ptr<const GptqFactor> factor) {
    HT_CHECK(factor->channels == layout.cols);
    return std::make_shared<GptqEncoder>(settings, std::move(factor));
}

}  // namespace halftone
