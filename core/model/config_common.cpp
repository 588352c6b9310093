// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/config_common.h"

#include <cmath>

#include <fmt/format.h>

namespace halftone {
namespace {

struct Bound {
    std::string_view what;
    int64_t value;
    int64_t least, most;
};

/// A tensor whose shape follows from the configuration.
struct ExpectedShape {
    std::string_view tensor;
    int64_t rows, cols;  ///< -1: any
};

Status checkShape(const Checkpoint& checkpoint, const ExpectedShape& expected) {
    const TensorInfo* tensor = checkpoint.find(expected.tensor);
    if (!tensor) return {};  // fused or absent: binding the graph names what is missing
    const bool rowsDiffer = expected.rows >= 0 && tensor->rows() != expected.rows;
    const bool colsDiffer = expected.cols >= 0 && tensor->cols() != expected.cols;
    if (!rowsDiffer && !colsDiffer) return {};
    return makeError(
        ErrorCode::kInvalidData,
        fmt::format("Tensor '{}' is {} x {}, but the model's configuration asks for {} x {}; the configuration and the "
                    "weights do not belong together.",
                    tensor->name, tensor->rows(), tensor->cols(), expected.rows < 0 ? tensor->rows() : expected.rows,
                    expected.cols < 0 ? tensor->cols() : expected.cols));
}

Status checkShapes(const ModelConfig& config, const Checkpoint& checkpoint) {
    const bool isGpt2 = config.architecture == Architecture::kGpt2;
    const ExpectedShape shapes[] = {
        {"token_embd.weight", config.vocabSize, config.hiddenSize},
        {"output_norm.weight", 1, config.hiddenSize},
        {"blk.0.attn_q.weight", config.qSize(), config.hiddenSize},
        {"blk.0.attn_k.weight", config.kvSize(), config.hiddenSize},
        {"blk.0.attn_v.weight", config.kvSize(), config.hiddenSize},
        {"blk.0.attn_qkv.weight", config.qSize() + 2 * config.kvSize(), config.hiddenSize},
        {"blk.0.attn_output.weight", config.hiddenSize, config.qSize()},
        {"blk.0.ffn_up.weight", config.ffnSize, config.hiddenSize},
        {"blk.0.ffn_down.weight", config.hiddenSize, config.ffnSize},
        {"position_embd.weight", isGpt2 ? config.contextLength : -1, config.hiddenSize},
    };
    for (const ExpectedShape& shape : shapes) HT_TRY(checkShape(checkpoint, shape));
    return {};
}

Status checkBlockCount(const ModelConfig& config, const Checkpoint& checkpoint) {
    int lastBlock = -1;
    for (const TensorInfo& tensor : checkpoint.tensors()) lastBlock = std::max(lastBlock, tensor.block);
    if (lastBlock + 1 == config.blockCount) return {};
    return makeError(
        ErrorCode::kInvalidData,
        fmt::format("The configuration speaks of {} transformer blocks, but the weights hold {}; a part of the "
                    "checkpoint may be missing.",
                    config.blockCount, lastBlock + 1));
}

Status checkRotation(const ModelConfig& config) {
    if (config.ropeStyle == RopeStyle::kNone) return {};
    if (config.rotaryDim < 2 || config.rotaryDim % 2 != 0 || config.rotaryDim > config.headDim) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format(
                "The model rotates {} of {} dimensions per head; the number must be even, positive and not larger.",
                config.rotaryDim, config.headDim));
    }
    return {};
}

}  // namespace

Status validateSizes(const ModelConfig& config) {
    const Bound bounds[] = {
        {"vocabulary size", config.vocabSize, 1, int64_t{1} << 24},
        {"hidden size", config.hiddenSize, 1, int64_t{1} << 20},
        {"feed-forward size", config.ffnSize, 1, int64_t{1} << 22},
        {"number of blocks", config.blockCount, 1, 4096},
        {"number of attention heads", config.headCount, 1, 4096},
        {"number of key-value heads", config.kvHeadCount, 1, 4096},
        {"head dimension", config.headDim, 1, 4096},
        {"context length", config.contextLength, 1, int64_t{1} << 28},
        {"sliding window", config.slidingWindow, 0, int64_t{1} << 40},
    };
    for (const Bound& bound : bounds) {
        if (bound.value >= bound.least && bound.value <= bound.most) continue;
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("The configuration gives {} as {}; a number from {} to {} was expected.",
                                     bound.what, bound.value, bound.least, bound.most));
    }
    if (config.headCount % config.kvHeadCount != 0) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format(
                "The configuration has {} attention heads and {} key-value heads; the first must be a multiple of "
                "the second.",
                config.headCount, config.kvHeadCount));
    }
    return {};
}

Status validateConfig(ModelConfig& config, const Checkpoint& checkpoint) {
    HT_TRY(validateSizes(config));
    HT_TRY(checkRotation(config));
    if (!(std::isfinite(config.normEpsilon) && config.normEpsilon >= 0 && config.normEpsilon < 1)) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("The normalization's epsilon is {}; a small positive number was expected.",
                                     config.normEpsilon));
    }
    if (config.attentionScale == 0) config.attentionScale = static_cast<float>(1.0 / std::sqrt(double(config.headDim)));
    if (!(std::isfinite(config.attentionScale) && config.attentionScale > 0)) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("The attention scale is {}; a positive number was expected.", config.attentionScale));
    }
    HT_TRY(checkShapes(config, checkpoint));
    HT_TRY(checkBlockCount(config, checkpoint));
    const auto outsideVocabulary = [&](const std::optional<int64_t>& id) {
        return id && (*id < 0 || *id >= config.vocabSize);
    };
    if (outsideVocabulary(config.bosToken)) config.bosToken.reset();
    if (outsideVocabulary(config.eosToken)) config.eosToken.reset();
    return {};
}

Result<Activation> parseActivation(std::string_view name) {
    if (name == "silu" || name == "swish") return Activation::kSilu;
    if (name == "gelu") return Activation::kGeluErf;
    if (name == "gelu_new" || name == "gelu_pytorch_tanh" || name == "gelu_fast" || name == "gelu_tanh")
        return Activation::kGeluTanh;
    return makeError(
        ErrorCode::kUnsupported,
        fmt::format("The model uses the activation function '{}', which does not run here; its weights can still be "
                    "browsed and quantized.",
                    name));
}

tl::unexpected<Error> unsupportedModel(std::string_view architecture, std::string_view why) {
    return makeError(
        ErrorCode::kUnsupported,
        fmt::format("The architecture '{}' does not run here: {}. Its weights can still be browsed and quantized.",
                    architecture, why));
}

Result<int64_t> required(std::optional<int64_t> value, std::string_view key) {
    if (value) return *value;
    return makeError(
        ErrorCode::kInvalidData,
        fmt::format("The model's configuration has no usable '{}'; the model cannot be run without it.", key));
}

Result<int64_t> embeddingRows(const Checkpoint& checkpoint) {
    const TensorInfo* embedding = checkpoint.find("token_embd.weight");
    if (embedding) return embedding->rows();
    return makeError(ErrorCode::kInvalidData,
                     "The checkpoint has no token embedding ('token_embd.weight'); the model cannot be run.");
}

}  // namespace halftone
