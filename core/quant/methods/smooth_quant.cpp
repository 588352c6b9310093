// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/smooth_quant.h"

#include <algorithm>
#include <cmath>

namespace halftone {
namespace {

constexpr int64_t kRowsAtOnce = 64;
constexpr double kSmallestScale = 1e-5, kLargestScale = 1e5;

/// Raises `largest` to the magnitudes of one matrix, by column.
Status addColumnMaxima(const RowSource& rows, std::vector<float>& largest, const JobContext& context) {
    const auto cols = static_cast<size_t>(rows.cols());
    std::vector<float> values(static_cast<size_t>(std::min(kRowsAtOnce, rows.rows())) * cols);
    for (int64_t first = 0; first < rows.rows(); first += kRowsAtOnce) {
        HT_TRY(context.checkpoint());
        const int64_t count = std::min(kRowsAtOnce, rows.rows() - first);
        HT_TRY(rows.readRows(first, count, std::span(values).first(static_cast<size_t>(count) * cols)));
        for (size_t i = 0; i < static_cast<size_t>(count) * cols; ++i) {
            const float magnitude = std::fabs(values[i]);
            if (std::isfinite(magnitude)) largest[i % cols] = std::max(largest[i % cols], magnitude);
        }
    }
    return {};
}

}  // namespace

Result<std::vector<float>> smoothingScales(std::span<const RowSource* const> layers, const InputStatistics& statistics,
                                           double alpha, const JobContext& context) {
    const auto channels = static_cast<size_t>(statistics.channels());
    if (statistics.largest.size() != channels) {
        return makeError(ErrorCode::kInvalidArgument,
                         "SmoothQuant needs the largest input of every channel: calibrate on a text first (an "
                         "importance file alone does not hold them).");
    }
    std::vector<float> weights(channels, 0.0f);
    for (const RowSource* layer : layers) {
        HT_CHECK(layer->cols() == statistics.channels());
        HT_TRY(addColumnMaxima(*layer, weights, context));
    }
    std::vector<float> scales(channels, 1.0f);
    for (size_t i = 0; i < channels; ++i) {
        const double input = double(statistics.largest[i]), weight = double(weights[i]);
        if (!(input > 0) || !(weight > 0)) continue;
        const double scale = std::pow(input, alpha) / std::pow(weight, 1 - alpha);
        scales[i] = static_cast<float>(std::clamp(scale, kSmallestScale, kLargestScale));
    }
    return scales;
}

}  // namespace halftone
