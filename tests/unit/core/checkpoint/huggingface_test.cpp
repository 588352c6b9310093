// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "core/checkpoint/checkpoint.h"
#include "tests/support/broken_files.h"
#include "tests/support/test_paths.h"

namespace halftone {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string oneTensor(const std::string& name, char fill) {
    return test::safetensorsFile(fmt::format(R"({{"{}":{{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}}})", name),
                                 std::string(16, fill));
}

class HuggingFaceFolder : public ::testing::Test {
  protected:
    void write(const std::string& name, std::string_view bytes) { test::writeFile(m_folder.path() / name, bytes); }
    [[nodiscard]] fs::path path(const std::string& name) const { return m_folder.path() / name; }
    void writeTwoShards() {
        write("config.json", R"({"model_type":"llama"})");
        write("model-00001-of-00002.safetensors", oneTensor("model.layers.10.mlp.up_proj.weight", 'a'));
        write("model-00002-of-00002.safetensors", oneTensor("model.layers.2.mlp.up_proj.weight", 'b'));
        write("model.safetensors.index.json",
              R"({"metadata":{"total_size":32},"weight_map":{)"
              R"("model.layers.10.mlp.up_proj.weight":"model-00001-of-00002.safetensors",)"
              R"("model.layers.2.mlp.up_proj.weight":"model-00002-of-00002.safetensors"}})");
    }
    test::TemporaryFolder m_folder;
};

TEST_F(HuggingFaceFolder, OpensFromTheFolderTheIndexOrAShard) {
    writeTwoShards();
    for (const fs::path& from : {m_folder.path(), m_folder.path() / "", path("model.safetensors.index.json"),
                                 path("config.json"), path("model-00002-of-00002.safetensors")}) {
        const auto opened = Checkpoint::open(from);
        HT_ASSERT_OK(opened);
        const Checkpoint& checkpoint = **opened;
        EXPECT_EQ(checkpoint.kind(), CheckpointKind::kHuggingFace);
        EXPECT_EQ(checkpoint.path(), m_folder.path());
        EXPECT_EQ(checkpoint.name(), m_folder.path().filename().string());
        EXPECT_EQ(checkpoint.architecture(), "llama");
        ASSERT_EQ(checkpoint.tensors().size(), 2u);
        EXPECT_EQ(checkpoint.tensors()[0].block, 2) << "blocks are in numeric order";
        EXPECT_EQ(static_cast<char>(checkpoint.bytes(checkpoint.tensors()[0])[0]), 'b');
        EXPECT_EQ(static_cast<char>(checkpoint.bytes(checkpoint.tensors()[1])[0]), 'a');
        EXPECT_TRUE(checkpoint.warnings().empty());
    }
}

TEST_F(HuggingFaceFolder, NamesTheMissingShard) {
    writeTwoShards();
    fs::remove(path("model-00002-of-00002.safetensors"));
    const auto opened = Checkpoint::open(m_folder.path());
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(opened.error().message, HasSubstr("model-00002-of-00002.safetensors"));
    fs::remove(path("model.safetensors.index.json"));
    EXPECT_THAT(Checkpoint::open(m_folder.path()).error().message, HasSubstr("index.json"));
}

TEST_F(HuggingFaceFolder, ReportsATensorThatItsShardLacks) {
    writeTwoShards();
    write("model-00002-of-00002.safetensors", oneTensor("model.layers.3.mlp.up_proj.weight", 'b'));
    const auto opened = Checkpoint::open(m_folder.path());
    ASSERT_FALSE(opened.has_value());
    EXPECT_THAT(opened.error().message, HasSubstr("model.layers.2.mlp.up_proj.weight"));
}

TEST_F(HuggingFaceFolder, WarnsOfATensorThatTheIndexDoesNotList) {
    writeTwoShards();
    write("model.safetensors.index.json",
          R"({"weight_map":{"model.layers.10.mlp.up_proj.weight":"model-00001-of-00002.safetensors",)"
          R"("extra":"model-00002-of-00002.safetensors"}})");
    write(
        "model-00002-of-00002.safetensors",
        test::safetensorsFile(
            R"({"extra":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"stray":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
            "12345678"));
    const auto opened = Checkpoint::open(m_folder.path());
    HT_ASSERT_OK(opened);
    EXPECT_EQ((*opened)->tensors().size(), 2u);
    EXPECT_EQ((*opened)->find("stray"), nullptr);
    ASSERT_EQ((*opened)->warnings().size(), 1u);
    EXPECT_EQ((*opened)->warnings()[0].tensor, "stray");
}

TEST_F(HuggingFaceFolder, PutsShardsTogetherWithoutAnIndex) {
    writeTwoShards();
    fs::remove(path("model.safetensors.index.json"));
    const auto opened = Checkpoint::open(m_folder.path());
    HT_ASSERT_OK(opened);
    EXPECT_EQ((*opened)->tensors().size(), 2u);
    ASSERT_EQ((*opened)->warnings().size(), 1u);
    EXPECT_THAT((*opened)->warnings()[0].message, HasSubstr("index.json is missing"));
}

TEST_F(HuggingFaceFolder, RefusesABrokenConfig) {
    writeTwoShards();
    for (const char* broken : {"", "{", "[]", "{\"model_type\": \"\xFF\"}"}) {
        write("config.json", broken);
        const auto opened = Checkpoint::open(m_folder.path());
        ASSERT_FALSE(opened.has_value()) << broken;
        EXPECT_THAT(opened.error().message, HasSubstr("config.json"));
    }
}

TEST_F(HuggingFaceFolder, OpensABareTensorFile) {
    write("weights.safetensors", test::smallSafetensors());
    for (const fs::path& from : {path("weights.safetensors"), m_folder.path()}) {
        const auto opened = Checkpoint::open(from);
        HT_ASSERT_OK(opened);
        EXPECT_EQ((*opened)->kind(), CheckpointKind::kTensorFile);
        EXPECT_EQ((*opened)->tensors().size(), 3u);
        EXPECT_EQ((*opened)->find("token_embd.weight"), (*opened)->find("model.embed_tokens.weight"));
        EXPECT_EQ((*opened)->totalTensorBytes(), 184u);
        EXPECT_EQ((*opened)->parameterCount(), 8 + 64 + 12);
    }
}

TEST_F(HuggingFaceFolder, OpensATokenizerFolder) {
    write("tokenizer.json", "{}");
    const auto opened = Checkpoint::open(m_folder.path());
    HT_ASSERT_OK(opened);
    EXPECT_EQ((*opened)->kind(), CheckpointKind::kTokenizer);
    EXPECT_TRUE((*opened)->tensors().empty());
}

TEST_F(HuggingFaceFolder, TransposesConv1dOfGpt2Only) {
    const std::string weights =
        test::safetensorsFile(R"({"h.0.attn.c_attn.weight":{"dtype":"F32","shape":[2,6],"data_offsets":[0,48]},)"
                              R"("h.0.attn.bias":{"dtype":"F32","shape":[1,1,2,2],"data_offsets":[48,64]}})",
                              std::string(64, 'x'));
    write("model.safetensors", weights);
    write("config.json", R"({"model_type":"gpt2"})");
    auto opened = Checkpoint::open(m_folder.path());
    HT_ASSERT_OK(opened);
    ASSERT_EQ((*opened)->tensors().size(), 1u) << "the mask is no weight";
    EXPECT_THAT((*opened)->warnings()[0].message, HasSubstr("buffers"));
    EXPECT_TRUE((*opened)->tensors()[0].transposed);
    EXPECT_EQ((*opened)->tensors()[0].rows(), 6);
    EXPECT_EQ((*opened)->tensors()[0].cols(), 2);
    write("config.json", R"({"model_type":"gpt_bigcode"})");
    opened = Checkpoint::open(m_folder.path());
    HT_ASSERT_OK(opened);
    EXPECT_FALSE((*opened)->tensors()[0].transposed);
}

TEST_F(HuggingFaceFolder, KeepsCanonicalNamesUnique) {
    write("model.safetensors",
          test::safetensorsFile(R"({"wte.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                R"("transformer.wte.weight":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                                "12345678"));
    const auto opened = Checkpoint::open(m_folder.path());
    HT_ASSERT_OK(opened);
    EXPECT_NE((*opened)->tensors()[0].canonicalName, (*opened)->tensors()[1].canonicalName);
    EXPECT_EQ((*opened)->warnings().size(), 2u) << "no config.json, and the clash";
}

TEST_F(HuggingFaceFolder, FingerprintTellsCheckpointsApart) {
    write("a.safetensors", oneTensor("t", 'a'));
    write("b.safetensors", oneTensor("t", 'b'));
    write("c.safetensors", oneTensor("u", 'a'));
    const auto fingerprint = [&](const char* name) { return Checkpoint::open(path(name)).value()->fingerprint(); };
    const std::string a = fingerprint("a.safetensors");
    EXPECT_EQ(a.size(), 16u);
    EXPECT_EQ(a, fingerprint("a.safetensors"));
    EXPECT_NE(a, fingerprint("b.safetensors"));
    EXPECT_NE(a, fingerprint("c.safetensors"));
    fs::copy_file(path("a.safetensors"), path("copy.safetensors"));
    EXPECT_EQ(a, fingerprint("copy.safetensors")) << "the place does not count";
}

}  // namespace
}  // namespace halftone
