// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/reference/reference_kernels.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/quant/corrections/correction.h"
#include "core/quant/formats/codec.h"

namespace halftone {
namespace {

/// Rows of kvSize floats per position, one plane per block.
class ReferenceCache final : public KvCache {
  public:
    ReferenceCache(const ModelConfig& config, int64_t capacity, const CacheFormat& format)
        : m_width(config.kvSize()),
          m_headDim(config.headDim),
          m_planeSize(capacity * config.kvSize()),
          m_format(format),
          m_keys(static_cast<size_t>(m_planeSize * config.blockCount)),
          m_values(m_keys.size()) {}
    float* key(int64_t block, int64_t position) { return m_keys.data() + block * m_planeSize + position * m_width; }
    float* value(int64_t block, int64_t position) { return m_values.data() + block * m_planeSize + position * m_width; }

    /// Appends the keys and values of one call.
    void store(const AttentionCall& call) {
        for (int64_t token = 0; token < call.tokens; ++token) {
            const int64_t position = call.firstPosition + token;
            storeRow(m_format.key, call.k + token * m_width, key(call.block, position));
            storeRow(m_format.value, call.v + token * m_width, value(call.block, position));
        }
    }

  private:
    /// A row as it comes back from cells of a type, each head encoded by itself.
    void storeRow(DType type, const float* in, float* out) const {
        if (type == DType::kF32) {
            std::copy_n(in, m_width, out);
            return;
        }
        const PackedLayout layout = PackedLayout::of(Format::of(type), m_headDim);
        std::vector<std::byte> packed(static_cast<size_t>(layout.rowBytes));
        const auto count = static_cast<size_t>(m_headDim);
        for (int64_t head = 0; head < m_width; head += m_headDim) {
            const Status encoded = encodeRowsReference(layout, {in + head, count}, 1, {}, packed);
            const Status decoded = decodeRowsReference(layout, packed, 1, {out + head, count});
            HT_CHECK(encoded && decoded);  // the types of a cache are checked when it is made
        }
    }

    int64_t m_width;
    int64_t m_headDim;
    int64_t m_planeSize;
    CacheFormat m_format;
    std::vector<float> m_keys, m_values;
};

double activate(Activation activation, double x) {
    switch (activation) {
        case Activation::kSilu:
            return x / (1.0 + std::exp(-x));
        case Activation::kGeluErf:
            return 0.5 * x * std::erfc(-x / std::numbers::sqrt2);
        case Activation::kGeluTanh:
            break;
    }
    return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

/// A row of weights as it is meant, correction included.
Status readRow(const PackedTensor& weight, int64_t row, std::span<float> out) {
    HT_TRY(decodeRowsReference(weight.layout, weight.row(row), 1, out));
    return weight.correction ? addCorrectionReference(*weight.correction, row, out) : Status();
}

double dot(const float* a, const float* b, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += double(a[i]) * double(b[i]);
    return sum;
}

}  // namespace

std::unique_ptr<KvCache> ReferenceKernels::createCache(int64_t capacity, const CacheFormat& format) const {
    return std::make_unique<ReferenceCache>(m_config, capacity, format);
}

Status ReferenceKernels::decodeTableRows(const PackedTensor& table, std::span<const int64_t> rows, float* out) const {
    const auto cols = static_cast<size_t>(table.cols());
    for (const int64_t row : rows) {
        HT_TRY(readRow(table, row, {out, cols}));
        out += cols;
    }
    return {};
}

void ReferenceKernels::rmsNorm(const NormCall& call, const JobContext&) const {
    for (int64_t row = 0; row < call.rows; ++row) {
        const float* in = call.in + row * call.width;
        const double scale = 1.0 / std::sqrt(dot(in, in, call.width) / double(call.width) + double(call.epsilon));
        for (int64_t i = 0; i < call.width; ++i) {
            call.out[row * call.width + i] = static_cast<float>(double(in[i]) * scale * double(call.weight[i]));
        }
    }
}

void ReferenceKernels::layerNorm(const NormCall& call, const JobContext&) const {
    for (int64_t row = 0; row < call.rows; ++row) {
        const float* in = call.in + row * call.width;
        double mean = 0, variance = 0;
        for (int64_t i = 0; i < call.width; ++i) mean += double(in[i]);
        mean /= double(call.width);
        for (int64_t i = 0; i < call.width; ++i) variance += (double(in[i]) - mean) * (double(in[i]) - mean);
        const double scale = 1.0 / std::sqrt(variance / double(call.width) + double(call.epsilon));
        for (int64_t i = 0; i < call.width; ++i) {
            call.out[row * call.width + i] =
                static_cast<float>((double(in[i]) - mean) * scale * double(call.weight[i]) + double(call.bias[i]));
        }
    }
}

Status ReferenceKernels::linear(std::span<const LinearCall> calls, const JobContext& context) const {
    std::vector<float> row;
    for (const LinearCall& call : calls) {
        const int64_t rows = call.weight->rows, cols = call.weight->cols();
        row.resize(static_cast<size_t>(cols));
        for (int64_t r = 0; r < rows; ++r) {
            HT_TRY(context.checkpoint());
            HT_TRY(readRow(*call.weight, r, row));
            const double bias = call.bias ? double(call.bias[r]) : 0.0;
            for (int64_t token = 0; token < call.tokens; ++token) {
                call.out[token * rows + r] = static_cast<float>(dot(row.data(), call.in + token * cols, cols) + bias);
            }
        }
    }
    return {};
}

void ReferenceKernels::rope(const RopeCall& call, const JobContext&) const {
    const int64_t headDim = m_config.headDim, rotaryDim = m_config.rotaryDim;
    const bool interleaved = m_config.ropeStyle == RopeStyle::kInterleaved;
    for (int64_t row = 0; row < call.tokens * call.heads; ++row) {
        const int64_t position = call.firstPosition + row / call.heads;
        const float* in = call.in + row * headDim;
        float* out = call.out + row * headDim;
        for (int64_t i = rotaryDim; i < headDim; ++i) out[i] = in[i];
        for (int64_t pair = 0; pair < rotaryDim / 2; ++pair) {
            const double angle = double(position) * double(m_config.inverseFrequencies[static_cast<size_t>(pair)]);
            const double cosine = std::cos(angle) * double(m_config.ropeAttentionFactor);
            const double sine = std::sin(angle) * double(m_config.ropeAttentionFactor);
            const int64_t first = interleaved ? 2 * pair : pair;
            const int64_t second = interleaved ? 2 * pair + 1 : pair + rotaryDim / 2;
            const double x = double(in[first]), y = double(in[second]);
            out[first] = static_cast<float>(x * cosine - y * sine);
            out[second] = static_cast<float>(y * cosine + x * sine);
        }
    }
}

void ReferenceKernels::attention(const AttentionCall& call, const JobContext& context) const {
    auto& cache = static_cast<ReferenceCache&>(*call.cache);
    const int64_t headDim = m_config.headDim, qSize = m_config.qSize();
    const int64_t window = m_config.windowOf(call.block), headsPerKv = m_config.headCount / m_config.kvHeadCount;
    cache.store(call);
    std::vector<double> scores, sums(static_cast<size_t>(headDim));
    for (int64_t index = 0; index < call.tokens * m_config.headCount && !context.cancelled(); ++index) {
        const int64_t token = index / m_config.headCount, head = index % m_config.headCount;
        const int64_t last = call.firstPosition + token,
                      first = window > 0 ? std::max<int64_t>(0, last - window + 1) : 0;
        const int64_t kvOffset = head / headsPerKv * headDim;
        const float* q = call.q + token * qSize + head * headDim;
        scores.resize(static_cast<size_t>(last - first + 1));
        double maximum = -1e300, total = 0;
        for (int64_t position = first; position <= last; ++position) {
            double& score = scores[static_cast<size_t>(position - first)];
            score = dot(q, cache.key(call.block, position) + kvOffset, headDim) * double(m_config.attentionScale);
            maximum = std::max(maximum, score);
        }
        std::fill(sums.begin(), sums.end(), 0.0);
        for (int64_t position = first; position <= last; ++position) {
            const double weight = std::exp(scores[static_cast<size_t>(position - first)] - maximum);
            const float* v = cache.value(call.block, position) + kvOffset;
            total += weight;
            for (int64_t i = 0; i < headDim; ++i) sums[static_cast<size_t>(i)] += weight * double(v[i]);
        }
        float* out = call.out + token * qSize + head * headDim;
        for (int64_t i = 0; i < headDim; ++i) out[i] = static_cast<float>(sums[static_cast<size_t>(i)] / total);
    }
}

void ReferenceKernels::gatedActivation(const ElementwiseCall& call, const JobContext&) const {
    for (int64_t i = 0; i < call.count; ++i) {
        call.out[i] = static_cast<float>(activate(m_config.activation, double(call.in[i])) * double(call.in2[i]));
    }
}

void ReferenceKernels::activation(const ElementwiseCall& call, const JobContext&) const {
    for (int64_t i = 0; i < call.count; ++i)
        call.out[i] = static_cast<float>(activate(m_config.activation, double(call.in[i])));
}

void ReferenceKernels::add(const ElementwiseCall& call, const JobContext&) const {
    for (int64_t i = 0; i < call.count; ++i) call.out[i] = call.in[i] + call.in2[i];
}

void ReferenceKernels::accumulateLogSumExp(const float* logits, int64_t width, std::span<LogSumExp> sums,
                                           const JobContext&) const {
    for (LogSumExp& sum : sums) {
        for (int64_t i = 0; i < width; ++i) {
            const auto logit = double(logits[i]);
            if (logit > sum.maximum) {
                sum.sum = sum.sum * std::exp(sum.maximum - logit) + 1.0;
                sum.maximum = logit;
            } else {
                sum.sum += std::exp(logit - sum.maximum);
            }
        }
        logits += width;
    }
}

}  // namespace halftone
