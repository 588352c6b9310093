// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/tensor_names.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace halftone {
namespace {

struct NameCase {
    const char* name;
    const char* canonical;
    TensorRole role;
    int block = -1;
    int expert = -1;
    bool isBias = false;
    bool transposed = false;
};

void expectNaming(const TensorNaming& naming, const NameCase& expected) {
    SCOPED_TRACE(expected.name);
    EXPECT_EQ(naming.canonicalName, expected.canonical);
    EXPECT_EQ(roleName(naming.role), roleName(expected.role));
    EXPECT_EQ(naming.block, expected.block);
    EXPECT_EQ(naming.expert, expected.expert);
    EXPECT_EQ(naming.isBias, expected.isBias);
    EXPECT_EQ(naming.transposed, expected.transposed);
    EXPECT_FALSE(naming.isBuffer);
}

using enum TensorRole;

TEST(TensorNames, HuggingFaceLlamaFamily) {
    const NameCase cases[] = {
        {"model.embed_tokens.weight", "token_embd.weight", kTokenEmbedding},
        {"model.norm.weight", "output_norm.weight", kOutputNorm},
        {"lm_head.weight", "output.weight", kOutput},
        {"model.layers.0.input_layernorm.weight", "blk.0.attn_norm.weight", kAttnNorm, 0},
        {"model.layers.31.self_attn.q_proj.weight", "blk.31.attn_q.weight", kAttnQ, 31},
        {"model.layers.3.self_attn.k_proj.bias", "blk.3.attn_k.bias", kAttnK, 3, -1, true},
        {"model.layers.3.self_attn.v_proj.weight", "blk.3.attn_v.weight", kAttnV, 3},
        {"model.layers.3.self_attn.o_proj.weight", "blk.3.attn_output.weight", kAttnOutput, 3},
        {"model.layers.3.self_attn.q_norm.weight", "blk.3.attn_q_norm.weight", kAttnQNorm, 3},
        {"model.layers.3.self_attn.k_norm.weight", "blk.3.attn_k_norm.weight", kAttnKNorm, 3},
        {"model.layers.3.self_attn.qkv_proj.weight", "blk.3.attn_qkv.weight", kAttnQkv, 3},
        {"model.layers.3.post_attention_layernorm.weight", "blk.3.ffn_norm.weight", kFfnNorm, 3},
        {"model.layers.3.mlp.gate_proj.weight", "blk.3.ffn_gate.weight", kFfnGate, 3},
        {"model.layers.3.mlp.up_proj.weight", "blk.3.ffn_up.weight", kFfnUp, 3},
        {"model.layers.3.mlp.gate_up_proj.weight", "blk.3.ffn_up.weight", kFfnUp, 3},
        {"model.layers.3.mlp.down_proj.weight", "blk.3.ffn_down.weight", kFfnDown, 3},
        {"language_model.model.layers.3.mlp.down_proj.weight", "blk.3.ffn_down.weight", kFfnDown, 3},
        {"model.language_model.layers.3.mlp.down_proj.weight", "blk.3.ffn_down.weight", kFfnDown, 3},
    };
    for (const NameCase& expected : cases) expectNaming(nameFromHuggingFace(expected.name, {}), expected);
}

TEST(TensorNames, HuggingFaceExperts) {
    const NameCase cases[] = {
        {"model.layers.1.block_sparse_moe.gate.weight", "blk.1.ffn_gate_inp.weight", kRouter, 1},
        {"model.layers.1.block_sparse_moe.experts.7.w1.weight", "blk.1.ffn_gate.7.weight", kExpertGate, 1, 7},
        {"model.layers.1.block_sparse_moe.experts.7.w3.weight", "blk.1.ffn_up.7.weight", kExpertUp, 1, 7},
        {"model.layers.1.block_sparse_moe.experts.7.w2.weight", "blk.1.ffn_down.7.weight", kExpertDown, 1, 7},
        {"model.layers.1.mlp.gate.weight", "blk.1.ffn_gate_inp.weight", kRouter, 1},
        {"model.layers.1.mlp.experts.63.down_proj.weight", "blk.1.ffn_down.63.weight", kExpertDown, 1, 63},
        {"model.layers.1.mlp.experts.gate_up_proj", "blk.1.ffn_gate_up_exps.weight", kExpertUp, 1},
        {"model.layers.1.mlp.experts.down_proj", "blk.1.ffn_down_exps.weight", kExpertDown, 1},
        {"model.layers.1.mlp.shared_expert.up_proj.weight", "blk.1.ffn_up_shexp.weight", kSharedExpertUp, 1},
        {"model.layers.1.mlp.shared_expert_gate.weight", "blk.1.ffn_gate_inp_shexp.weight", kSharedExpertRouter, 1},
    };
    for (const NameCase& expected : cases) expectNaming(nameFromHuggingFace(expected.name, {}), expected);
}

TEST(TensorNames, HuggingFaceGemmaWithPostNorms) {
    const HuggingFaceNaming gemma{.hasPostNorms = true, .isConv1d = false};
    const NameCase cases[] = {
        {"model.layers.2.pre_feedforward_layernorm.weight", "blk.2.ffn_norm.weight", kFfnNorm, 2},
        {"model.layers.2.post_attention_layernorm.weight", "blk.2.post_attention_norm.weight", kPostAttnNorm, 2},
        {"model.layers.2.post_feedforward_layernorm.weight", "blk.2.post_ffw_norm.weight", kPostFfnNorm, 2},
    };
    for (const NameCase& expected : cases) expectNaming(nameFromHuggingFace(expected.name, gemma), expected);
    std::vector<TensorInfo> tensors(2);
    tensors[1].name = "model.layers.0.pre_feedforward_layernorm.weight";
    EXPECT_TRUE(HuggingFaceNaming::of(tensors, "gemma2").hasPostNorms);
    EXPECT_FALSE(HuggingFaceNaming::of(std::span(tensors).first(1), "gemma").hasPostNorms);
}

TEST(TensorNames, HuggingFaceGpt2) {
    for (const std::string prefix : {"", "transformer."}) {
        const auto check = [&](const char* part, const NameCase& expected) {
            expectNaming(nameFromHuggingFace(prefix + part, {}), expected);
        };
        check("wte.weight", {"wte", "token_embd.weight", kTokenEmbedding});
        check("wpe.weight", {"wpe", "position_embd.weight", kPositionEmbedding});
        check("ln_f.bias", {"ln_f", "output_norm.bias", kOutputNorm, -1, -1, true});
        check("h.11.ln_1.weight", {"ln_1", "blk.11.attn_norm.weight", kAttnNorm, 11});
        check("h.11.ln_2.bias", {"ln_2", "blk.11.ffn_norm.bias", kFfnNorm, 11, -1, true});
        check("h.11.attn.c_attn.weight", {"c_attn", "blk.11.attn_qkv.weight", kAttnQkv, 11, -1, false, true});
        check("h.11.attn.c_attn.bias", {"c_attn bias", "blk.11.attn_qkv.bias", kAttnQkv, 11, -1, true});
        check("h.11.attn.c_proj.weight",
              {"attn c_proj", "blk.11.attn_output.weight", kAttnOutput, 11, -1, false, true});
        check("h.11.mlp.c_fc.weight", {"c_fc", "blk.11.ffn_up.weight", kFfnUp, 11, -1, false, true});
        check("h.11.mlp.c_proj.weight", {"mlp c_proj", "blk.11.ffn_down.weight", kFfnDown, 11, -1, false, true});
    }
}

TEST(TensorNames, HuggingFaceNeoxAndBert) {
    const NameCase cases[] = {
        {"gpt_neox.embed_in.weight", "token_embd.weight", kTokenEmbedding},
        {"embed_out.weight", "output.weight", kOutput},
        {"gpt_neox.final_layer_norm.bias", "output_norm.bias", kOutputNorm, -1, -1, true},
        {"gpt_neox.layers.5.attention.query_key_value.weight", "blk.5.attn_qkv.weight", kAttnQkv, 5},
        {"gpt_neox.layers.5.attention.dense.bias", "blk.5.attn_output.bias", kAttnOutput, 5, -1, true},
        {"gpt_neox.layers.5.post_attention_layernorm.weight", "blk.5.ffn_norm.weight", kFfnNorm, 5},
        {"gpt_neox.layers.5.mlp.dense_h_to_4h.weight", "blk.5.ffn_up.weight", kFfnUp, 5},
        {"gpt_neox.layers.5.mlp.dense_4h_to_h.weight", "blk.5.ffn_down.weight", kFfnDown, 5},
        {"bert.embeddings.word_embeddings.weight", "token_embd.weight", kTokenEmbedding},
        {"embeddings.position_embeddings.weight", "position_embd.weight", kPositionEmbedding},
        {"bert.embeddings.token_type_embeddings.weight", "token_types.weight", kTokenTypes},
        {"bert.embeddings.LayerNorm.gamma", "token_embd_norm.weight", kEmbeddingNorm},
        {"bert.encoder.layer.4.attention.self.query.weight", "blk.4.attn_q.weight", kAttnQ, 4},
        {"bert.encoder.layer.4.attention.output.LayerNorm.beta", "blk.4.attn_output_norm.bias", kPostAttnNorm, 4, -1,
         true},
        {"bert.encoder.layer.4.intermediate.dense.weight", "blk.4.ffn_up.weight", kFfnUp, 4},
        {"bert.encoder.layer.4.output.dense.weight", "blk.4.ffn_down.weight", kFfnDown, 4},
        {"bert.encoder.layer.4.output.LayerNorm.weight", "blk.4.layer_output_norm.weight", kPostFfnNorm, 4},
    };
    for (const NameCase& expected : cases) expectNaming(nameFromHuggingFace(expected.name, {}), expected);
}

TEST(TensorNames, WhatNoRuleMapsKeepsItsName) {
    const NameCase cases[] = {
        {"model.layers.9.mamba.in_proj.weight", "model.layers.9.mamba.in_proj.weight", kOther, 9},
        {"model.layers.9.mlp.experts.x.w1.weight", "model.layers.9.mlp.experts.x.w1.weight", kOther, 9},
        {"model.layers.99999999999.mlp.up_proj.weight", "model.layers.99999999999.mlp.up_proj.weight", kOther},
        {"model.layers.-1.mlp.up_proj.weight", "model.layers.-1.mlp.up_proj.weight", kOther},
        {"model.layers.1.self_attn.q_proj.weight_scale", "model.layers.1.self_attn.q_proj.weight_scale", kOther, 1},
        {"vision_tower.encoder.layers.0.self_attn.q_proj.weight",
         "vision_tower.encoder.layers.0.self_attn.q_proj.weight", kOther},
        {"", "", kOther},
        {".", ".", kOther},
    };
    for (const NameCase& expected : cases) expectNaming(nameFromHuggingFace(expected.name, {}), expected);
}

TEST(TensorNames, BuffersAreNotWeights) {
    for (const char* name : {"h.0.attn.bias", "transformer.h.0.attn.masked_bias", "gpt_neox.layers.0.attention.bias",
                             "gpt_neox.layers.0.attention.rotary_emb.inv_freq",
                             "model.layers.0.self_attn.rotary_emb.inv_freq", "bert.embeddings.position_ids"}) {
        const auto naming = nameFromHuggingFace(name, {});
        EXPECT_TRUE(naming.isBuffer) << name;
        EXPECT_EQ(naming.role, kOther) << name;
    }
}

TEST(TensorNames, Gguf) {
    const NameCase cases[] = {
        {"token_embd.weight", "token_embd.weight", kTokenEmbedding},
        {"output.weight", "output.weight", kOutput},
        {"rope_freqs.weight", "rope_freqs.weight", kRopeFactors},
        {"rope_factors_long.weight", "rope_factors_long.weight", kRopeFactors},
        {"blk.12.attn_qkv.bias", "blk.12.attn_qkv.bias", kAttnQkv, 12, -1, true},
        {"blk.12.ffn_gate_inp.weight", "blk.12.ffn_gate_inp.weight", kRouter, 12},
        {"blk.12.ffn_gate_exps.weight", "blk.12.ffn_gate_exps.weight", kExpertGate, 12},
        {"blk.12.ffn_gate_shexp.weight", "blk.12.ffn_gate_shexp.weight", kSharedExpertGate, 12},
        {"blk.12.ffn_gate.3.weight", "blk.12.ffn_gate.3.weight", kExpertGate, 12, 3},
        {"blk.12.post_ffw_norm.weight", "blk.12.post_ffw_norm.weight", kPostFfnNorm, 12},
        {"blk.12.layer_output_norm.bias", "blk.12.layer_output_norm.bias", kPostFfnNorm, 12, -1, true},
        {"blk.12.ssm_conv1d.weight", "blk.12.ssm_conv1d.weight", kOther, 12},
        {"blk.x.attn_q.weight", "blk.x.attn_q.weight", kOther},
        {"blk.12.attn_q", "blk.12.attn_q", kOther, 12},
        {"blk.12.ffn_gate.3x.weight", "blk.12.ffn_gate.3x.weight", kOther, 12},
    };
    for (const NameCase& expected : cases) expectNaming(nameFromGguf(expected.name), expected);
}

TEST(TensorNames, OrderIsThatOfTheModel) {
    const char* names[] = {"lm_head.weight",
                           "model.norm.weight",
                           "model.layers.10.self_attn.q_proj.weight",
                           "model.layers.2.mlp.down_proj.weight",
                           "model.layers.2.self_attn.q_proj.bias",
                           "model.layers.2.self_attn.q_proj.weight",
                           "model.layers.2.input_layernorm.weight",
                           "model.embed_tokens.weight"};
    std::vector<TensorInfo> tensors;
    for (const char* name : names) {
        TensorInfo& tensor = tensors.emplace_back();
        tensor.name = name;
        applyNaming(tensor, nameFromHuggingFace(name, {}));
    }
    std::ranges::sort(tensors, comesBeforeInModel);
    std::vector<std::string> order;
    for (const auto& tensor : tensors) order.push_back(tensor.canonicalName);
    const std::vector<std::string> expected{"token_embd.weight",  "blk.2.attn_norm.weight", "blk.2.attn_q.weight",
                                            "blk.2.attn_q.bias",  "blk.2.ffn_down.weight",  "blk.10.attn_q.weight",
                                            "output_norm.weight", "output.weight"};
    EXPECT_EQ(order, expected);
}

TEST(TensorNames, NaturalOrder) {
    EXPECT_TRUE(naturalLess("h.2.x", "h.10.x"));
    EXPECT_FALSE(naturalLess("h.10.x", "h.2.x"));
    EXPECT_TRUE(naturalLess("a", "a1"));
    EXPECT_TRUE(naturalLess("a99999999999999999999", "a100000000000000000000"));
    EXPECT_TRUE(naturalLess("a01", "a1") != naturalLess("a1", "a01")) << "a total order";
    EXPECT_FALSE(naturalLess("same", "same"));
}

}  // namespace
}  // namespace halftone
