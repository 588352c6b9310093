// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/gptq.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/quant/formats/codebook_family.h"
#include "core/quant/formats/codec.h"
#include "core/quant/formats/rounding.h"
#include "core/quant/methods/block_grid.h"
#include "core/quant/methods/cholesky.h"
#include "core/quant/methods/dense_kernels.h"
#include "core/quant/methods/integer_fit.h"
#include "core/quant/methods/level_fit.h"
#include "core/tensor/dtype.h"

namespace halftone {
namespace {

constexpr int64_t kTileRows = 64;
constexpr int64_t kLazyColumns = 128;  ///< columns whose errors reach the rest of the matrix together
constexpr double kDampingStep = 0.01;
constexpr int kMaxAttempts = 100;
constexpr double kWeightFloor = 1e-6;  ///< of the mean diagonal: no weight of a scale search is zero

// ---- factor ---------------------------------------------------------------------------------------------------------

std::vector<int32_t> roundingOrder(const Hessian& hessian, const GptqSettings& settings) {
    std::vector<int32_t> order(static_cast<size_t>(hessian.channels));
    std::iota(order.begin(), order.end(), 0);
    if (!settings.actOrder) return order;
    const auto activity = [&](int32_t column) { return hessian.at(column, column); };
    const bool whole = settings.staticGroups || settings.groupColumns <= 0;
    const int64_t columns = whole ? hessian.channels : settings.groupColumns;
    std::vector<double> ofGroup(static_cast<size_t>(ceilDiv(hessian.channels, columns)));
    for (const int32_t column : order) ofGroup[static_cast<size_t>(column / columns)] += double(activity(column));
    // A shorter last group stays last: all others then begin at multiples of their length.
    if (hessian.channels % columns != 0) ofGroup.back() = -1;
    std::ranges::stable_sort(order, [&](int32_t a, int32_t b) {
        const auto groupA = static_cast<size_t>(a / columns), groupB = static_cast<size_t>(b / columns);
        if (groupA == groupB) return activity(a) > activity(b);
        if (ofGroup[groupA] != ofGroup[groupB]) return ofGroup[groupA] > ofGroup[groupB];
        return groupA < groupB;
    });
    return order;
}

/// The damped Hessian with rows and columns in reverse order: its lower factor, turned round again, is the upper M with
/// H = M M^T, and M^-1 is the U that is wanted.
SquareMatrix reversedHessian(const Hessian& hessian, const std::vector<int32_t>& order, double added,
                             const JobContext& context) {
    const int64_t size = hessian.channels;
    const double scale = 1.0 / static_cast<double>(hessian.tokens);
    SquareMatrix matrix{size, std::vector<double>(static_cast<size_t>(size * size))};
    context.pool.parallelFor(size, 16, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const int64_t from = order[static_cast<size_t>(size - 1 - row)];
            for (int64_t col = 0; col <= row; ++col) {
                matrix.at(row, col) = scale * hessian.at(from, order[static_cast<size_t>(size - 1 - col)]);
            }
            const double own = matrix.at(row, row);
            matrix.at(row, row) = (own > 0 ? own : 1.0) + added;
        }
    });
    return matrix;
}

std::vector<float> turnedRound(const SquareMatrix& inverse, const JobContext& context) {
    const int64_t size = inverse.size;
    std::vector<float> upper(inverse.values.size());
    context.pool.parallelFor(size, 16, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            for (int64_t col = row; col < size; ++col) {
                upper[static_cast<size_t>(row * size + col)] =
                    static_cast<float>(inverse.at(size - 1 - row, size - 1 - col));
            }
        }
    });
    return upper;
}

// ---- groups ---------------------------------------------------------------------------------------------------------

/// Columns that are fitted together (a group, or a block of a block type), and the scales inside.
struct Units {
    int64_t columns = 0;  ///< of a unit
    int64_t gridSize = 0;
    int64_t count = 0;
};

Units unitsOf(const PackedLayout& layout) {
    if (!layout.format.isStorage()) return {layout.groupSize, layout.groupSize, layout.groupsPerRow};
    const DType type = layout.format.storage();
    const int64_t elements = dtypeInfo(type).blockElements;
    return {elements, blockGridSize(type), layout.cols / elements};
}

struct FittedGrid {
    LevelGrid levels;
    float inverse = 0;     ///< 1 / scale, or 0
    uint8_t zeroCode = 0;  ///< code where the scale is 0
};

FittedGrid fittedFrom(const LevelGrid& levels, int zeroCode) {
    return {levels, levels.scale != 0 ? 1.0f / levels.scale : 0.0f, static_cast<uint8_t>(zeroCode)};
}

/// Scales and codes of one row while it is being rounded.
class RowState {
  public:
    RowState(const PackedLayout& layout, const Units& units, const GptqSettings& settings, const float* weights,
             uint8_t* packed)
        : m_layout(layout), m_units(units), m_settings(settings), m_weights(weights), m_packed(packed) {
        m_codes.resize(static_cast<size_t>(layout.cols));
        m_grids.resize(static_cast<size_t>((layout.cols + units.gridSize - 1) / units.gridSize));
        if (layout.format.isInteger()) m_integer.groups.resize(m_grids.size());
        if (layout.format.isLevel()) m_table = &levelTable(layout.format.level().table);
        m_scales.groups.assign(m_grids.size(), {0, 1.0f});
    }

    /// Fits the scales of unit `unit` to its values.
    Status fit(int64_t unit, std::span<const float> values) {
        if (m_layout.format.isStorage()) return fitBlock(unit, values);
        if (m_layout.format.isInteger()) fitInteger(unit, values);
        if (m_layout.format.isLevel()) fitLevels(unit, values);
        if (m_layout.format.isCodebook()) learnCodebook(values);
        return {};
    }

    /// Nested scales: finds the second level from the units as they are fitted now. What is fitted later keeps to it.
    void settle() {
        if (m_layout.format.isStorage() || m_layout.format.scaleType() != ScaleType::kNested) return;
        m_hasSecondLevel = true;
        if (m_layout.format.isLevel()) return settleScales(m_layout.format.level(), m_scales);
        settleGrids(m_layout.format.integer(), m_integer);
        for (size_t at = 0; at < m_grids.size(); ++at) useGrid(at);
    }

    /// Nearest level for a value of column `column`; remembers the code.
    float choose(int64_t column, float value) {
        const auto at = static_cast<size_t>(column / m_units.gridSize);
        const FittedGrid& grid = m_grids[at];
        uint8_t& code = m_codes[static_cast<size_t>(column)];
        if (m_table) {
            const float scale = m_scales.groups[at].value;
            code = static_cast<uint8_t>(levelCode(*m_table, scale, value));
            return m_table->byCode[code] * scale;
        }
        if (grid.inverse == 0) {
            code = grid.zeroCode;
            return grid.levels.offset + grid.levels.scale * static_cast<float>(code);
        }
        code = static_cast<uint8_t>(roundToCode((value - grid.levels.offset) * grid.inverse, 0, grid.levels.maxCode));
        return static_cast<float>(code) * grid.levels.scale + grid.levels.offset;
    }

    void pack() {
        if (m_layout.format.isLevel()) return packLevelRow(m_layout, m_codes, m_scales, m_packed);
        if (m_layout.format.isCodebook()) return packCodebookRow(m_layout, m_codes, m_table->levels, m_packed);
        if (m_layout.format.isInteger()) return packIntegerRow(m_layout, m_codes, m_integer, m_packed);
        const DType type = m_layout.format.storage();
        const int64_t bytes = dtypeInfo(type).blockBytes();
        for (int64_t unit = 0; unit < m_units.count; ++unit) {
            writeBlockCodes(type, m_codes.data() + unit * m_units.columns, m_packed + unit * bytes);
        }
    }

  private:
    void fitInteger(int64_t unit, std::span<const float> values) {
        const IntegerFormat& format = m_layout.format.integer();
        const float* weights = m_weights + unit * m_units.columns;
        const auto [lowest, highest] = std::ranges::minmax(values);
        const IntegerGrid grid = m_settings.searchRanges ? searchGrid(format, values, weights, MseSettings{})
                                                         : integerGrid(format, {lowest, highest});
        m_integer.groups[static_cast<size_t>(unit)] = grid;
        if (m_hasSecondLevel) settleGrid(format, unit, m_integer);
        useGrid(static_cast<size_t>(unit));
    }

    /// What the grid of a group means for its codes.
    void useGrid(size_t at) {
        const IntegerFormat& format = m_layout.format.integer();
        const IntegerGrid& grid = m_integer.groups[at];
        m_grids[at] = fittedFrom({grid.scale, integerValue(format, grid, 0), (1 << format.bits) - 1}, grid.zero);
    }

    void fitLevels(int64_t unit, std::span<const float> values) {
        const LevelFormat& format = m_layout.format.level();
        m_scales.groups[static_cast<size_t>(unit)] =
            m_settings.searchRanges
                ? searchLevelScale(format, values, m_weights + unit * m_units.columns, MseSettings{})
                : levelScale(format, levelStatistic(*m_table, values));
        if (m_hasSecondLevel) settleScale(format, unit, m_scales);
    }

    void learnCodebook(std::span<const float> values) {
        const int bits = m_layout.format.codebook().bits;
        const std::span<const float> weights(m_weights, values.size());
        m_learned = std::make_unique<LearnedTable>(bits, learnLevels(values, weights, 1 << bits));
        m_table = &m_learned->info();
    }

    Status fitBlock(int64_t unit, std::span<const float> values) {
        const DType type = m_layout.format.storage();
        const int64_t bytes = dtypeInfo(type).blockBytes();
        uint8_t* block = m_packed + unit * bytes;
        const PackedLayout alone = PackedLayout::of(m_layout.format, m_units.columns);
        const EncodeOptions options{
            .importance = {m_weights + unit * m_units.columns, static_cast<size_t>(m_units.columns)}};
        HT_TRY(
            encodeRows(alone, values, 1, options, {reinterpret_cast<std::byte*>(block), static_cast<size_t>(bytes)}));
        const int64_t grids = m_units.columns / m_units.gridSize;
        for (int64_t i = 0; i < grids; ++i) {
            const LevelGrid levels = readBlockGrid(type, block, static_cast<int>(i));
            m_grids[static_cast<size_t>(unit * grids + i)] = fittedFrom(levels, 0);
        }
        return {};
    }

    const PackedLayout& m_layout;
    const Units& m_units;
    const GptqSettings& m_settings;
    const float* m_weights;
    uint8_t* m_packed;
    std::vector<uint8_t> m_codes;
    std::vector<FittedGrid> m_grids;
    IntegerGrids m_integer;
    const LevelTableInfo* m_table = nullptr;  ///< level family and codebooks
    LevelScales m_scales;                     ///< of the levels; 1 for codebooks
    bool m_hasSecondLevel = false;
    std::unique_ptr<LearnedTable> m_learned;
};

// ---- rounding -------------------------------------------------------------------------------------------------------

/// A tile of rows on its way through the columns.
class GptqTile {
  public:
    GptqTile(const PackedLayout& layout, const GptqSettings& settings, const GptqFactor& factor, int64_t rows,
             std::span<std::byte> packed)
        : m_units(unitsOf(layout)),
          m_factor(factor),
          m_columns(layout.cols),
          m_rows(rows),
          m_static(settings.staticGroups),
          m_nested(!layout.format.isStorage() && layout.format.scaleType() == ScaleType::kNested),
          m_work(static_cast<size_t>(rows * layout.cols)) {
        const int64_t lazy = std::max(kLazyColumns, m_units.columns);
        m_lazy = m_units.columns >= layout.cols ? kLazyColumns : lazy / m_units.columns * m_units.columns;
        m_errors.resize(static_cast<size_t>(rows * m_lazy));
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
        for (RowState& state : m_states) state.pack();
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
        RowState& state = m_states[static_cast<size_t>(row)];
        float* work = m_work.data() + row * m_columns;
        float* errors = m_errors.data() + row * m_lazy;
        for (int64_t i = begin; i < end; ++i) {
            if (!m_static && i % m_units.columns == 0) HT_TRY(fitUnitAt(i, work, state));
            const float* factorRow = m_factor.upper.data() + i * m_columns;
            const float level = state.choose(m_factor.order[static_cast<size_t>(i)], work[i]);
            const float error = (work[i] - level) / factorRow[i];
            errors[i - begin] = error;
            subtractScaled(end - i - 1, error, factorRow + i + 1, work + i + 1);
        }
        return {};
    }

    // Fits the unit whose columns come up next, brought back into the order of the row.
    Status fitUnitAt(int64_t position, const float* work, RowState& state) {
        const int64_t unit = m_factor.order[static_cast<size_t>(position)] / m_units.columns;
        const int64_t first = unit * m_units.columns;
        const int64_t count = std::min(m_units.columns, m_columns - first);
        m_unit.resize(static_cast<size_t>(count));
        for (int64_t i = position; i < position + count; ++i) {
            m_unit[static_cast<size_t>(m_factor.order[static_cast<size_t>(i)] - first)] = work[i];
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

    Units m_units;
    const GptqFactor& m_factor;
    int64_t m_columns, m_rows;
    bool m_static;
    bool m_nested;
    int64_t m_lazy = kLazyColumns;
    std::vector<float> m_work, m_errors, m_unit;
    std::vector<RowState> m_states;
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

  private:
    GptqSettings m_settings;
    std::shared_ptr<const GptqFactor> m_factor;
};

}  // namespace

int64_t gptqGroupColumns(const PackedLayout& layout) {
    return unitsOf(layout).columns;
}

Result<std::shared_ptr<const GptqFactor>> factorHessian(const Hessian& hessian, const GptqSettings& settings,
                                                        const JobContext& context) {
    if (hessian.tokens <= 0) return makeError(ErrorCode::kInvalidArgument, "The calibration saw no tokens.");
    auto factor = std::make_shared<GptqFactor>();
    factor->channels = hessian.channels;
    factor->order = roundingOrder(hessian, settings);
    double trace = 0;
    for (int64_t i = 0; i < hessian.channels; ++i) {
        const double own = double(hessian.at(i, i)) / double(hessian.tokens);
        if (!(own > 0)) ++factor->deadChannels;
        factor->diagonal.push_back(static_cast<float>(own));
        trace += own;
    }
    const double mean = trace > 0 ? trace / double(hessian.channels) : 1.0;
    const auto floor = static_cast<float>(kWeightFloor * mean);
    for (float& own : factor->diagonal) own = std::max(own, floor);
    for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
        factor->dampingUsed = settings.damping + kDampingStep * attempt;
        SquareMatrix matrix = reversedHessian(hessian, factor->order, factor->dampingUsed * mean, context);
        const Status status = factorCholesky(matrix, context);
        if (!status && status.error().code == ErrorCode::kCancelled) return tl::unexpected(status.error());
        if (!status) continue;
        HT_TRY(invertLower(matrix, context));
        factor->upper = turnedRound(matrix, context);
        return std::shared_ptr<const GptqFactor>(std::move(factor));
    }
    return makeError(ErrorCode::kInvalidData,
                     fmt::format("The Hessian of {} channels is not positive definite even when damped by {:g}; "
                                 "calibrate with more text.",
                                 hessian.channels, factor->dampingUsed));
}

std::shared_ptr<const RowEncoder> createGptqEncoder(const PackedLayout& layout, const GptqSettings& settings,
                                                    std::shared_ptr<const GptqFactor> factor) {
    HT_CHECK(factor->channels == layout.cols);
    return std::make_shared<GptqEncoder>(settings, std::move(factor));
}

}  // namespace halftone
