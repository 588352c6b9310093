// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/corrections/corrected_quantize.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/checked.h"
#include "core/quant/corrections/low_rank.h"
#include "core/quant/corrections/outliers.h"
#include "core/quant/formats/format_extras.h"
#include "core/quant/methods/calibration.h"

namespace halftone {
namespace {

constexpr int64_t kTileValues = 1 << 18;

/// What the calibration says of the columns; ones where it says nothing.
std::vector<float> importanceOf(const QuantizeOptions& options) {
    if (options.statistics) return options.statistics->importance();
    return {options.importance.begin(), options.importance.end()};
}

const Hessian* hessianOf(const QuantizeOptions& options) {
    const Hessian* hessian = options.statistics ? options.statistics->hessian.get() : nullptr;
    return hessian && hessian->tokens > 0 ? hessian : nullptr;
}

Result<Distortion> measureDistortion(const RowSource& source, const PackedTensor& packed, const JobContext& context) {
    const auto corrected = rowSourceOf(packed);
    const int64_t tileRows = std::max<int64_t>(1, kTileValues / std::max<int64_t>(1, source.cols()));
    const auto tiles = static_cast<size_t>(ceilDiv(source.rows(), tileRows));
    std::vector<Distortion> sums(tiles);
    std::vector<Status> statuses(tiles);
    context.pool.parallelFor(source.rows(), tileRows, [&](int64_t begin, int64_t end) {
        if (context.cancelled()) return;
        std::vector<float> values(static_cast<size_t>((end - begin) * source.cols())), decoded(values.size());
        Status& status = statuses[static_cast<size_t>(begin / tileRows)];
        status = source.readRows(begin, end - begin, values);
        if (status) status = corrected->readRows(begin, end - begin, decoded);
        std::ranges::replace_if(
            values, [](float value) { return !std::isfinite(value); }, 0.0f);
        if (status) sums[static_cast<size_t>(begin / tileRows)].add(values, decoded);
    });
    HT_TRY(context.checkpoint());
    Distortion total;
    for (size_t tile = 0; tile < tiles; ++tile) {
        HT_TRY(statuses[tile]);
        total.merge(sums[tile]);
    }
    return total;
}

}  // namespace

Result<QuantizedTensor> quantizeCorrected(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                          const JobContext& context) {
    const int64_t rows = source.rows(), cols = source.cols();
    const std::vector<float> importance = importanceOf(options);
    std::vector<uint32_t> words;
    if (format.extras().outliersPerMille > 0) {
        const int64_t count = outlierCount(format.extras(), rows, cols);
        HT_ASSIGN_OR_RETURN(words, chooseOutliers(source, count, importance, context));
    }
    auto correction = makeCorrection(std::move(words), rows, cols);
    const RemainderRows remainder(source, correction->outliers);
    const Format codes = format.base().with({.sparsity = format.extras().sparsity, .outliersPerMille = 0, .rank = 0});
    HT_ASSIGN_OR_RETURN(QuantizedTensor result, quantizeTensor(remainder, codes, options, context));
    if (format.extras().rank > 0) {
        const ErrorRows error(remainder, result.packed);
        const ErrorMetric metric{.hessian = hessianOf(options), .importance = importance};
        HT_ASSIGN_OR_RETURN(LowRankFactors factors, fitLowRank(error, format.extras().rank, metric, context));
        correction = withLowRank(*correction, std::move(factors.left), std::move(factors.right));
    }
    result.packed.correction = std::move(correction);
    result.format = format;
    HT_ASSIGN_OR_RETURN(result.distortion, measureDistortion(source, result.packed, context));
    return result;
}

}  // namespace halftone
