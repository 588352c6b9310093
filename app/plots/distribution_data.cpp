// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/distribution_data.h"

#include <algorithm>
#include <mutex>
#include <numeric>

#include "core/quant/corrections/correction.h"
#include "core/quant/formats/codec.h"

namespace halftone::app {

namespace {

constexpr int64_t kTileElements = 1 << 16;

/// What one tile finds; merged in any order, because sums and maxima do not depend on it.
struct TileResult {
    FloatHistogram histogram;
    Clipping clipping;
    std::optional<WorstGroup> worst;
};

double relativeError(const float* original, const float* decoded, int64_t count) {
    double error = 0, energy = 0;
    for (int64_t i = 0; i < count; ++i) {
        const double difference = double(original[i]) - double(decoded[i]);
        error += difference * difference;
        energy += double(original[i]) * double(original[i]);
    }
    return energy > 0 ? error / energy : 0;
}

bool isWorse(const WorstGroup& a, const WorstGroup& b) {
    if (a.relativeError != b.relativeError) return a.relativeError > b.relativeError;
    return a.row != b.row ? a.row < b.row : a.firstColumn < b.firstColumn;
}

void keepWorse(std::optional<WorstGroup>& best, const WorstGroup& candidate) {
    if (!best || isWorse(candidate, *best)) best = candidate;
}

/// What the codes cut off: codes are of what is left when outliers have been taken out, and without corrections.
Status examineClipping(const PackedTensor& packed, int64_t begin, std::vector<float> original,
                       std::vector<float> decoded, Clipping& clipping) {
    const auto& layout = packed.layout;
    const auto width = size_t(layout.cols);
    const int64_t count = int64_t(original.size()) / layout.cols;
    const auto rowBytes = size_t(layout.rowBytes);
    const auto bytes = packed.bytes.subspan(size_t(begin) * rowBytes, size_t(count) * rowBytes);
    if (packed.correction) {
        std::vector<int64_t> rows(static_cast<size_t>(count));
        std::iota(rows.begin(), rows.end(), begin);
        addOutliers(packed.correction->outliers, rows, -1.0f, original, layout.cols);
        HT_TRY(decodeRows(layout, bytes, count, decoded));
    }
    for (size_t row = 0; row < size_t(count); ++row)
        clipping.addRow(layout, bytes.subspan(row * rowBytes, rowBytes),
                        std::span(original).subspan(row * width, width),
                        std::span(decoded).subspan(row * width, width));
    return {};
}

/// Takes the factors that a method multiplied the weights by out of rows from `first` on.
void takeOut(const MatrixScale& scale, int64_t first, int64_t cols, std::span<float> values) {
    if (scale.isIdentity()) return;
    for (size_t i = 0; i < values.size(); ++i) {
        const size_t row = size_t(first) + i / size_t(cols), column = i % size_t(cols);
        if (!scale.rows.empty()) values[i] /= scale.rows[row];
        if (!scale.columns.empty()) values[i] /= scale.columns[column];
    }
}

/// Decodes rows [begin, end) and compares them with the original. The histogram is that of the weights as the model
/// meets them, without the factors that were folded in.
Result<TileResult> examineTile(const RowSource& source, const PackedTensor& packed, const MatrixScale& scale,
                               int64_t begin, int64_t end) {
    const int64_t cols = packed.cols();
    const int64_t count = end - begin;
    std::vector<float> original(size_t(count * cols)), decoded(size_t(count * cols));
    HT_TRY(source.readRows(begin, count, original));
    HT_TRY(rowSourceOf(packed)->readRows(begin, count, decoded));
    TileResult tile;
    std::vector<float> effective = decoded;
    takeOut(scale, begin, cols, effective);
    tile.histogram.add(effective);
    const int64_t group = packed.layout.groupSize;
    if (group <= 1) return tile;
    for (int64_t row = 0; row < count; ++row) {
        for (int64_t column = 0; column < cols; column += group) {
            const int64_t size = std::min(group, cols - column);
            const auto at = row * cols + column;
            WorstGroup candidate{
                begin + row, column, size, relativeError(&original[size_t(at)], &decoded[size_t(at)], size), {}};
            keepWorse(tile.worst, candidate);
        }
    }
    // The bounds of scaled groups are no bounds of the weights.
    if (scale.isIdentity())
        HT_TRY(examineClipping(packed, begin, std::move(original), std::move(decoded), tile.clipping));
    return tile;
}

Status examineAll(const RowSource& source, const PackedTensor& packed, const MatrixScale& scale, DistributionData& data,
                  const JobContext& context) {
    const int64_t rowsPerTile = std::max<int64_t>(1, kTileElements / std::max<int64_t>(packed.cols(), 1));
    std::mutex mutex;
    Status status;
    context.pool.parallelFor(packed.rows, rowsPerTile, [&](int64_t begin, int64_t end) {
        if (context.cancelled()) return;
        auto tile = examineTile(source, packed, scale, begin, end);
        const std::lock_guard lock(mutex);
        if (!tile) {
            status = tl::unexpected(tile.error());
            return;
        }
        data.quantized.merge(tile->histogram);
        data.clipping.merge(tile->clipping);
        if (tile->worst) keepWorse(data.worst, *tile->worst);
    });
    HT_TRY(context.checkpoint());
    return status;
}

}  // namespace

Result<std::shared_ptr<const DistributionData>> computeDistribution(const DistributionRequest& request,
                                                                    const JobContext& context) {
    const auto& info = request.checkpoint->tensors()[size_t(request.tensor)];
    HT_ASSIGN_OR_RETURN(auto rows, openRows(request.checkpoint, info));
    auto data = std::make_shared<DistributionData>();
    data->stats = request.stats;
    if (!data->stats || data->stats->histogram.empty()) {
        HT_ASSIGN_OR_RETURN(auto stats, computeTensorStats(*rows, context));
        data->stats = std::make_shared<const TensorStats>(std::move(stats));
    }
    if (!request.target) return data;
    data->format = request.target->format;
    PreparedMethod method;
    MatrixScale scale;
    if (request.plan) {
        scale = request.plan->scaleOf(info.canonicalName);
        FactorCache factors;
        HT_ASSIGN_OR_RETURN(method, request.plan->prepare(*request.target, factors, context));
        rows = request.plan->scaled(info.canonicalName, std::move(rows));
    }
    HT_ASSIGN_OR_RETURN(const auto quantized,
                        quantizeTensor(*rows, *data->format, method.options(info.canonicalName), context));
    data->distortion = quantized.distortion;
    HT_TRY(examineAll(*rows, quantized.packed, scale, *data, context));
    if (data->worst)
        data->worst->levels =
            groupLevels(quantized.packed.layout, quantized.packed.row(data->worst->row), data->worst->firstColumn);
    return data;
}

}  // namespace halftone::app
