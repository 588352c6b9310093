// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/tensor_names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace halftone {
namespace {

using enum TensorRole;

struct Rule {
    std::string_view source;  ///< Hugging Face's part of the name
    std::string_view target;  ///< GGUF's part
    TensorRole role;
};

// Tensors outside blocks, after the prefixes are gone.
constexpr auto kRootRules = std::to_array<Rule>({
    {"embed_tokens", "token_embd", kTokenEmbedding},
    {"wte", "token_embd", kTokenEmbedding},
    {"embed_in", "token_embd", kTokenEmbedding},
    {"embeddings.word_embeddings", "token_embd", kTokenEmbedding},
    {"wpe", "position_embd", kPositionEmbedding},
    {"embeddings.position_embeddings", "position_embd", kPositionEmbedding},
    {"embeddings.token_type_embeddings", "token_types", kTokenTypes},
    {"embeddings.LayerNorm", "token_embd_norm", kEmbeddingNorm},
    {"norm", "output_norm", kOutputNorm},
    {"ln_f", "output_norm", kOutputNorm},
    {"final_layer_norm", "output_norm", kOutputNorm},
    {"lm_head", "output", kOutput},
    {"embed_out", "output", kOutput},
});

// "layers.N.": Llama and its relatives, and GPT-NeoX.
constexpr auto kLayerRules = std::to_array<Rule>({
    {"input_layernorm", "attn_norm", kAttnNorm},
    {"self_attn.q_proj", "attn_q", kAttnQ},
    {"self_attn.k_proj", "attn_k", kAttnK},
    {"self_attn.v_proj", "attn_v", kAttnV},
    {"self_attn.qkv_proj", "attn_qkv", kAttnQkv},
    {"self_attn.o_proj", "attn_output", kAttnOutput},
    {"self_attn.q_norm", "attn_q_norm", kAttnQNorm},
    {"self_attn.k_norm", "attn_k_norm", kAttnKNorm},
    {"attention.query_key_value", "attn_qkv", kAttnQkv},
    {"attention.dense", "attn_output", kAttnOutput},
    {"post_attention_layernorm", "ffn_norm", kFfnNorm},
    {"pre_feedforward_layernorm", "ffn_norm", kFfnNorm},
    {"post_feedforward_layernorm", "post_ffw_norm", kPostFfnNorm},
    {"mlp.gate_proj", "ffn_gate", kFfnGate},
    {"mlp.up_proj", "ffn_up", kFfnUp},
    {"mlp.gate_up_proj", "ffn_up", kFfnUp},
    {"mlp.down_proj", "ffn_down", kFfnDown},
    {"mlp.dense_h_to_4h", "ffn_up", kFfnUp},
    {"mlp.dense_4h_to_h", "ffn_down", kFfnDown},
    {"block_sparse_moe.gate", "ffn_gate_inp", kRouter},
    {"mlp.gate", "ffn_gate_inp", kRouter},
    {"mlp.experts.gate_up_proj", "ffn_gate_up_exps", kExpertUp},
    {"mlp.experts.down_proj", "ffn_down_exps", kExpertDown},
    {"mlp.shared_expert_gate", "ffn_gate_inp_shexp", kSharedExpertRouter},
    {"mlp.shared_expert.gate_proj", "ffn_gate_shexp", kSharedExpertGate},
    {"mlp.shared_expert.up_proj", "ffn_up_shexp", kSharedExpertUp},
    {"mlp.shared_expert.down_proj", "ffn_down_shexp", kSharedExpertDown},
});

// "h.N.": GPT-2.
constexpr auto kGpt2Rules = std::to_array<Rule>({
    {"ln_1", "attn_norm", kAttnNorm},
    {"ln_2", "ffn_norm", kFfnNorm},
    {"attn.c_attn", "attn_qkv", kAttnQkv},
    {"attn.c_proj", "attn_output", kAttnOutput},
    {"mlp.c_fc", "ffn_up", kFfnUp},
    {"mlp.c_proj", "ffn_down", kFfnDown},
});

// "encoder.layer.N.": BERT.
constexpr auto kBertRules = std::to_array<Rule>({
    {"attention.self.query", "attn_q", kAttnQ},
    {"attention.self.key", "attn_k", kAttnK},
    {"attention.self.value", "attn_v", kAttnV},
    {"attention.output.dense", "attn_output", kAttnOutput},
    {"attention.output.LayerNorm", "attn_output_norm", kPostAttnNorm},
    {"intermediate.dense", "ffn_up", kFfnUp},
    {"output.dense", "ffn_down", kFfnDown},
    {"output.LayerNorm", "layer_output_norm", kPostFfnNorm},
});

// One tensor per expert: what stands after "experts.E.".
constexpr auto kExpertRules = std::to_array<Rule>({
    {"w1", "ffn_gate", kExpertGate},
    {"w3", "ffn_up", kExpertUp},
    {"w2", "ffn_down", kExpertDown},
    {"gate_proj", "ffn_gate", kExpertGate},
    {"up_proj", "ffn_up", kExpertUp},
    {"down_proj", "ffn_down", kExpertDown},
});

// GGUF parts that are not role names themselves.
constexpr auto kGgufRules = std::to_array<Rule>({
    {"rope_freqs", "", kRopeFactors},
    {"rope_factors_long", "", kRopeFactors},
    {"rope_factors_short", "", kRopeFactors},
    {"attn_output_norm", "", kPostAttnNorm},
    {"layer_output_norm", "", kPostFfnNorm},
    {"ffn_gate_up_exps", "", kExpertUp},
});

constexpr auto kPrefixes =
    std::to_array<std::string_view>({"language_model.", "model.", "transformer.", "gpt_neox.", "bert."});

// Ends of names of buffers: masks and tables that are recomputed, dropped by every converter.
constexpr auto kBufferEnds =
    std::to_array<std::string_view>({"rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias",
                                     ".attention.masked_bias", "embeddings.position_ids"});

const Rule* findRule(std::span<const Rule> rules, std::string_view source) {
    const auto it = std::ranges::find(rules, source, &Rule::source);
    return it == rules.end() ? nullptr : &*it;
}

/// Takes "123." off the front of `text`.
std::optional<int> takeNumber(std::string_view& text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || end == text.data() + text.size() || *end != '.') return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
    return number;
}

bool takePrefix(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool takeSuffix(std::string_view& text, std::string_view suffix) {
    if (!text.ends_with(suffix)) return false;
    text.remove_suffix(suffix.size());
    return true;
}

/// Takes ".weight" or ".bias" off the end; true if it was a bias. BERT's older names for the two parts of a norm count
/// too.
bool takeParameterName(std::string_view& text) {
    if (takeSuffix(text, ".bias") || takeSuffix(text, ".beta")) return true;
    if (!takeSuffix(text, ".weight")) takeSuffix(text, ".gamma");
    return false;
}

std::string_view withoutPrefixes(std::string_view name) {
    while (std::ranges::any_of(kPrefixes, [&](std::string_view prefix) { return takePrefix(name, prefix); })) {
    }
    return name;
}

/// "experts.7.w1" or "mlp.experts.7.up_proj" -> the rule, with the expert's number.
const Rule* findExpertRule(std::string_view part, int& expert) {
    if (!takePrefix(part, "block_sparse_moe.experts.") && !takePrefix(part, "mlp.experts.")) return nullptr;
    const auto number = takeNumber(part);
    if (!number) return nullptr;
    expert = *number;
    return findRule(kExpertRules, part);
}

std::string blockName(const TensorNaming& naming, std::string_view target) {
    const std::string_view suffix = naming.isBias ? "bias" : "weight";
    if (naming.expert >= 0) return fmt::format("blk.{}.{}.{}.{}", naming.block, target, naming.expert, suffix);
    return fmt::format("blk.{}.{}.{}", naming.block, target, suffix);
}

/// The part of a name behind its block number, by the family that the block's prefix tells.
void nameInBlock(TensorNaming& result, std::string_view part, std::span<const Rule> rules,
                 const HuggingFaceNaming& naming) {
    result.isBias = takeParameterName(part);
    const Rule* rule = findRule(rules, part);
    if (!rule) rule = findExpertRule(part, result.expert);
    if (!rule) {
        result.isBias = false;
        result.expert = -1;
        return;
    }
    result.role = rule->role;
    std::string_view target = rule->target;
    if (naming.hasPostNorms && part == "post_attention_layernorm") {
        result.role = kPostAttnNorm;
        target = "post_attention_norm";
    }
    result.canonicalName = blockName(result, target);
    result.transposed = rules.data() == kGpt2Rules.data() && naming.isConv1d && !result.isBias && !isNorm(result.role);
}

/// (place in the model, block): embeddings stand before the blocks, the rest after them.
std::pair<int, int> modelPlace(const TensorInfo& tensor) {
    if (tensor.block >= 0) return {1, tensor.block};
    const bool isInput = tensor.role == kTokenEmbedding || tensor.role == kPositionEmbedding ||
                         tensor.role == kTokenTypes || tensor.role == kEmbeddingNorm;
    return {isInput ? 0 : 2, -1};
}

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

HuggingFaceNaming HuggingFaceNaming::of(std::span<const TensorInfo> tensors, std::string_view modelType) {
    HuggingFaceNaming naming;
    naming.isConv1d = modelType.empty() || modelType == "gpt2" || modelType == "openai-gpt";
    naming.hasPostNorms = std::ranges::any_of(tensors, [](const TensorInfo& tensor) {
        return tensor.name.find("_feedforward_layernorm") != std::string::npos;
    });
    return naming;
}

TensorNaming nameFromGguf(std::string_view name) {
    TensorNaming result;
    result.canonicalName = name;
    std::string_view part = name;
    if (takePrefix(part, "blk.")) {
        const auto block = takeNumber(part);
        if (!block) return result;
        result.block = *block;
    }
    const bool isBias = takeSuffix(part, ".bias");
    if (!isBias && !takeSuffix(part, ".weight")) return result;
    if (const auto role = roleFromName(part)) {
        result.role = *role;
    } else if (const Rule* rule = findRule(kGgufRules, part)) {
        result.role = rule->role;
    } else if (const size_t dot = part.find('.'); dot != std::string_view::npos) {
        // Older files store each expert on its own: "ffn_gate.7".
        const Rule* expertRule = nullptr;
        for (const Rule& candidate : kExpertRules) {
            if (candidate.target == part.substr(0, dot)) expertRule = &candidate;
        }
        std::string digits = std::string(part.substr(dot + 1)) + ".";
        std::string_view rest = digits;
        const auto expert = takeNumber(rest);
        if (!expertRule || !expert || !rest.empty()) return result;
        result.role = expertRule->role;
        result.expert = *expert;
    }
    result.isBias = isBias && result.role != kOther;
    return result;
}

TensorNaming nameFromHuggingFace(std::string_view name, const HuggingFaceNaming& naming) {
    TensorNaming result;
    result.canonicalName = name;
    result.isBuffer = std::ranges::any_of(kBufferEnds, [&](std::string_view end) { return name.ends_with(end); });
    std::string_view part = withoutPrefixes(name);
    std::span<const Rule> rules;
    if (takePrefix(part, "layers.")) {
        rules = kLayerRules;
    } else if (takePrefix(part, "h.")) {
        rules = kGpt2Rules;
    } else if (takePrefix(part, "encoder.layer.")) {
        rules = kBertRules;
    }
    if (!rules.empty()) {
        const auto block = takeNumber(part);
        if (!block) return result;
        result.block = *block;
        if (!result.isBuffer) nameInBlock(result, part, rules, naming);
        return result;
    }
    const bool isBias = takeParameterName(part);
    const Rule* rule = findRule(kRootRules, part);
    if (!rule) return result;
    result.role = rule->role;
    result.isBias = isBias;
    result.canonicalName = fmt::format("{}.{}", rule->target, isBias ? "bias" : "weight");
    return result;
}

void applyNaming(TensorInfo& tensor, TensorNaming naming) {
    tensor.canonicalName = std::move(naming.canonicalName);
    tensor.role = naming.role;
    tensor.isBias = naming.isBias;
    tensor.block = naming.block;
    tensor.expert = naming.expert;
    tensor.transposed = naming.transposed && tensor.shape.size() == 2;
}

bool naturalLess(std::string_view a, std::string_view b) {
    size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (!isDigit(a[i]) || !isDigit(b[j])) {
            if (a[i] != b[j]) return a[i] < b[j];
            ++i;
            ++j;
            continue;
        }
        const auto endOf = [](std::string_view text, size_t from) {
            while (from < text.size() && isDigit(text[from])) ++from;
            return from;
        };
        while (i < a.size() && a[i] == '0') ++i;
        while (j < b.size() && b[j] == '0') ++j;
        const std::string_view left = a.substr(i, endOf(a, i) - i), right = b.substr(j, endOf(b, j) - j);
        if (left.size() != right.size()) return left.size() < right.size();
        if (left != right) return left < right;
        i += left.size();
        j += right.size();
    }
    if (i < a.size() || j < b.size()) return j < b.size();
    return a < b;  // equal but for leading zeros: any fixed order
}

bool comesBeforeInModel(const TensorInfo& a, const TensorInfo& b) {
    const auto keyOf = [](const TensorInfo& t) { return std::tuple(modelPlace(t), t.role, t.expert, t.isBias); };
    const auto left = keyOf(a), right = keyOf(b);
    if (left != right) return left < right;
    return naturalLess(a.name, b.name);
}

}  // namespace halftone
