// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tensor/tensor_info.h"

#include <array>

namespace halftone {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(TensorRole::kCount)> kRoleNames{
    "token_embd", "position_embd", "token_types", "token_embd_norm", "output_norm", "output", "rope_factors",
    "attn_norm", "attn_q", "attn_k", "attn_v", "attn_qkv", "attn_output", "attn_q_norm", "attn_k_norm", "post_attention_norm",
    "ffn_norm", "ffn_gate", "ffn_up", "ffn_down", "post_ffw_norm",
    "ffn_gate_inp", "ffn_gate_exps", "ffn_up_exps", "ffn_down_exps", "ffn_gate_inp_shexp", "ffn_gate_shexp", "ffn_up_shexp",
    "ffn_down_shexp", "other"};

}  // namespace

std::string_view roleName(TensorRole role) { return kRoleNames[static_cast<size_t>(role)]; }

std::optional<TensorRole> roleFromName(std::string_view name) {
    for (size_t i = 0; i < kRoleNames.size(); ++i) {
        if (kRoleNames[i] == name) return static_cast<TensorRole>(i);
    }
    return std::nullopt;
}

bool isNorm(TensorRole role) {
    switch (role) {
        case TensorRole::kEmbeddingNorm:
        case TensorRole::kOutputNorm:
        case TensorRole::kAttnNorm:
        case TensorRole::kAttnQNorm:
        case TensorRole::kAttnKNorm:
        case TensorRole::kPostAttnNorm:
        case TensorRole::kFfnNorm:
        case TensorRole::kPostFfnNorm: return true;
        default: return false;
    }
}

int64_t TensorInfo::rows() const {
    if (transposed && shape.size() == 2) return shape[1];
    int64_t count = 1;
    for (size_t i = 0; i + 1 < shape.size(); ++i) count *= shape[i];
    return count;
}

int64_t TensorInfo::cols() const {
    if (shape.empty()) return 1;
    if (transposed && shape.size() == 2) return shape[0];
    return shape.back();
}

bool TensorInfo::isQuantizable() const {
    if (shape.size() < 2 || isBias || isNorm(role)) return false;
    switch (role) {
        case TensorRole::kPositionEmbedding:
        case TensorRole::kTokenTypes:
        case TensorRole::kRouter:
        case TensorRole::kSharedExpertRouter:
        case TensorRole::kRopeFactors: return false;
        default: return true;
    }
}

}  // namespace halftone
