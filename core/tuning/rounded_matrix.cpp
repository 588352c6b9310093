// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tuning/rounded_matrix.h"

#include <algorithm>
#include <cmath>
#include <mutex>

namespace halftone {
namespace {

constexpr int64_t kPieceRows = 16;
/// Of the step of a value: a hundredth of a scale moves more than the rounding of most values does.
constexpr float kScaleRate = 0.05f;
constexpr float kLeastFactor = 0.5f, kMostFactor = 1.5f;  ///< of a scale

float signOf(float value) {
    return value > 0 ? 1.0f : (value < 0 ? -1.0f : 0.0f);
}

}  // namespace

RoundedMatrix::RoundedMatrix(const PackedLayout& layout, std::vector<float> original, std::span<const float> importance)
    : m_layout(layout),
      m_units(GptqUnits::of(layout)),
      m_original(std::move(original)),
      m_importance(importance.begin(), importance.end()),
      m_values(m_original.size()),
      m_shift(m_original.size()) {
    const auto rows = std::ssize(m_original) / layout.cols;
    if (m_importance.empty()) m_importance.assign(static_cast<size_t>(layout.cols), 1.0f);
    m_packed.resize(static_cast<size_t>(rows * layout.rowBytes));
    m_factor.assign(static_cast<size_t>(rows * m_units.count), 1.0f);
    m_scale.resize(m_factor.size());
    m_rows.reserve(static_cast<size_t>(rows));
    for (int64_t row = 0; row < rows; ++row) {
        auto* bytes = reinterpret_cast<uint8_t*>(m_packed.data()) + row * layout.rowBytes;
        m_rows.emplace_back(m_layout, m_units, m_settings, m_importance.data(), bytes);
    }
}

Result<std::unique_ptr<RoundedMatrix>> RoundedMatrix::create(const PackedLayout& layout, std::vector<float> original,
                                                             std::span<const float> importance,
                                                             const JobContext& context) {
    HT_CHECK(std::ssize(original) % layout.cols == 0);
    std::unique_ptr<RoundedMatrix> matrix(new RoundedMatrix(layout, std::move(original), importance));
    HT_TRY(matrix->fit(context));
    matrix->keep();
    return matrix;
}

Status RoundedMatrix::overRows(const std::function<Status(int64_t row)>& body, const JobContext& context) {
    Status failed;
    std::mutex mutex;
    context.pool.parallelFor(rows(), kPieceRows, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            Status done = context.checkpoint();
            if (done) done = body(row);
            if (done) continue;
            const std::scoped_lock lock(mutex);
            failed = std::move(done);
            return;
        }
    });
    return failed;
}

Status RoundedMatrix::fit(const JobContext& context) {
    const auto fitRow = [&](int64_t row) -> Status {
        GptqRow& state = m_rows[static_cast<size_t>(row)];
        for (int64_t unit = 0; unit < m_units.count; ++unit) {
            const int64_t first = unit * m_units.columns;
            const auto count = static_cast<size_t>(std::min(m_units.columns, m_layout.cols - first));
            HT_TRY(state.fit(unit, {m_original.data() + row * m_layout.cols + first, count}));
        }
        state.settle();
        noteScales(row);
        return {};
    };
    return overRows(fitRow, context);
}

void RoundedMatrix::noteScales(int64_t row) {
    for (int64_t unit = 0; unit < m_units.count; ++unit) {
        m_scale[static_cast<size_t>(row * m_units.count + unit)] = m_rows[static_cast<size_t>(row)].freeScale(unit);
    }
}

Status RoundedMatrix::startFrom(const PackedTensor& start, const JobContext& context) {
    HT_CHECK(start.layout.format == m_layout.format && start.rows == rows() && start.cols() == m_layout.cols);
    if (m_rows.empty() || !m_rows.front().canAdopt()) return {};
    const auto takeRow = [&](int64_t row) -> Status {
        const std::span<const std::byte> bytes = start.row(row);
        std::ranges::copy(bytes, m_packed.begin() + row * m_layout.rowBytes);
        std::vector<float> levels(static_cast<size_t>(m_layout.cols));
        HT_TRY(decodeRows(m_layout, bytes, 1, levels));
        m_rows[static_cast<size_t>(row)].adopt();
        noteScales(row);
        startRow(row, levels.data());
        return {};
    };
    HT_TRY(overRows(takeRow, context));
    keep();
    return {};
}

void RoundedMatrix::startRow(int64_t row, const float* levels) {
    constexpr float kInside = 0.4f;  // of a step from the level: a little short of the border
    GptqRow& state = m_rows[static_cast<size_t>(row)];
    for (int64_t column = 0; column < m_layout.cols; ++column) {
        const auto at = static_cast<size_t>(row * m_layout.cols + column);
        const float value = m_original[at], space = state.spacing(column, value);
        m_shift[at] = 0;
        if (space == 0 || state.choose(column, value) == levels[column]) continue;
        const float near = levels[column] + signOf(value - levels[column]) * kInside * space;
        m_shift[at] = (near - value) / space;
        if (state.choose(column, near) != levels[column]) m_shift[at] = (levels[column] - value) / space;
    }
}

std::span<const float> RoundedMatrix::round(const JobContext& context) {
    context.pool.parallelFor(rows(), kPieceRows, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            GptqRow& state = m_rows[static_cast<size_t>(row)];
            const auto first = static_cast<size_t>(row * m_layout.cols);
            for (int64_t column = 0; column < m_layout.cols; ++column) {
                const size_t at = first + static_cast<size_t>(column);
                const float value = m_original[at] + m_shift[at] * state.spacing(column, m_original[at]);
                m_values[at] = state.choose(column, value);
            }
        }
    });
    return m_values;
}

void RoundedMatrix::step(std::span<const float> gradient, float rate, bool withScales, const JobContext& context) {
    context.pool.parallelFor(rows(), kPieceRows, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            stepRow(row, gradient.data() + row * m_layout.cols, rate, withScales);
        }
    });
}

void RoundedMatrix::stepRow(int64_t row, const float* gradient, float rate, bool withScales) {
    for (int64_t unit = 0; withScales && unit < m_units.count; ++unit) {
        stepScale(row, unit, gradient + unit * m_units.columns, rate);
    }
    float* shift = m_shift.data() + row * m_layout.cols;
    double squares = 0;
    for (int64_t column = 0; column < m_layout.cols; ++column) {
        squares += double(gradient[column]) * double(gradient[column]);
    }
    if (!(squares > 0)) return;
    const auto inverse = static_cast<float>(1.0 / std::sqrt(squares / double(m_layout.cols)));
    for (int64_t column = 0; column < m_layout.cols; ++column) {
        shift[column] -= rate * std::clamp(gradient[column] * inverse, -1.0f, 1.0f);
    }
}

// The value of a code is scale * u. Inside the range rounding is the identity and u follows the scale, which leaves the
// rounding error; outside u stays.
void RoundedMatrix::stepScale(int64_t row, int64_t unit, const float* gradient, float rate) {
    const auto at = static_cast<size_t>(row * m_units.count + unit);
    if (m_scale[at] == 0) return;
    const int64_t first = unit * m_units.columns, count = std::min(m_units.columns, m_layout.cols - first);
    GptqRow& state = m_rows[static_cast<size_t>(row)];
    double slope = 0;
    for (int64_t i = 0; i < count; ++i) {
        const auto index = static_cast<size_t>(row * m_layout.cols + first + i);
        const float space = state.spacing(first + i, m_original[index]);
        const float meant = m_original[index] + m_shift[index] * space;
        const bool isClipped = std::abs(m_values[index] - meant) > 0.501f * space;
        slope += double(gradient[i]) * double(isClipped ? m_values[index] : m_values[index] - m_original[index]);
    }
    m_factor[at] =
        std::clamp(m_factor[at] - kScaleRate * rate * signOf(static_cast<float>(slope)), kLeastFactor, kMostFactor);
    state.rescale(unit, m_scale[at] * m_factor[at]);
}

void RoundedMatrix::keep() {
    m_keptShift = m_shift;
    m_keptFactor = m_factor;
}

void RoundedMatrix::restore() {
    m_shift = m_keptShift;
    m_factor = m_keptFactor;
    applyScales();
}

void RoundedMatrix::applyScales() {
    for (int64_t row = 0; row < rows(); ++row) {
        for (int64_t unit = 0; unit < m_units.count; ++unit) {
            const auto at = static_cast<size_t>(row * m_units.count + unit);
            if (m_scale[at] != 0) m_rows[static_cast<size_t>(row)].rescale(unit, m_scale[at] * m_factor[at]);
        }
    }
}

Result<PackedTensor> RoundedMatrix::pack(const JobContext& context) {
    round(context);
    for (GptqRow& row : m_rows) HT_TRY(row.pack());
    auto bytes = std::make_shared<const std::vector<std::byte>>(m_packed);
    PackedTensor packed;
    packed.layout = m_layout;
    packed.rows = rows();
    packed.bytes = *bytes;
    packed.owner = std::move(bytes);
    return packed;
}

}  // namespace halftone
