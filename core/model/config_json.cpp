// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/model/config_common.h"
#include "core/model/rope_scaling.h"

namespace halftone {
namespace {

using Json = nlohmann::json;

/// Typed look-ups in one object of config.json; null counts as missing, numbers out of range as missing.
class JsonKeys {
  public:
    explicit JsonKeys(const Json& object) : m_object(object) {}

    [[nodiscard]] const Json* find(const char* key) const {
        const auto found = m_object.find(key);
        return found == m_object.end() || found->is_null() ? nullptr : &*found;
    }
    [[nodiscard]] std::optional<double> number(const char* key) const {
        const Json* value = find(key);
        if (!value || !value->is_number()) return std::nullopt;
        return value->get<double>();
    }
    [[nodiscard]] std::optional<int64_t> integer(const char* key) const {
        const auto value = number(key);
        if (!value || std::floor(*value) != *value || std::abs(*value) > 0x1p53) return std::nullopt;
        return static_cast<int64_t>(*value);
    }
    /// The first of two spellings that is there.
    [[nodiscard]] std::optional<int64_t> integer(const char* key, const char* alternative) const {
        const auto value = integer(key);
        return value ? value : integer(alternative);
    }
    [[nodiscard]] bool boolean(const char* key, bool otherwise) const {
        const Json* value = find(key);
        return value && value->is_boolean() ? value->get<bool>() : otherwise;
    }
    [[nodiscard]] std::string string(const char* key) const {
        const Json* value = find(key);
        return value && value->is_string() ? value->get<std::string>() : std::string();
    }
    /// A token id, or the first of a list of them.
    [[nodiscard]] std::optional<int64_t> tokenId(const char* key) const {
        const Json* value = find(key);
        if (value && value->is_array() && !value->empty()) value = &value->front();
        if (!value || !value->is_number_integer()) return std::nullopt;
        return value->get<int64_t>();
    }

  private:
    const Json& m_object;
};

Result<Architecture> architectureOf(const std::string& modelType, const JsonKeys& keys) {
    if (keys.find("quantization_config")) {
        return makeError(
            ErrorCode::kUnsupported,
            "The weights of this folder are already quantized in a way that does not run here (quantization_config in "
            "config.json); they can still be browsed.");
    }
    if (modelType == "llama") return Architecture::kLlama;
    if (modelType == "mistral") return Architecture::kMistral;
    if (modelType == "qwen2") return Architecture::kQwen2;
    if (modelType == "qwen3") return Architecture::kQwen3;
    if (modelType == "gpt2") return Architecture::kGpt2;
    if (modelType.empty()) {
        return makeError(ErrorCode::kUnsupported,
                         "config.json does not say which architecture the model is (model_type), so it cannot be "
                         "run; its weights can still be browsed.");
    }
    return unsupportedModel(modelType, "llama, mistral, qwen2, qwen3 and gpt2 do");
}

Status readGpt2(ModelConfig& config, const JsonKeys& keys) {
    HT_ASSIGN_OR_RETURN(config.vocabSize, required(keys.integer("vocab_size"), "vocab_size"));
    HT_ASSIGN_OR_RETURN(config.hiddenSize, required(keys.integer("n_embd", "hidden_size"), "n_embd"));
    HT_ASSIGN_OR_RETURN(config.blockCount, required(keys.integer("n_layer", "num_hidden_layers"), "n_layer"));
    HT_ASSIGN_OR_RETURN(config.headCount, required(keys.integer("n_head", "num_attention_heads"), "n_head"));
    HT_ASSIGN_OR_RETURN(config.contextLength, required(keys.integer("n_positions", "n_ctx"), "n_positions"));
    if (config.hiddenSize < 1 || config.hiddenSize > (int64_t{1} << 20) || config.headCount < 1) {
        config.headDim = config.kvHeadCount = config.ffnSize = 1;
        return validateSizes(config);
    }
    config.ffnSize = keys.integer("n_inner").value_or(4 * config.hiddenSize);
    config.kvHeadCount = config.headCount;
    config.headDim = config.hiddenSize / config.headCount;
    config.normEpsilon = static_cast<float>(keys.number("layer_norm_epsilon").value_or(1e-5));
    config.ropeStyle = RopeStyle::kNone;
    const std::string activation = keys.string("activation_function");
    HT_ASSIGN_OR_RETURN(config.activation, parseActivation(activation.empty() ? "gelu_new" : activation));
    if (!keys.boolean("scale_attn_weights", true)) config.attentionScale = 1.0f;
    if (keys.boolean("scale_attn_by_inverse_layer_idx", false)) {
        return unsupportedModel("gpt2",
                                "this one scales attention by the layer's number (scale_attn_by_inverse_layer_idx)");
    }
    return {};
}

/// Windows per block that are "full, ..., full, sliding, ..., sliding" run here; anything else does not.
Status readLayerTypes(ModelConfig& config, const Json& layerTypes, int64_t window) {
    if (!layerTypes.is_array() || static_cast<int64_t>(layerTypes.size()) != config.blockCount) {
        return makeError(ErrorCode::kInvalidData, "config.json's layer_types does not have one entry per block.");
    }
    int64_t firstSliding = config.blockCount;
    for (int64_t block = 0; block < config.blockCount; ++block) {
        const Json& type = layerTypes[static_cast<size_t>(block)];
        const bool isSliding = type == "sliding_attention";
        if (!isSliding && type != "full_attention") {
            return unsupportedModel(architectureName(config.architecture),
                                    "it has a kind of attention that is neither full nor a window");
        }
        if (isSliding) firstSliding = std::min(firstSliding, block);
        if (!isSliding && block > firstSliding) {
            return unsupportedModel(architectureName(config.architecture),
                                    "its blocks alternate between full and windowed attention");
        }
    }
    config.slidingWindow = firstSliding < config.blockCount ? window : 0;
    config.slidingWindowFirstBlock = firstSliding < config.blockCount ? firstSliding : 0;
    return {};
}

Status readWindow(ModelConfig& config, const JsonKeys& keys) {
    if (config.architecture == Architecture::kLlama) return {};
    const int64_t window = keys.integer("sliding_window").value_or(0);
    const bool isQwen = config.architecture != Architecture::kMistral;
    if (window == 0 || (isQwen && !keys.boolean("use_sliding_window", false))) return {};
    if (const Json* layerTypes = keys.find("layer_types")) return readLayerTypes(config, *layerTypes, window);
    const int64_t firstBlock = isQwen ? keys.integer("max_window_layers").value_or(28) : 0;
    if (firstBlock >= config.blockCount) return {};
    config.slidingWindow = window;
    config.slidingWindowFirstBlock = std::max<int64_t>(firstBlock, 0);
    return {};
}

Status readLlamaFamily(ModelConfig& config, const JsonKeys& keys) {
    HT_ASSIGN_OR_RETURN(config.vocabSize, required(keys.integer("vocab_size"), "vocab_size"));
    HT_ASSIGN_OR_RETURN(config.hiddenSize, required(keys.integer("hidden_size"), "hidden_size"));
    HT_ASSIGN_OR_RETURN(config.ffnSize, required(keys.integer("intermediate_size"), "intermediate_size"));
    HT_ASSIGN_OR_RETURN(config.blockCount, required(keys.integer("num_hidden_layers"), "num_hidden_layers"));
    HT_ASSIGN_OR_RETURN(config.headCount, required(keys.integer("num_attention_heads"), "num_attention_heads"));
    HT_ASSIGN_OR_RETURN(config.contextLength,
                        required(keys.integer("max_position_embeddings"), "max_position_embeddings"));
    config.kvHeadCount = keys.integer("num_key_value_heads").value_or(config.headCount);
    const int64_t usualHeadDim = config.headCount > 0 ? config.hiddenSize / config.headCount : 0;
    config.headDim =
        keys.integer("head_dim").value_or(config.architecture == Architecture::kQwen3 ? 128 : usualHeadDim);
    HT_TRY(validateSizes(config));
    config.normEpsilon = static_cast<float>(keys.number("rms_norm_eps").value_or(1e-6));
    const std::string activation = keys.string("hidden_act");
    HT_ASSIGN_OR_RETURN(config.activation, parseActivation(activation.empty() ? "silu" : activation));
    return readWindow(config, keys);
}

Result<RopeScaling> scalingOf(const JsonKeys& keys, const ModelConfig& config) {
    RopeScaling scaling;
    std::string type = keys.string("rope_type");
    if (type.empty()) type = keys.string("type");
    scaling.factor = keys.number("factor").value_or(1.0);
    scaling.originalContext = keys.number("original_max_position_embeddings").value_or(double(config.contextLength));
    // "dynamic" changes the frequencies only beyond the context length.
    if (type.empty() || type == "default" || type == "dynamic") return scaling;
    if (type == "linear") {
        scaling.kind = RopeScaling::Kind::kLinear;
    } else if (type == "llama3") {
        scaling.kind = RopeScaling::Kind::kLlama3;
        scaling.lowFrequencyFactor = keys.number("low_freq_factor").value_or(1.0);
        scaling.highFrequencyFactor = keys.number("high_freq_factor").value_or(4.0);
    } else if (type == "yarn") {
        scaling.kind = RopeScaling::Kind::kYarn;
        scaling.betaFast = keys.number("beta_fast").value_or(32.0);
        scaling.betaSlow = keys.number("beta_slow").value_or(1.0);
        scaling.truncate = keys.boolean("truncate", true);
        scaling.attentionFactor = keys.number("attention_factor");
        const auto scale = [&](double weight) {
            return scaling.factor > 1 ? 0.1 * weight * std::log(scaling.factor) + 1.0 : 1.0;
        };
        const auto mscale = keys.number("mscale"), mscaleAll = keys.number("mscale_all_dim");
        if (!scaling.attentionFactor && mscale && mscaleAll && *mscale != 0 && *mscaleAll != 0) {
            scaling.attentionFactor = scale(*mscale) / scale(*mscaleAll);
        }
    } else {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("The rotary scaling '{}' does not run here; the weights can still be "
                                     "browsed and quantized.",
                                     type));
    }
    return scaling;
}

Result<RopeScaling> readRope(ModelConfig& config, const JsonKeys& keys) {
    if (config.ropeStyle == RopeStyle::kNone) return RopeScaling{};
    const Json* nested = keys.find("rope_parameters");
    if (!nested) nested = keys.find("rope_scaling");
    const Json empty = Json::object();
    const JsonKeys scaling(nested && nested->is_object() ? *nested : empty);
    config.ropeBase = scaling.number("rope_theta").value_or(keys.number("rope_theta").value_or(10000.0));
    const double share =
        scaling.number("partial_rotary_factor").value_or(keys.number("partial_rotary_factor").value_or(1.0));
    if (!(share > 0 && share <= 1)) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("config.json gives partial_rotary_factor as {}; a number above 0 and up to 1 was expected.",
                        share));
    }
    config.rotaryDim = static_cast<int64_t>(double(config.headDim) * share);
    return scalingOf(scaling, config);
}

}  // namespace

Result<ModelConfig> configFromJson(const Checkpoint& checkpoint) {
    const Json json = Json::parse(checkpoint.configJson(), nullptr, false);
    if (!json.is_object()) {
        return makeError(ErrorCode::kInvalidData,
                         "config.json is not a JSON object; the model cannot be run without it.");
    }
    const JsonKeys keys(json);
    ModelConfig config;
    HT_ASSIGN_OR_RETURN(config.architecture, architectureOf(keys.string("model_type"), keys));
    const bool isGpt2 = config.architecture == Architecture::kGpt2;
    HT_TRY(isGpt2 ? readGpt2(config, keys) : readLlamaFamily(config, keys));
    config.tiedEmbeddings = keys.boolean("tie_word_embeddings", isGpt2) || checkpoint.find("output.weight") == nullptr;
    config.bosToken = keys.tokenId("bos_token_id");
    config.eosToken = keys.tokenId("eos_token_id");
    HT_ASSIGN_OR_RETURN(const RopeScaling scaling, readRope(config, keys));
    HT_TRY(validateConfig(config, checkpoint));
    HT_TRY(resolveRope(config, scaling));
    return config;
}

}  // namespace halftone
