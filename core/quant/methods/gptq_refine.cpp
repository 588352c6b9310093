// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/gptq_refine.h"

#include <algorithm>
#include <array>

#include "core/quant/methods/dense_kernels.h"

namespace halftone {
namespace {

/// In eight interleaved sums, so that it is fast and the same on every instruction set.
float dot(int64_t count, const float* a, const float* b) {
    std::array<float, 8> sums{};
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
        for (size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + int64_t(lane)] * b[i + int64_t(lane)];
    }
    float sum = ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
    for (; i < count; ++i) sum += a[i] * b[i];
    return sum;
}

/// One row on its way down.
class Descent {
  public:
    Descent(const GptqFactor& factor, float* gradient, float* levels, const uint8_t* fixed)
        : m_hessian(factor.hessian), m_added(factor.added), m_gradient(gradient), m_levels(levels), m_fixed(fixed) {}

    /// How many codes moved.
    int64_t pass(const GptqUnits& units, GptqRow& state) {
        for (int64_t unit = 0; unit < units.count; ++unit) {
            if (const float scale = state.freeScale(unit); scale != 0) refit(unit, units.columns, scale, state);
        }
        int64_t moved = 0;
        for (int64_t column = 0; column < m_hessian.channels; ++column) {
            if (!m_fixed || !m_fixed[column]) moved += move(column, state) ? 1 : 0;
        }
        return moved;
    }

  private:
    /// The values of a unit are u * scale. With another scale s + d the error grows by 2 d u G + d^2 u H u, G = D H.
    void refit(int64_t unit, int64_t unitColumns, float scale, GptqRow& state) {
        const int64_t first = unit * unitColumns, count = std::min(unitColumns, m_hessian.channels - first);
        m_shape.resize(static_cast<size_t>(count));
        double slope = 0, curvature = 0;
        for (int64_t i = 0; i < count; ++i) {
            m_shape[static_cast<size_t>(i)] = m_levels[first + i] / scale;
            slope += double(m_shape[static_cast<size_t>(i)]) * double(m_gradient[first + i]);
        }
        for (int64_t i = 0; i < count; ++i) {
            const double own = m_shape[static_cast<size_t>(i)];
            if (own == 0) continue;
            const float* row = m_hessian.sums.data() + (first + i) * m_hessian.channels + first;
            curvature += own * (own * double(m_added) + double(dot(count, row, m_shape.data())));
        }
        if (!(curvature > 0)) return;
        const float better = static_cast<float>(double(scale) - slope / curvature);
        if (!(better * scale > 0)) return;
        const float stored = state.rescale(unit, better);
        const double step = double(stored) - double(scale);
        if (step == 0 || 2 * step * slope + step * step * curvature >= 0) {
            state.rescale(unit, scale);  // rounding ate what was to be had
            return;
        }
        apply(first, count, stored);
    }

    void apply(int64_t first, int64_t count, float scale) {
        for (int64_t i = 0; i < count; ++i) {
            const float after = m_shape[static_cast<size_t>(i)] * scale;
            if (after != m_levels[first + i]) change(first + i, after);
        }
    }

    void change(int64_t column, float after) {
        const float before = m_levels[column];
        m_levels[column] = after;
        const float* row = m_hessian.sums.data() + column * m_hessian.channels;
        subtractScaled(m_hessian.channels, before - after, row, m_gradient);
        m_gradient[column] += m_added * (after - before);
    }

    bool move(int64_t column, GptqRow& state) {
        const float curvature = m_hessian.at(column, column) + m_added;
        if (!(curvature > 0)) return false;  // no input ever met this weight
        const float before = m_levels[column];
        const float after = state.choose(column, before - m_gradient[column] / curvature);
        if (after == before) return false;
        change(column, after);
        return true;
    }

    const Hessian& m_hessian;
    float m_added;
    float* m_gradient;  ///< half of the derivative of the error: D H
    float* m_levels;
    const uint8_t* m_fixed;
    std::vector<float> m_shape;  ///< values of a unit over its scale
};

}  // namespace

Status refineCodes(const RoundedTile& tile, const GptqFactor& factor, int passes, std::vector<GptqRow>& states,
                   const JobContext& context) {
    const int64_t columns = factor.channels;
    std::vector<float> change(tile.values.size()), gradient(tile.values.size());
    for (size_t i = 0; i < change.size(); ++i) {
        change[i] = tile.levels[i] - tile.values[i];
        gradient[i] = factor.added * change[i];
    }
    constexpr int64_t kPiece = 1024;  // columns between two looks at whether to stop
    for (int64_t first = 0; first < columns; first += kPiece) {
        HT_TRY(context.checkpoint());
        addProduct({tile.rows, std::min(kPiece, columns - first), columns},
                   MatrixView<float>{change.data(), columns, 1},
                   MatrixView<float>{factor.hessian.sums.data() + first, columns, 1},
                   ProductTarget<float>{gradient.data() + first, columns});
    }
    for (int64_t row = 0; row < tile.rows; ++row) {
        const int64_t begin = row * columns;
        Descent descent(factor, gradient.data() + begin, tile.levels.data() + begin,
                        tile.fixed.empty() ? nullptr : tile.fixed.data() + begin);
        for (int pass = 0; pass < passes; ++pass) {
            HT_TRY(context.checkpoint());
            if (descent.pass(tile.units, states[static_cast<size_t>(row)]) == 0) break;
        }
    }
    return {};
}

}  // namespace halftone
