// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/awq.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/quant/formats/codec.h"
#include "core/quant/formats/integer_family.h"
#include "core/quant/methods/integer_fit.h"
#include "core/quant/methods/output_error.h"

namespace halftone {
namespace {

constexpr int64_t kSampledRows = 512;
constexpr int64_t kTileRows = 32;
constexpr int64_t kLargestFullGroup = 256;
constexpr int kClipSteps = 10;  ///< of kClipGrid: the range never falls below half
constexpr int kClipGrid = 20;
constexpr float kSmallestScale = 1e-4f;

// ---- scale search ---------------------------------------------------------------------------------------------------

/// Sampled rows of a layer.
struct Sample {
    PackedLayout layout;
    int64_t rows = 0;
    std::vector<float> values;
};

Result<Sample> sampleOf(const AwqLayer& layer) {
    Sample sample;
    sample.layout = PackedLayout::of(layer.format, layer.rows->cols());
    const int64_t total = layer.rows->rows();
    sample.rows = std::min(total, kSampledRows);
    sample.values.resize(static_cast<size_t>(sample.rows * layer.rows->cols()));
    const auto width = static_cast<size_t>(layer.rows->cols());
    for (int64_t i = 0; i < sample.rows; ++i) {
        HT_TRY(layer.rows->readRows(i * total / sample.rows, 1,
                                    std::span(sample.values).subspan(static_cast<size_t>(i) * width, width)));
    }
    for (float& value : sample.values) value = std::isfinite(value) ? value : 0.0f;
    return sample;
}

/// Mean over all rows of all layers of |w| / (largest of its group).
std::vector<double> relativeMagnitudes(std::span<const Sample> samples, size_t channels) {
    std::vector<double> sums(channels);
    int64_t rows = 0;
    for (const Sample& sample : samples) {
        const auto group = static_cast<size_t>(std::min<int64_t>(sample.layout.groupSize, sample.layout.cols));
        for (size_t row = 0; row < static_cast<size_t>(sample.rows); ++row) {
            const float* values = sample.values.data() + row * channels;
            for (size_t begin = 0; begin < channels; begin += group) {
                const size_t end = std::min(channels, begin + group);
                float largest = 0;
                for (size_t i = begin; i < end; ++i) largest = std::max(largest, std::fabs(values[i]));
                for (size_t i = begin; i < end; ++i) sums[i] += std::fabs(values[i]) / (largest + 1e-6f);
            }
        }
        rows += sample.rows;
    }
    for (double& sum : sums) sum /= static_cast<double>(std::max<int64_t>(1, rows));
    return sums;
}

/// The factors of exponent `ratio`, normalised so that the largest and the smallest are each other's inverse.
std::vector<float> scalesFor(double ratio, std::span<const float> inputs, std::span<const double> weights, bool duo) {
    std::vector<float> scales(inputs.size());
    for (size_t i = 0; i < scales.size(); ++i) {
        double scale = std::pow(double(inputs[i]), ratio);
        if (duo) scale /= std::pow(weights[i], 1 - ratio) + 1e-4;
        scales[i] = std::max(static_cast<float>(scale), kSmallestScale);
    }
    const auto [smallest, largest] = std::ranges::minmax(scales);
    const float norm = std::sqrt(smallest * largest);
    for (float& scale : scales) {
        scale /= norm;
        if (!std::isfinite(scale) || scale <= 0) scale = 1.0f;
    }
    return scales;
}

class ScaleSearch {
  public:
    ScaleSearch(std::span<const Sample> samples, const InputStatistics& statistics)
        : m_samples(samples), m_hessian(*statistics.hessian), m_importance(statistics.importance()) {}

    /// Output error of all samples quantized behind channels scaled by `scales`.
    Result<double> loss(std::span<const float> scales, const JobContext& context) const {
        double total = 0;
        for (const Sample& sample : m_samples) {
            HT_TRY(context.checkpoint());
            std::vector<double> errors(static_cast<size_t>(ceilDiv(sample.rows, kTileRows)));
            std::vector<Status> statuses(errors.size());
            context.pool.parallelFor(static_cast<int64_t>(errors.size()), 1, [&](int64_t begin, int64_t end) {
                for (int64_t tile = begin; tile < end && !context.cancelled(); ++tile) {
                    const auto at = static_cast<size_t>(tile);
                    statuses[at] = tileLoss(sample, tile * kTileRows, scales, errors[at]);
                }
            });
            for (size_t i = 0; i < errors.size(); ++i) {
                HT_TRY(statuses[i]);
                total += errors[i];
            }
        }
        return total;
    }

  private:
    Status tileLoss(const Sample& sample, int64_t first, std::span<const float> scales, double& error) const {
        const int64_t cols = sample.layout.cols, rows = std::min(kTileRows, sample.rows - first);
        const float* original = sample.values.data() + first * cols;
        std::vector<float> scaled(static_cast<size_t>(rows * cols)), decoded(scaled.size());
        for (size_t i = 0; i < scaled.size(); ++i) scaled[i] = original[i] * scales[i % static_cast<size_t>(cols)];
        std::vector<float> importance(m_importance);
        for (size_t i = 0; i < importance.size(); ++i) importance[i] /= scales[i] * scales[i];
        std::vector<std::byte> packed(static_cast<size_t>(rows * sample.layout.rowBytes));
        HT_TRY(encodeRows(sample.layout, scaled, rows, {.importance = importance}, packed));
        HT_TRY(decodeRows(sample.layout, packed, rows, decoded));
        for (size_t i = 0; i < decoded.size(); ++i) {
            decoded[i] = decoded[i] / scales[i % static_cast<size_t>(cols)] - original[i];
        }
        error = outputEnergy(decoded, rows, m_hessian);
        return {};
    }

    std::span<const Sample> m_samples;
    const Hessian& m_hessian;
    std::vector<float> m_importance;
};

// ---- clip search ----------------------------------------------------------------------------------------------------

class AwqClipEncoder final : public RowEncoder {
  public:
    AwqClipEncoder(const PackedLayout& layout, const Hessian& hessian, std::span<const float> scale)
        : m_full(layout.groupSize <= kLargestFullGroup) {
        const auto inverse = [&](int64_t i) { return scale.empty() ? 1.0f : 1.0f / scale[static_cast<size_t>(i)]; };
        const float perToken = 1.0f / static_cast<float>(std::max<int64_t>(1, hessian.tokens));
        for (int64_t begin = 0; begin < layout.cols; begin += layout.groupSize) {
            const int64_t end = std::min(layout.cols, begin + layout.groupSize);
            m_offsets.push_back(m_moments.size());
            for (int64_t i = begin; i < end; ++i) {
                const float own = inverse(i) * perToken;
                if (!m_full) m_moments.push_back(own * hessian.at(i, i) * inverse(i));
                if (!m_full) continue;
                for (int64_t j = begin; j < end; ++j) m_moments.push_back(own * hessian.at(i, j) * inverse(j));
            }
        }
    }

    Status encode(const PackedLayout& layout, std::span<const float> values, int64_t rows, std::span<std::byte> packed,
                  const JobContext& context) const override {
        IntegerGrids grids;
        grids.groups.resize(static_cast<size_t>(layout.groupsPerRow));
        std::vector<float> differences;
        for (int64_t row = 0; row < rows; ++row) {
            HT_TRY(context.checkpoint());
            const float* first = values.data() + row * layout.cols;
            for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
                const int64_t begin = group * layout.groupSize;
                const int64_t end = std::min(layout.cols, begin + layout.groupSize);
                const std::span<const float> own(first + begin, static_cast<size_t>(end - begin));
                grids.groups[static_cast<size_t>(group)] = search(layout.format.integer(), own, group, differences);
            }
            packNearestRow(layout, first, grids, reinterpret_cast<uint8_t*>(packed.data()) + row * layout.rowBytes);
        }
        return {};
    }

  private:
    IntegerGrid search(const IntegerFormat& format, std::span<const float> values, int64_t group,
                       std::vector<float>& differences) const {
        const auto [lowest, highest] = std::ranges::minmax(values);
        differences.resize(values.size());
        IntegerGrid best;
        double bestError = 0;
        for (int step = 0; step < kClipSteps; ++step) {
            const float part = 1.0f - static_cast<float>(step) / kClipGrid;
            const IntegerGrid grid = integerGrid(format, {lowest * part, highest * part});
            for (size_t i = 0; i < values.size(); ++i) {
                const int code = integerCode(format, grid, values[i]);
                differences[i] = integerValue(format, grid, code) - values[i];
            }
            const double error = errorOf(differences, group);
            if (step > 0 && !(error < bestError)) continue;
            best = grid;
            bestError = error;
        }
        return best;
    }

    [[nodiscard]] double errorOf(std::span<const float> d, int64_t group) const {
        const float* moments = m_moments.data() + m_offsets[static_cast<size_t>(group)];
        double sum = 0;
        for (size_t i = 0; i < d.size(); ++i) {
            if (!m_full) {
                sum += double(moments[i]) * double(d[i]) * double(d[i]);
                continue;
            }
            const float* row = moments + i * d.size();
            // Fixed lanes: the compiler may use vector registers, and the sum does not depend on which ones.
            std::array<float, 8> lanes{};
            size_t j = 0;
            for (; j + 8 <= d.size(); j += 8) {
                for (size_t lane = 0; lane < 8; ++lane) lanes[lane] += row[j + lane] * d[j + lane];
            }
            for (; j < d.size(); ++j) lanes[0] += row[j] * d[j];
            float product = 0;
            for (const float lane : lanes) product += lane;
            sum += double(product) * double(d[i]);
        }
        return sum;
    }

    bool m_full;
    std::vector<float> m_moments;  ///< by group: the whole block of H, or its diagonal
    std::vector<size_t> m_offsets;
};

class WeightedEncoder final : public RowEncoder {
  public:
    explicit WeightedEncoder(std::vector<float> importance) : m_importance(std::move(importance)) {}
    Status encode(const PackedLayout& layout, std::span<const float> values, int64_t rows, std::span<std::byte> packed,
                  const JobContext& context) const override {
        HT_TRY(context.checkpoint());
        return encodeRows(layout, values, rows, {.importance = m_importance}, packed);
    }

  private:
    std::vector<float> m_importance;
};

}  // namespace

Result<std::vector<float>> searchAwqScales(std::span<const AwqLayer> layers, const InputStatistics& statistics,
                                           const AwqSettings& settings, const JobContext& context) {
    if (!statistics.hessian || statistics.hessian->tokens <= 0) {
        return makeError(ErrorCode::kInvalidArgument, "AWQ needs the second moments of the layer's inputs.");
    }
    const auto channels = static_cast<size_t>(statistics.channels());
    std::vector<Sample> samples;
    for (const AwqLayer& layer : layers) {
        HT_TRY(context.checkpoint());
        HT_CHECK(layer.rows->cols() == statistics.channels());
        HT_ASSIGN_OR_RETURN(Sample sample, sampleOf(layer));
        samples.push_back(std::move(sample));
    }
    const std::vector<float> inputs = statistics.meanMagnitude();
    const std::vector<double> weights = relativeMagnitudes(samples, channels);
    const ScaleSearch search(samples, statistics);
    std::vector<float> best(channels, 1.0f);
    HT_ASSIGN_OR_RETURN(double bestLoss, search.loss(best, context));
    for (int step = 0; step < settings.grid; ++step) {
        const double ratio = static_cast<double>(step) / settings.grid;
        std::vector<float> scales = scalesFor(ratio, inputs, weights, settings.duo);
        HT_ASSIGN_OR_RETURN(const double loss, search.loss(scales, context));
        if (!(loss < bestLoss)) continue;
        best = std::move(scales);
        bestLoss = loss;
    }
    HT_TRY(context.checkpoint());
    return best;
}

std::shared_ptr<const RowEncoder> createAwqClipEncoder(const PackedLayout& layout, const Hessian& hessian,
                                                       std::span<const float> scale) {
    HT_CHECK(hessian.channels == layout.cols && layout.format.isInteger());
    return std::make_shared<AwqClipEncoder>(layout, hessian, scale);
}

std::shared_ptr<const RowEncoder> createWeightedEncoder(std::vector<float> importance) {
    return std::make_shared<WeightedEncoder>(std::move(importance));
}

}  // namespace halftone
