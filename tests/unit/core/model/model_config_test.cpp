// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/model_config.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>

#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/gguf_writer.h"
#include "core/model/model_graph.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/inference/synthetic_model.h"

namespace halftone::test {
namespace {

Result<ModelConfig> configAt(const std::filesystem::path& path) {
    HT_ASSIGN_OR_RETURN(const auto checkpoint, Checkpoint::open(path));
    return readModelConfig(*checkpoint);
}

TEST(ModelConfig, SharedModels) {
    struct Case {
        const char* path;
        Architecture architecture;
        int64_t vocab, hidden, ffn, blocks, heads, kvHeads, context;
        RopeStyle rope;
        Activation activation;
    };
    using enum RopeStyle;
    const Case cases[] = {
        {"stories260K", Architecture::kLlama, 512, 64, 172, 5, 8, 4, 512, kHalfSplit, Activation::kSilu},
        {"stories260K/stories260K-f32.gguf", Architecture::kLlama, 512, 64, 172, 5, 8, 4, 512, kInterleaved,
         Activation::kSilu},
        {"babyllama-105", Architecture::kLlama, 105, 128, 352, 5, 8, 4, 256, kHalfSplit, Activation::kSilu},
        {"babyllama-105/babyllama-105-Q4_0.gguf", Architecture::kLlama, 105, 128, 352, 5, 8, 4, 256, kInterleaved,
         Activation::kSilu},
        {"zh-poem-750K", Architecture::kLlama, 2048, 96, 256, 5, 6, 6, 128, kHalfSplit, Activation::kSilu},
        {"slm4096-gpt2", Architecture::kGpt2, 54, 64, 256, 4, 4, 4, 128, kNone, Activation::kGeluErf},
        {"slm4096-gpt2/slm4096-gpt2-f16.gguf", Architecture::kGpt2, 54, 64, 256, 4, 4, 4, 128, kNone,
         Activation::kGeluTanh},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.path);
        HT_SHARED_OR_SKIP(path, std::string("models/") + c.path);
        const auto config = configAt(path);
        HT_ASSERT_OK(config);
        EXPECT_EQ(config->architecture, c.architecture);
        EXPECT_EQ(config->vocabSize, c.vocab);
        EXPECT_EQ(config->hiddenSize, c.hidden);
        EXPECT_EQ(config->ffnSize, c.ffn);
        EXPECT_EQ(config->blockCount, c.blocks);
        EXPECT_EQ(config->headCount, c.heads);
        EXPECT_EQ(config->kvHeadCount, c.kvHeads);
        EXPECT_EQ(config->headDim, c.hidden / c.heads);
        EXPECT_EQ(config->contextLength, c.context);
        EXPECT_EQ(config->ropeStyle, c.rope);
        EXPECT_EQ(config->activation, c.activation);
        EXPECT_EQ(config->tiedEmbeddings, std::string(c.path) != "slm4096-gpt2/slm4096-gpt2-f16.gguf");
        EXPECT_FLOAT_EQ(config->normEpsilon, 1e-5f);
        EXPECT_FLOAT_EQ(config->attentionScale, 1.0f / std::sqrt(static_cast<float>(config->headDim)));
        EXPECT_EQ(config->inverseFrequencies.size(), c.rope == kNone ? 0u : static_cast<size_t>(config->headDim / 2));
    }
}

/// A synthetic Hugging Face folder whose config.json was changed.
class EditedFolder {
  public:
    explicit EditedFolder(const SyntheticOptions& options = {}) : m_model(makeSyntheticModel(options)) {}
    Result<ModelConfig> with(const nlohmann::json& changes) {
        SyntheticModel edited = m_model;
        for (const auto& [key, value] : changes.items()) {
            edited.config[key] = value;  // null counts as missing
        }
        edited.write(m_folder.path());
        return configAt(m_folder.path());
    }

  private:
    SyntheticModel m_model;
    TemporaryFolder m_folder;
};

TEST(ModelConfig, AbsurdNumbersAreRefusedInASentence) {
    EditedFolder folder;
    HT_ASSERT_OK(folder.with({}));
    const nlohmann::json edits[] = {
        {{"num_attention_heads", 0}},
        {{"num_attention_heads", -4}},
        {{"num_key_value_heads", 0}},
        {{"num_key_value_heads", 3}},
        {{"hidden_size", 0}},
        {{"hidden_size", 1e18}},
        {{"hidden_size", 64}},
        {{"head_dim", 15}},
        {{"head_dim", 0}},
        {{"vocab_size", 98}},
        {{"vocab_size", nullptr}},
        {{"num_hidden_layers", 2}},
        {{"num_hidden_layers", 1000000000}},
        {{"intermediate_size", 81}},
        {{"intermediate_size", "80"}},
        {{"max_position_embeddings", 0}},
        {{"rms_norm_eps", -1.0}},
        {{"rope_theta", 0.0}},
        {{"rope_theta", -5.0}},
        {{"partial_rotary_factor", 1.5}},
        {{"hidden_act", "relu6"}},
        {{"rope_scaling", {{"type", "linear"}, {"factor", 0.0}}}},
        {{"rope_scaling", {{"type", "yarn"}, {"factor", 4.0}, {"original_max_position_embeddings", -1}}}},
        {{"rope_scaling", {{"type", "llama3"}, {"factor", 8.0}, {"low_freq_factor", 4.0}, {"high_freq_factor", 4.0}}}},
        {{"rope_scaling", {{"type", "longrope"}}}},
    };
    for (const nlohmann::json& edit : edits) {
        const auto config = folder.with(edit);
        ASSERT_FALSE(config.has_value()) << edit;
        EXPECT_GT(config.error().message.size(), 30u) << edit;
        EXPECT_EQ(config.error().message.back(), '.') << config.error().message;
        EXPECT_TRUE(config.error().code == ErrorCode::kInvalidData || config.error().code == ErrorCode::kUnsupported)
            << edit;
    }
}

TEST(ModelConfig, UnknownArchitecturesAreNamedAndCanStillBeBrowsed) {
    EditedFolder folder;
    for (const char* name : {"mixtral", "gemma2", "bert", "something-new"}) {
        const auto config = folder.with({{"model_type", name}});
        ASSERT_FALSE(config.has_value());
        EXPECT_EQ(config.error().code, ErrorCode::kUnsupported);
        EXPECT_NE(config.error().message.find(name), std::string::npos) << config.error().message;
        EXPECT_NE(config.error().message.find("browsed"), std::string::npos) << config.error().message;
    }
    const auto quantized = folder.with({{"quantization_config", {{"quant_method", "gptq"}}}});
    ASSERT_FALSE(quantized.has_value());
    EXPECT_EQ(quantized.error().code, ErrorCode::kUnsupported);
}

TEST(ModelConfig, WindowsOfTheArchitectures) {
    EditedFolder mistral({.modelType = "mistral"}), llama, qwen({.modelType = "qwen2", .qkvBias = true});
    EXPECT_EQ(mistral.with({{"sliding_window", 64}})->windowOf(0), 64);
    EXPECT_EQ(mistral.with({{"sliding_window", nullptr}})->windowOf(0), 0);
    EXPECT_EQ(llama.with({{"sliding_window", 64}})->windowOf(0), 0) << "llama has no window";
    EXPECT_EQ(qwen.with({{"sliding_window", 64}})->windowOf(2), 0) << "unless use_sliding_window says so";
    const auto late = qwen.with({{"sliding_window", 64}, {"use_sliding_window", true}, {"max_window_layers", 2}});
    HT_ASSERT_OK(late);
    EXPECT_EQ(late->windowOf(1), 0);
    EXPECT_EQ(late->windowOf(2), 64);
    const nlohmann::json types = {"full_attention", "sliding_attention", "sliding_attention"};
    const auto listed = qwen.with({{"sliding_window", 64}, {"use_sliding_window", true}, {"layer_types", types}});
    HT_ASSERT_OK(listed);
    EXPECT_EQ(listed->windowOf(0), 0);
    EXPECT_EQ(listed->windowOf(1), 64);
    const nlohmann::json alternating = {"sliding_attention", "full_attention", "sliding_attention"};
    EXPECT_EQ(
        qwen.with({{"sliding_window", 64}, {"use_sliding_window", true}, {"layer_types", alternating}}).error().code,
        ErrorCode::kUnsupported);
}

TEST(ModelConfig, EmbeddingsAreTiedWhereThereIsNoHead) {
    EditedFolder untied, tied({.tied = true});
    EXPECT_FALSE(untied.with({})->tiedEmbeddings);
    EXPECT_TRUE(untied.with({{"tie_word_embeddings", true}})->tiedEmbeddings);
    EXPECT_TRUE(tied.with({{"tie_word_embeddings", false}})->tiedEmbeddings);
}

TEST(ModelConfig, RopeParametersInEitherSpelling) {
    EditedFolder folder;
    const auto older = folder.with({{"rope_scaling", {{"type", "linear"}, {"factor", 2.0}}}, {"rope_theta", 5000.0}});
    const auto newer =
        folder.with({{"rope_parameters", {{"rope_type", "linear"}, {"factor", 2.0}, {"rope_theta", 5000.0}}}});
    HT_ASSERT_OK(older);
    HT_ASSERT_OK(newer);
    EXPECT_EQ(older->inverseFrequencies, newer->inverseFrequencies);
    EXPECT_FLOAT_EQ(older->inverseFrequencies[1], static_cast<float>(std::pow(5000.0, -2.0 / 16.0) / 2.0));
    const auto partial = folder.with({{"partial_rotary_factor", 0.5}});
    HT_ASSERT_OK(partial);
    EXPECT_EQ(partial->rotaryDim, 8);
}

/// A GGUF that holds just enough tensors for the hyper-parameters to be checked against.
class GgufFile {
  public:
    explicit GgufFile(const std::string& architecture) : m_architecture(architecture) {
        set("block_count", uint32_t{1});
        set("embedding_length", uint32_t{32});
        set("feed_forward_length", uint32_t{64});
        set("context_length", uint32_t{128});
        set("attention.head_count", uint32_t{4});
        m_tensors = {
            {"token_embd.weight", {10, 32}}, {"blk.0.attn_q.weight", {32, 32}}, {"blk.0.ffn_up.weight", {64, 32}}};
    }
    void set(const std::string& key, GgufValue value) { m_metadata.set(m_architecture + "." + key, std::move(value)); }
    void addTensor(const std::string& name, std::vector<int64_t> shape, float value) {
        m_tensors.push_back({name, std::move(shape)});
        m_fill = value;
        m_filled = name;
    }
    Result<ModelConfig> read() {
        GgufMetadata metadata = m_metadata;
        metadata.set("general.architecture", m_architecture);
        std::vector<GgufTensorSpec> specs;
        for (const auto& [name, shape] : m_tensors) specs.push_back({name, DType::kF32, shape});
        const auto path = m_folder.path() / "model.gguf";
        HT_ASSIGN_OR_RETURN(GgufWriter writer, GgufWriter::create(path, metadata, specs));
        for (const auto& [name, shape] : m_tensors) {
            int64_t count = 1;
            for (const int64_t dim : shape) count *= dim;
            const std::vector<float> values(static_cast<size_t>(count), name == m_filled ? m_fill : 0.5f);
            HT_TRY(writer.write(std::as_bytes(std::span<const float>(values))));
        }
        HT_TRY(writer.finish());
        return configAt(path);
    }

  private:
    std::string m_architecture;
    GgufMetadata m_metadata;
    std::vector<std::pair<std::string, std::vector<int64_t>>> m_tensors;
    std::string m_filled;
    float m_fill = 0;
    TemporaryFolder m_folder;
};

TEST(ModelConfigFromGguf, DefaultsAndStyles) {
    GgufFile llama("llama"), qwen("qwen2");
    const auto a = llama.read(), b = qwen.read();
    HT_ASSERT_OK(a);
    HT_ASSERT_OK(b);
    EXPECT_EQ(a->ropeStyle, RopeStyle::kInterleaved);
    EXPECT_EQ(b->ropeStyle, RopeStyle::kHalfSplit);
    EXPECT_EQ(a->kvHeadCount, 4);
    EXPECT_EQ(a->headDim, 8);
    EXPECT_EQ(a->vocabSize, 10);
    EXPECT_FLOAT_EQ(a->inverseFrequencies[1], std::pow(10000.0f, -0.25f));
}

TEST(ModelConfigFromGguf, RotaryFactorsDivide) {
    GgufFile file("llama");
    const auto plain = file.read();
    HT_ASSERT_OK(plain);
    file.addTensor("rope_freqs.weight", {4}, 8.0f);
    const auto divided = file.read();
    HT_ASSERT_OK(divided);
    for (size_t pair = 0; pair < 4; ++pair)
        EXPECT_FLOAT_EQ(divided->inverseFrequencies[pair], plain->inverseFrequencies[pair] / 8.0f);
    GgufFile wrong("llama");
    wrong.addTensor("rope_freqs.weight", {5}, 8.0f);
    EXPECT_EQ(wrong.read().error().code, ErrorCode::kInvalidData);
    GgufFile zero("llama");
    zero.addTensor("rope_freqs.weight", {4}, 0.0f);
    EXPECT_EQ(zero.read().error().code, ErrorCode::kInvalidData);
}

TEST(ModelConfigFromGguf, ScalingKeys) {
    GgufFile linear("llama");
    const auto plain = linear.read();
    linear.set("rope.scaling.type", std::string("linear"));
    linear.set("rope.scaling.factor", 4.0f);
    const auto scaled = linear.read();
    HT_ASSERT_OK(scaled);
    EXPECT_FLOAT_EQ(scaled->inverseFrequencies[2], plain->inverseFrequencies[2] / 4.0f);
    EXPECT_FLOAT_EQ(scaled->ropeAttentionFactor, 1.0f);

    GgufFile yarn("qwen2");
    yarn.set("rope.scaling.type", std::string("yarn"));
    yarn.set("rope.scaling.factor", 4.0f);
    yarn.set("rope.scaling.original_context_length", uint32_t{32});
    const auto stretched = yarn.read();
    HT_ASSERT_OK(stretched);
    EXPECT_FLOAT_EQ(stretched->ropeAttentionFactor, static_cast<float>(0.1 * std::log(4.0) + 1.0));
    EXPECT_FLOAT_EQ(stretched->inverseFrequencies[0], 1.0f) << "the fastest pair stays";
    EXPECT_FLOAT_EQ(stretched->inverseFrequencies[3], plain->inverseFrequencies[3] / 4.0f) << "the slowest is divided";
    yarn.set("rope.scaling.type", std::string("longrope"));
    EXPECT_EQ(yarn.read().error().code, ErrorCode::kUnsupported);
}

TEST(ModelConfigFromGguf, RefusesWhatDoesNotRun) {
    const auto codeOf = [](const std::string& architecture, const std::function<void(GgufFile&)>& edit) {
        GgufFile file(architecture);
        edit(file);
        const auto config = file.read();
        return config ? ErrorCode::kInternal : config.error().code;
    };
    const auto nothing = [](GgufFile&) {};
    EXPECT_EQ(codeOf("gemma2", nothing), ErrorCode::kUnsupported);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("expert_count", uint32_t{8}); }), ErrorCode::kUnsupported);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("attention.causal", false); }), ErrorCode::kUnsupported);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("attention.head_count", uint32_t{0}); }),
              ErrorCode::kInvalidData);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("attention.head_count", uint32_t{5}); }),
              ErrorCode::kInvalidData);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("attention.head_count_kv", uint32_t{3}); }),
              ErrorCode::kInvalidData);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("embedding_length", uint32_t{4000000000u}); }),
              ErrorCode::kInvalidData);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("block_count", uint32_t{2}); }), ErrorCode::kInvalidData);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("rope.dimension_count", uint32_t{7}); }),
              ErrorCode::kInvalidData);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("rope.dimension_count", uint32_t{16}); }),
              ErrorCode::kInvalidData);
    EXPECT_EQ(codeOf("llama", [](GgufFile& f) { f.set("attention.value_length", uint32_t{4}); }),
              ErrorCode::kUnsupported);
    GgufArray perLayer{GgufType::kI32, std::vector<int32_t>{4, 2}};
    EXPECT_EQ(codeOf("llama", [&](GgufFile& f) { f.set("attention.head_count_kv", perLayer); }),
              ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace halftone::test
