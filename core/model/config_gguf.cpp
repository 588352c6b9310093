// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "core/model/config_common.h"
#include "core/model/rope_scaling.h"
#include "core/quant/formats/codec.h"

namespace halftone {
namespace {

/// The metadata of one architecture: keys without the "llama." in front.
class ArchitectureKeys {
  public:
    explicit ArchitectureKeys(const Checkpoint& checkpoint)
        : m_metadata(checkpoint.gguf()), m_prefix(checkpoint.architecture() + ".") {}

    [[nodiscard]] std::string full(std::string_view key) const { return m_prefix + std::string(key); }
    [[nodiscard]] std::optional<int64_t> integer(std::string_view key) const { return m_metadata.integer(full(key)); }
    [[nodiscard]] std::optional<double> number(std::string_view key) const { return m_metadata.number(full(key)); }
    [[nodiscard]] std::optional<bool> boolean(std::string_view key) const { return m_metadata.boolean(full(key)); }
    [[nodiscard]] const std::string* string(std::string_view key) const { return m_metadata.string(full(key)); }

    /// An integer that some files give once per block; kUnsupported if the blocks differ.
    [[nodiscard]] Result<std::optional<int64_t>> uniform(std::string_view key) const {
        if (const auto single = integer(key)) return single;
        const GgufArray* array = m_metadata.array(full(key));
        if (!array) return std::optional<int64_t>{};
        std::optional<int64_t> value;
        bool same = true;
        std::visit(
            [&](const auto& items) {
                using Item = typename std::decay_t<decltype(items)>::value_type;
                if constexpr (std::is_integral_v<Item>) {
                    for (const Item item : items) {
                        same = same && (!value || *value == static_cast<int64_t>(item));
                        value = static_cast<int64_t>(item);
                    }
                }
            },
            array->values);
        if (same) return value;
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format(
                "'{}' differs from block to block, which does not run here; the weights can still be browsed and "
                "quantized.",
                full(key)));
    }

  private:
    const GgufMetadata& m_metadata;
    std::string m_prefix;
};

Result<Architecture> architectureOf(const Checkpoint& checkpoint, const ArchitectureKeys& keys) {
    const std::string& name = checkpoint.architecture();
    if (keys.integer("expert_count").value_or(0) > 0) return unsupportedModel(name, "it is a mixture of experts");
    if (keys.boolean("attention.causal") == false) return unsupportedModel(name, "its attention is not causal");
    if (name == "llama") return Architecture::kLlama;
    if (name == "qwen2") return Architecture::kQwen2;
    if (name == "qwen3") return Architecture::kQwen3;
    if (name == "gpt2") return Architecture::kGpt2;
    if (name.empty())
        return makeError(ErrorCode::kUnsupported,
                         "The file does not say which architecture it is (general.architecture), "
                         "so it cannot be run; its weights can still be browsed.");
    return unsupportedModel(name, "llama, mistral, qwen2, qwen3 and gpt2 do");
}

Status readSizes(ModelConfig& config, const ArchitectureKeys& keys) {
    HT_ASSIGN_OR_RETURN(config.hiddenSize, required(keys.integer("embedding_length"), keys.full("embedding_length")));
    HT_ASSIGN_OR_RETURN(config.blockCount, required(keys.integer("block_count"), keys.full("block_count")));
    HT_ASSIGN_OR_RETURN(config.contextLength, required(keys.integer("context_length"), keys.full("context_length")));
    HT_ASSIGN_OR_RETURN(const auto ffnSize, keys.uniform("feed_forward_length"));
    HT_ASSIGN_OR_RETURN(config.ffnSize, required(ffnSize, keys.full("feed_forward_length")));
    HT_ASSIGN_OR_RETURN(const auto headCount, keys.uniform("attention.head_count"));
    HT_ASSIGN_OR_RETURN(config.headCount, required(headCount, keys.full("attention.head_count")));
    HT_ASSIGN_OR_RETURN(const auto kvHeadCount, keys.uniform("attention.head_count_kv"));
    config.kvHeadCount = kvHeadCount.value_or(config.headCount);
    if (config.headCount < 1) return validateSizes(config);
    config.headDim = keys.integer("attention.key_length").value_or(config.hiddenSize / config.headCount);
    const int64_t valueLength = keys.integer("attention.value_length").value_or(config.headDim);
    if (valueLength != config.headDim) {
        return makeError(
            ErrorCode::kUnsupported,
            fmt::format(
                "Keys have {} dimensions per head and values {}; models with different lengths do not run here.",
                config.headDim, valueLength));
    }
    return {};
}

/// rope_freqs.weight holds one divisor per pair of dimensions (that is how GGUF states llama3 scaling).
Status applyRopeFactors(ModelConfig& config, const Checkpoint& checkpoint) {
    const TensorInfo* tensor = checkpoint.find("rope_freqs.weight");
    if (!tensor || config.ropeStyle == RopeStyle::kNone) return {};
    const auto pairs = static_cast<int64_t>(config.inverseFrequencies.size());
    if (tensor->elementCount() != pairs) {
        return makeError(ErrorCode::kInvalidData,
                         fmt::format("Tensor '{}' holds {} rotary factors, but the heads have {} pairs.", tensor->name,
                                     tensor->elementCount(), pairs));
    }
    std::vector<float> factors(static_cast<size_t>(pairs));
    const PackedLayout layout = PackedLayout::of(Format::of(tensor->dtype), tensor->cols());
    HT_TRY(decodeRows(layout, checkpoint.bytes(*tensor), tensor->rows(), factors));
    for (size_t pair = 0; pair < factors.size(); ++pair) {
        if (!(std::isfinite(factors[pair]) && factors[pair] > 0)) {
            return makeError(ErrorCode::kInvalidData,
                             fmt::format("Tensor '{}' holds the rotary factor {} at {}; it must be positive.",
                                         tensor->name, factors[pair], pair));
        }
        config.inverseFrequencies[pair] /= factors[pair];
    }
    return {};
}

Result<RopeScaling> readScaling(const ModelConfig& config, const ArchitectureKeys& keys) {
    RopeScaling scaling;
    scaling.factor = keys.number("rope.scaling.factor").value_or(1.0);
    const std::string* type = keys.string("rope.scaling.type");
    if (!type) {
        const double linear = keys.number("rope.scale_linear").value_or(scaling.factor);
        if (linear != 1.0) scaling.kind = RopeScaling::Kind::kLinear;
        scaling.factor = linear;
        return scaling;
    }
    if (*type == "none") return scaling;
    if (*type == "linear") {
        scaling.kind = RopeScaling::Kind::kLinear;
        return scaling;
    }
    if (*type != "yarn") {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("The rotary scaling '{}' does not run here; the weights can still be "
                                     "browsed and quantized.",
                                     *type));
    }
    scaling.kind = RopeScaling::Kind::kYarn;
    scaling.originalContext =
        keys.number("rope.scaling.original_context_length").value_or(double(config.contextLength));
    scaling.betaFast = keys.number("rope.scaling.yarn_beta_fast").value_or(32.0);
    scaling.betaSlow = keys.number("rope.scaling.yarn_beta_slow").value_or(1.0);
    // The file's factor multiplies the usual one rather than replacing it.
    const double usual = scaling.factor > 1.0 ? 0.1 * std::log(scaling.factor) + 1.0 : 1.0;
    scaling.attentionFactor = usual * keys.number("rope.scaling.attn_factor").value_or(1.0);
    return scaling;
}

Status readRope(ModelConfig& config, const ArchitectureKeys& keys) {
    if (config.architecture == Architecture::kGpt2) {
        config.ropeStyle = RopeStyle::kNone;
        return {};
    }
    config.ropeStyle = config.architecture == Architecture::kLlama ? RopeStyle::kInterleaved : RopeStyle::kHalfSplit;
    config.rotaryDim = keys.integer("rope.dimension_count").value_or(config.headDim);
    config.ropeBase = keys.number("rope.freq_base").value_or(10000.0);
    return {};
}

}  // namespace

Result<ModelConfig> configFromGguf(const Checkpoint& checkpoint) {
    const ArchitectureKeys keys(checkpoint);
    ModelConfig config;
    HT_ASSIGN_OR_RETURN(config.architecture, architectureOf(checkpoint, keys));
    HT_ASSIGN_OR_RETURN(config.vocabSize, embeddingRows(checkpoint));
    HT_TRY(readSizes(config, keys));
    const bool isGpt2 = config.architecture == Architecture::kGpt2;
    config.normEpsilon = static_cast<float>(
        keys.number(isGpt2 ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon").value_or(1e-5));
    config.activation = isGpt2 ? Activation::kGeluTanh : Activation::kSilu;
    config.attentionScale = static_cast<float>(keys.number("attention.scale").value_or(0.0));
    config.slidingWindow = keys.integer("attention.sliding_window").value_or(0);
    config.tiedEmbeddings = checkpoint.find("output.weight") == nullptr;
    config.bosToken = checkpoint.gguf().integer("tokenizer.ggml.bos_token_id");
    config.eosToken = checkpoint.gguf().integer("tokenizer.ggml.eos_token_id");
    HT_TRY(readRope(config, keys));
    HT_TRY(validateConfig(config, checkpoint));
    HT_ASSIGN_OR_RETURN(const RopeScaling scaling, readScaling(config, keys));
    HT_TRY(resolveRope(config, scaling));
    HT_TRY(applyRopeFactors(config, checkpoint));
    return config;
}

}  // namespace halftone
