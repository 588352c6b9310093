// SPDX-License-Identifier: GPL-3.0-or-later
// The order of rounding and the inverse factor of the Hessian.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/quant/methods/cholesky.h"
#include "core/quant/methods/gptq.h"

namespace halftone {
namespace {

constexpr double kDampingStep = 0.01;
constexpr int kMaxAttempts = 100;
constexpr double kWeightFloor = 1e-6;  ///< of the mean diagonal: no weight of a scale search is zero

/// Columns in pieces of one size: units that are fitted together, or neighbours that a pattern compares.
class Pieces {
  public:
    Pieces(const Hessian& hessian, int64_t columns)
        : m_columns(columns), m_activity(static_cast<size_t>(ceilDiv(hessian.channels, columns))) {
        for (int32_t column = 0; column < hessian.channels; ++column)
            m_activity[of(column)] += hessian.at(column, column);
        // A shorter last piece stays last: all others then begin at multiples of their length.
        if (hessian.channels % columns != 0) m_activity.back() = -1;
    }
    [[nodiscard]] size_t of(int32_t column) const { return static_cast<size_t>(column / m_columns); }
    [[nodiscard]] bool together(int32_t a, int32_t b) const { return of(a) == of(b); }
    /// The more active piece first. Precondition: the columns are not of one piece.
    [[nodiscard]] bool comesFirst(int32_t a, int32_t b) const {
        const double activeA = m_activity[of(a)], activeB = m_activity[of(b)];
        return activeA != activeB ? activeA > activeB : of(a) < of(b);
    }

  private:
    int64_t m_columns;
    std::vector<double> m_activity;
};

std::vector<int32_t> roundingOrder(const Hessian& hessian, const GptqSettings& settings) {
    std::vector<int32_t> order(static_cast<size_t>(hessian.channels));
    std::iota(order.begin(), order.end(), 0);
    if (!settings.actOrder) return order;
    const bool whole = settings.staticGroups || settings.groupColumns <= 0;
    const Pieces units(hessian, whole ? hessian.channels : settings.groupColumns);
    const Pieces neighbours(hessian, std::max<int64_t>(1, settings.sparsity.of));
    std::ranges::stable_sort(order, [&](int32_t a, int32_t b) {
        if (!units.together(a, b)) return units.comesFirst(a, b);
        if (!neighbours.together(a, b)) return neighbours.comesFirst(a, b);
        return hessian.at(a, a) > hessian.at(b, b);
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

}  // namespace

Result<std::shared_ptr<const GptqFactor>> factorHessian(const Hessian& hessian, const GptqSettings& settings,
                                                        const JobContext& context) {
    if (hessian.tokens <= 0) return makeError(ErrorCode::kInvalidArgument, "The calibration saw no tokens.");
    auto factor = std::make_shared<GptqFactor>();
    factor->channels = hessian.channels;
    factor->order = roundingOrder(hessian, settings);
    factor->hessian = hessian;
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
        factor->added = static_cast<float>(factor->dampingUsed * mean * double(hessian.tokens));
        return std::shared_ptr<const GptqFactor>(std::move(factor));
    }
    return makeError(ErrorCode::kInvalidData,
                     fmt::format("The Hessian of {} channels is not positive definite even when damped by {:g}; "
                                 "calibrate with more text.",
                                 hessian.channels, factor->dampingUsed));
}

}  // namespace halftone
