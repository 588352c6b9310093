// SPDX-License-Identifier: GPL-3.0-or-later
// The checkpoints of the shared test data: what the headers hold, held against an independent reading of the same
// files.
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include <nlohmann/json.hpp>

#include "core/checkpoint/checkpoint.h"
#include "tests/support/test_paths.h"

namespace halftone {
namespace {

struct Model {
    const char* path;
    CheckpointKind kind;
    const char* architecture;
    size_t tensors;
    int64_t parameters;
    int blocks;
};

class RealModels : public ::testing::TestWithParam<Model> {};

TEST_P(RealModels, OpenWithTheirFacts) {
    const Model& model = GetParam();
    HT_SHARED_OR_SKIP(path, std::string("models/") + model.path);
    const auto opened = Checkpoint::open(path);
    HT_ASSERT_OK(opened);
    const Checkpoint& checkpoint = **opened;
    EXPECT_EQ(checkpoint.kind(), model.kind);
    EXPECT_EQ(checkpoint.architecture(), model.architecture);
    EXPECT_EQ(checkpoint.tensors().size(), model.tensors);
    EXPECT_EQ(checkpoint.parameterCount(), model.parameters);
    EXPECT_TRUE(checkpoint.warnings().empty());
    std::set<std::string> canonical;
    int lastBlock = -1;
    for (const TensorInfo& tensor : checkpoint.tensors()) {
        EXPECT_NE(tensor.role, TensorRole::kOther) << tensor.name;
        EXPECT_TRUE(canonical.insert(tensor.canonicalName).second) << tensor.canonicalName;
        EXPECT_EQ(checkpoint.find(tensor.name), &tensor);
        EXPECT_EQ(checkpoint.find(tensor.canonicalName), &tensor);
        EXPECT_EQ(checkpoint.bytes(tensor).size(), tensor.sizeBytes);
        lastBlock = std::max(lastBlock, tensor.block);
    }
    EXPECT_EQ(lastBlock + 1, model.blocks);
    EXPECT_EQ(checkpoint.find("no such tensor"), nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    Shared, RealModels,
    ::testing::Values(Model{"babyllama-105", CheckpointKind::kHuggingFace, "llama", 47, 936448, 5},
                      Model{"stories260K", CheckpointKind::kHuggingFace, "llama", 47, 260032, 5},
                      Model{"zh-poem-750K", CheckpointKind::kHuggingFace, "llama", 47, 750624, 5},
                      Model{"slm4096-gpt2", CheckpointKind::kHuggingFace, "gpt2", 52, 211712, 4},
                      Model{"babyllama-105/babyllama-105-f16.gguf", CheckpointKind::kGguf, "llama", 47, 936448, 5},
                      Model{"babyllama-105/babyllama-105-Q8_0.gguf", CheckpointKind::kGguf, "llama", 47, 936448, 5},
                      Model{"babyllama-105/babyllama-105-Q4_0.gguf", CheckpointKind::kGguf, "llama", 47, 936448, 5},
                      Model{"stories260K/stories260K-f32.gguf", CheckpointKind::kGguf, "llama", 47, 260032, 5},
                      Model{"slm4096-gpt2/slm4096-gpt2-f16.gguf", CheckpointKind::kGguf, "gpt2", 53, 215168, 4}),
    [](const auto& model) {
        std::string name = model.param.path;
        for (char& c : name) {
            if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
        }
        return name;
    });

TEST(RealModelContents, SafetensorsHeadersAgreeWithASecondJsonReader) {
    for (const char* name : {"babyllama-105", "stories260K", "slm4096-gpt2"}) {
        HT_SHARED_OR_SKIP(folder, std::string("models/") + name);
        const std::string file = test::readFile(folder / "model.safetensors");
        uint64_t length = 0;
        std::memcpy(&length, file.data(), 8);
        const auto header = nlohmann::json::parse(file.substr(8, length));
        const auto opened = Checkpoint::open(folder);
        HT_ASSERT_OK(opened);
        EXPECT_EQ((*opened)->tensors().size() + header.count("__metadata__"), header.size());
        for (const TensorInfo& tensor : (*opened)->tensors()) {
            const auto& entry = header.at(tensor.name);
            EXPECT_EQ(tensor.shape, entry.at("shape").get<std::vector<int64_t>>());
            EXPECT_EQ(tensor.offset, entry.at("data_offsets")[0].get<uint64_t>() + 8 + length);
            EXPECT_EQ(dtypeInfo(tensor.dtype).safetensorsName, entry.at("dtype").get<std::string>());
            EXPECT_EQ(std::memcmp((*opened)->bytes(tensor).data(), file.data() + tensor.offset, tensor.sizeBytes), 0);
        }
    }
}

TEST(RealModelContents, BothFormatsOfOneModelAgree) {
    HT_SHARED_OR_SKIP(folder, "models/babyllama-105");
    const auto source = Checkpoint::open(folder);
    const auto gguf = Checkpoint::open(folder / "babyllama-105-f16.gguf");
    HT_ASSERT_OK(source);
    HT_ASSERT_OK(gguf);
    for (const TensorInfo& tensor : (*source)->tensors()) {
        const TensorInfo* other = (*gguf)->find(tensor.canonicalName);
        ASSERT_NE(other, nullptr) << tensor.canonicalName;
        EXPECT_EQ(tensor.rows(), other->rows());
        EXPECT_EQ(tensor.cols(), other->cols());
        EXPECT_EQ(tensor.role, other->role);
        // Rows of q and k change their order on conversion; what is F16 in both is otherwise the same.
        const bool isMoved = tensor.role == TensorRole::kAttnQ || tensor.role == TensorRole::kAttnK;
        if (isMoved || other->dtype != tensor.dtype) continue;
        EXPECT_EQ(std::memcmp((*source)->bytes(tensor).data(), (*gguf)->bytes(*other).data(), tensor.sizeBytes), 0)
            << tensor.name;
    }
}

TEST(RealModelContents, GgufMetadataAreRead) {
    HT_SHARED_OR_SKIP(path, "models/stories260K/stories260K-f32.gguf");
    const auto opened = Checkpoint::open(path);
    HT_ASSERT_OK(opened);
    const GgufMetadata& metadata = (*opened)->gguf();
    EXPECT_EQ(metadata.integer("llama.embedding_length"), 64);
    EXPECT_EQ(metadata.integer("llama.block_count"), 5);
    EXPECT_EQ(metadata.integer("llama.attention.head_count_kv"), 4);
    ASSERT_NE(metadata.strings("tokenizer.ggml.tokens"), nullptr);
    EXPECT_EQ(metadata.strings("tokenizer.ggml.tokens")->size(), 512u);
    EXPECT_EQ(metadata.array("tokenizer.ggml.scores")->size(), 512u);
}

TEST(RealModelContents, VocabularyFilesAndTokenizerFoldersOpen) {
    HT_SHARED_OR_SKIP(folder, "tokenizers");
    for (const char* name : {"gpt2", "llama2", "llama3", "qwen2", "bert-base-uncased"}) {
        const auto opened = Checkpoint::open(folder / name);
        HT_ASSERT_OK(opened);
        EXPECT_EQ((*opened)->kind(), CheckpointKind::kTokenizer) << name;
    }
    for (const char* name : {"gpt-2", "llama-spm", "bert-bge"}) {
        const auto opened = Checkpoint::open(folder / "vectors" / (std::string("ggml-vocab-") + name + ".gguf"));
        HT_ASSERT_OK(opened);
        EXPECT_TRUE((*opened)->tensors().empty());
        EXPECT_GT((*opened)->gguf().strings("tokenizer.ggml.tokens")->size(), 30000u) << name;
    }
}

}  // namespace
}  // namespace halftone
