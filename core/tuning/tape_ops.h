// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/base/job_context.h"
#include "core/model/model_config.h"
#include "core/quant/methods/dense_kernels.h"

/// Operations of a block and their derivatives, binary32 with sums in binary64; definitions: ReferenceKernels. Backward
/// functions add to the gradients of what was read. Private to core/tuning.
namespace halftone::tape {

/// addProductFused() on all threads.
void product(const ProductShape& shape, const MatrixView<float>& a, const MatrixView<float>& b,
             const ProductTarget<float>& c, const JobContext& context);
/// out[cols][rows] = in[rows][cols].
void transpose(std::span<const float> in, int64_t rows, int64_t cols, std::span<float> out, const JobContext& context);

/// Rows of `width` values.
struct NormShape {
    int64_t rows = 0;
    int64_t width = 0;
    float epsilon = 0;
    bool centered = false;  ///< LayerNorm; otherwise RMS norm
};
/// `bias` is empty without one.
void normForward(const NormShape& shape, std::span<const float> in, std::span<const float> weight,
                 std::span<const float> bias, std::span<float> out, const JobContext& context);
void normBackward(const NormShape& shape, std::span<const float> in, std::span<const float> weight,
                  std::span<const float> outGradient, std::span<float> inGradient, const JobContext& context);

/// Rotates heads by the angles of each token's position; `direction` -1 turns back, which is the derivative too.
struct Rotation {
    const ModelConfig* config = nullptr;
    std::span<const int32_t> positions;  ///< by token
    std::span<const float> cosines;      ///< position x pair
    std::span<const float> sines;
    int64_t heads = 0;
};
void rotateAdd(const Rotation& rotation, float direction, std::span<const float> in, std::span<float> out,
               const JobContext& context);

/// out = act(in) * gate; an empty gate is 1.
void activationForward(Activation activation, std::span<const float> in, std::span<const float> gate,
                       std::span<float> out, const JobContext& context);
/// Empty gradients are not wanted.
struct ActivationGradients {
    std::span<float> in;
    std::span<float> gate;
};
void activationBackward(Activation activation, std::span<const float> in, std::span<const float> gate,
                        std::span<const float> outGradient, const ActivationGradients& gradients,
                        const JobContext& context);

/// Keys and values of a window and the queries that see them; pointers to its first token, heads side by side.
struct AttentionWindow {
    int64_t tokens = 0;
    const float* q = nullptr;
    const float* k = nullptr;
    const float* v = nullptr;
};
/// Where the heads that share one key and value head write; `out` is zeroed by the caller.
void attentionForward(const ModelConfig& config, int block, const AttentionWindow& window, int64_t kvHead, float* out);
/// Adds to all three.
struct AttentionGradients {
    const float* out = nullptr;
    float* q = nullptr;
    float* k = nullptr;
    float* v = nullptr;
};
void attentionBackward(const ModelConfig& config, int block, const AttentionWindow& window, int64_t kvHead,
                       const AttentionGradients& gradients);

}  // namespace halftone::tape
