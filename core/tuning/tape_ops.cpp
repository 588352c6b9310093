// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tuning/tape_ops.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/checked.h"

namespace halftone::tape {
namespace {

constexpr int64_t kPieceRows = 32;  ///< of elementwise work
constexpr int64_t kPieceValues = 1 << 14;

/// A function and its derivative.
struct Slope {
    double value = 0;
    double derivative = 0;
};

Slope activate(Activation activation, double x) {
    switch (activation) {
        case Activation::kSilu: {
            const double sigmoid = 1.0 / (1.0 + std::exp(-x));
            return {x * sigmoid, sigmoid * (1.0 + x * (1.0 - sigmoid))};
        }
        case Activation::kGeluErf: {
            const double share = 0.5 * std::erfc(-x / std::numbers::sqrt2);
            const double density = std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
            return {x * share, share + x * density};
        }
        case Activation::kGeluTanh:
            break;
    }
    const double inner = std::sqrt(2.0 / std::numbers::pi);
    const double turn = std::tanh(inner * (x + 0.044715 * x * x * x));
    const double slope = (1.0 - turn * turn) * inner * (1.0 + 3 * 0.044715 * x * x);
    return {0.5 * x * (1.0 + turn), 0.5 * (1.0 + turn) + 0.5 * x * slope};
}

/// Mean and 1 / deviation of a row; the mean of an RMS norm is 0.
struct RowScale {
    double mean = 0;
    double factor = 0;
};

RowScale rowScale(const NormShape& shape, const float* row) {
    RowScale scale;
    if (shape.centered) {
        for (int64_t i = 0; i < shape.width; ++i) scale.mean += double(row[i]);
        scale.mean /= double(shape.width);
    }
    double squares = 0;
    for (int64_t i = 0; i < shape.width; ++i) {
        squares += (double(row[i]) - scale.mean) * (double(row[i]) - scale.mean);
    }
    scale.factor = 1.0 / std::sqrt(squares / double(shape.width) + double(shape.epsilon));
    return scale;
}

void normRowBackward(const NormShape& shape, const float* in, std::span<const float> weight, const float* outGradient,
                     float* inGradient) {
    const RowScale scale = rowScale(shape, in);
    double mean = 0, along = 0;  // of the gradient, and of it times the normalized row
    for (int64_t i = 0; i < shape.width; ++i) {
        const double g = double(outGradient[i]) * double(weight[static_cast<size_t>(i)]);
        mean += g;
        along += g * (double(in[i]) - scale.mean) * scale.factor;
    }
    mean = shape.centered ? mean / double(shape.width) : 0;
    along /= double(shape.width);
    for (int64_t i = 0; i < shape.width; ++i) {
        const double g = double(outGradient[i]) * double(weight[static_cast<size_t>(i)]);
        const double normalized = (double(in[i]) - scale.mean) * scale.factor;
        inGradient[i] += static_cast<float>(scale.factor * (g - mean - normalized * along));
    }
}

}  // namespace

void product(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
             const ProductTarget<float>& c, const JobContext& context) {
    // Every piece packs b again: as few pieces as keep the threads busy.
    const int64_t pieces = std::max<int64_t>(1, std::min<int64_t>(2 * context.pool.threadCount(), shape.m / 16));
    const int64_t grain = ceilDiv(ceilDiv(shape.m, pieces), 4) * 4;
    context.pool.parallelFor(shape.m, grain, [&](int64_t begin, int64_t end) {
        addProductFused({end - begin, shape.n, shape.k}, {a.data + begin * a.rowStride, a.rowStride, a.colStride}, b,
                        {c.data + begin * c.rowStride, c.rowStride});
    });
}

void transpose(std::span<const float> in, int64_t rows, int64_t cols, std::span<float> out, const JobContext& context) {
    context.pool.parallelFor(cols, kPieceRows, [&](int64_t begin, int64_t end) {
        for (int64_t row = 0; row < rows; ++row) {
            for (int64_t col = begin; col < end; ++col) {
                out[static_cast<size_t>(col * rows + row)] = in[static_cast<size_t>(row * cols + col)];
            }
        }
    });
}

void normForward(const NormShape& shape, std::span<const float> in, std::span<const float> weight,
                 std::span<const float> bias, std::span<float> out, const JobContext& context) {
    context.pool.parallelFor(shape.rows, kPieceRows, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const float* from = in.data() + row * shape.width;
            float* to = out.data() + row * shape.width;
            const RowScale scale = rowScale(shape, from);
            for (int64_t i = 0; i < shape.width; ++i) {
                const auto at = static_cast<size_t>(i);
                const double offset = bias.empty() ? 0.0 : double(bias[at]);
                to[i] = static_cast<float>((double(from[i]) - scale.mean) * scale.factor * double(weight[at]) + offset);
            }
        }
    });
}

void normBackward(const NormShape& shape, std::span<const float> in, std::span<const float> weight,
                  std::span<const float> outGradient, std::span<float> inGradient, const JobContext& context) {
    context.pool.parallelFor(shape.rows, kPieceRows, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const int64_t at = row * shape.width;
            normRowBackward(shape, in.data() + at, weight, outGradient.data() + at, inGradient.data() + at);
        }
    });
}

void rotateAdd(const Rotation& rotation, float direction, std::span<const float> in, std::span<float> out,
               const JobContext& context) {
    const ModelConfig& config = *rotation.config;
    const int64_t headDim = config.headDim, pairs = config.rotaryDim / 2;
    const bool interleaved = config.ropeStyle == RopeStyle::kInterleaved;
    const auto rotateRow = [&](int64_t row) {
        const int64_t position = rotation.positions[static_cast<size_t>(row / rotation.heads)];
        const float* cosines = rotation.cosines.data() + position * pairs;
        const float* sines = rotation.sines.data() + position * pairs;
        const float* from = in.data() + row * headDim;
        float* to = out.data() + row * headDim;
        for (int64_t pair = 0; pair < pairs; ++pair) {
            const int64_t first = interleaved ? 2 * pair : pair;
            const int64_t second = interleaved ? 2 * pair + 1 : pair + pairs;
            const float sine = direction * sines[pair];
            to[first] += from[first] * cosines[pair] - from[second] * sine;
            to[second] += from[second] * cosines[pair] + from[first] * sine;
        }
        for (int64_t i = 2 * pairs; i < headDim; ++i) to[i] += from[i];
    };
    const auto rows = static_cast<int64_t>(rotation.positions.size()) * rotation.heads;
    context.pool.parallelFor(rows, kPieceRows * rotation.heads, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) rotateRow(row);
    });
}

void activationForward(Activation activation, std::span<const float> in, std::span<const float> gate,
                       std::span<float> out, const JobContext& context) {
    context.pool.parallelFor(std::ssize(in), kPieceValues, [&](int64_t begin, int64_t end) {
        for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
            const double factor = gate.empty() ? 1.0 : double(gate[i]);
            out[i] = static_cast<float>(activate(activation, double(in[i])).value * factor);
        }
    });
}

void activationBackward(Activation activation, std::span<const float> in, std::span<const float> gate,
                        std::span<const float> outGradient, const ActivationGradients& gradients,
                        const JobContext& context) {
    context.pool.parallelFor(std::ssize(in), kPieceValues, [&](int64_t begin, int64_t end) {
        for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
            const Slope slope = activate(activation, double(in[i]));
            const double factor = gate.empty() ? 1.0 : double(gate[i]);
            const double g = double(outGradient[i]);
            if (!gradients.in.empty()) gradients.in[i] += static_cast<float>(g * slope.derivative * factor);
            if (!gradients.gate.empty()) gradients.gate[i] += static_cast<float>(g * slope.value);
        }
    });
}

}  // namespace halftone::tape
