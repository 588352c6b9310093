// SPDX-License-Identifier: GPL-3.0-or-later
// Metadata, names and order of exported files, held against files that others wrote; other kinds of sources.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/checkpoint/gguf_writer.h"
#include "core/model/model_config.h"
#include "core/tokenizer/tokenizer.h"
#include "tests/support/broken_files.h"
#include "tests/support/synthetic_checkpoint.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/export/export_support.h"

namespace halftone::test {
namespace {

using testing::HasSubstr;

std::string messagesOf(const std::vector<RecipeProblem>& problems) {
    std::string out;
    for (const RecipeProblem& problem : problems) out += problem.message + "\n";
    return out;
}

class ExportFiles : public testing::Test {
  protected:
    [[nodiscard]] std::filesystem::path target(const char* name = "out.gguf") const { return m_folder.path() / name; }
    TemporaryFolder m_folder;
};

// Everything that the file of others says must be said by ours, with the same type and value.
void expectKeysOf(const GgufMetadata& others, const GgufMetadata& ours) {
    for (const auto& [key, value] : others.entries()) {
        SCOPED_TRACE(key);
        const GgufValue* found = ours.find(key);
        ASSERT_NE(found, nullptr);
        ASSERT_EQ(found->index(), value.index());
        if (const auto* array = std::get_if<GgufArray>(&value)) {
            EXPECT_EQ(std::get<GgufArray>(*found).elementType, array->elementType);
            EXPECT_TRUE(std::get<GgufArray>(*found).values == array->values);
        } else if (const auto* number = std::get_if<float>(&value)) {
            EXPECT_EQ(std::get<float>(*found), *number);
        } else if (const auto* text = std::get_if<std::string>(&value)) {
            EXPECT_EQ(std::get<std::string>(*found), *text);
        } else if (const auto* integer = std::get_if<uint32_t>(&value)) {
            EXPECT_EQ(std::get<uint32_t>(*found), *integer);
        } else if (const auto* flag = std::get_if<bool>(&value)) {
            EXPECT_EQ(std::get<bool>(*found), *flag);
        }
    }
}

void expectTensorsOf(const CheckpointPtr& others, const CheckpointPtr& ours) {
    for (const TensorInfo& tensor : others->tensors()) {
        SCOPED_TRACE(tensor.name);
        const TensorInfo* found = ours->find(tensor.name);
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->dtype, tensor.dtype);
        EXPECT_EQ(found->shape, tensor.shape);
        EXPECT_TRUE(std::ranges::equal(ours->bytes(*found), others->bytes(tensor)));
    }
}

TEST_F(ExportFiles, StoriesInF16IsTheFileOfOthers) {
    HT_SHARED_OR_SKIP(source, "models/stories260K");
    HT_SHARED_OR_SKIP(theirs, "models/stories260K/stories260K-f16.gguf");
    HT_ASSERT_OK(exportTo(openCheckpoint(source), Recipe::pure(format("f16")), target()));
    const CheckpointPtr ours = openCheckpoint(target()), others = openCheckpoint(theirs);
    expectKeysOf(others->gguf(), ours->gguf());
    EXPECT_EQ(others->tensors().size(), ours->tensors().size());
    expectTensorsOf(others, ours);
}

TEST_F(ExportFiles, Gpt2InF16HasTheTensorsOfOthers) {
    HT_SHARED_OR_SKIP(source, "models/slm4096-gpt2");
    HT_SHARED_OR_SKIP(theirs, "models/slm4096-gpt2/slm4096-gpt2-f16.gguf");
    const auto report = exportTo(openCheckpoint(source), Recipe::pure(format("f16")), target());
    HT_ASSERT_OK(report);
    const CheckpointPtr ours = openCheckpoint(target()), others = openCheckpoint(theirs);
    // Both repeat the tied embedding as output.weight: runtimes asked for it.
    expectTensorsOf(others, ours);
    EXPECT_EQ(others->tensors().size(), ours->tensors().size());
    ASSERT_NE(ours->find("output.weight"), nullptr);
    EXPECT_THAT(messagesOf(report->problems), HasSubstr("second time as output.weight"));
    for (const char* key :
         {"gpt2.context_length", "gpt2.embedding_length", "gpt2.block_count", "gpt2.feed_forward_length",
          "gpt2.attention.head_count", "general.file_type", "general.quantization_version"}) {
        EXPECT_EQ(ours->gguf().integer(key), others->gguf().integer(key)) << key;
    }
    EXPECT_EQ(*ours->gguf().string("general.architecture"), "gpt2");
    EXPECT_EQ(*ours->gguf().strings("tokenizer.ggml.tokens"), *others->gguf().strings("tokenizer.ggml.tokens"));
    EXPECT_THAT(messagesOf(report->problems), HasSubstr("GELU"));
}

// The weights of others were rounded from the F32 original, ours from its F16 copy: bytes may differ, values hardly.
TEST_F(ExportFiles, Q4AndQ8AreLaidOutAsOthersDo) {
    HT_SHARED_OR_SKIP(source, "models/babyllama-105/babyllama-105-f16.gguf");
    for (const auto& [name, file] : {std::pair{"q4_0", "Q4_0"}, std::pair{"q8_0", "Q8_0"}}) {
        SCOPED_TRACE(name);
        HT_SHARED_OR_SKIP(theirs, std::string("models/babyllama-105/babyllama-105-") + file + ".gguf");
        HT_ASSERT_OK(exportTo(openCheckpoint(source), Recipe::pure(format(name)), target()));
        const CheckpointPtr ours = openCheckpoint(target()), others = openCheckpoint(theirs);
        expectKeysOf(others->gguf(), ours->gguf());
        ASSERT_EQ(ours->tensors().size(), others->tensors().size());
        for (size_t i = 0; i < others->tensors().size(); ++i) {
            const TensorInfo &own = ours->tensors()[i], &other = others->tensors()[i];
            SCOPED_TRACE(other.name);
            EXPECT_EQ(own.name, other.name);
            EXPECT_EQ(own.dtype, other.dtype);
            EXPECT_EQ(own.shape, other.shape);
            EXPECT_EQ(own.offset - ours->tensors()[0].offset, other.offset - others->tensors()[0].offset);
            const auto values = readAll(ours, own), reference = readAll(others, other);
            double error = 0, norm = 0;
            for (size_t j = 0; j < values.size(); ++j) {
                error += std::pow(double(values[j]) - double(reference[j]), 2);
                norm += std::pow(double(reference[j]), 2);
            }
            EXPECT_LT(std::sqrt(error / norm), 2e-2);
        }
    }
}

TEST_F(ExportFiles, ProvenanceTellsWhereTheFileCameFrom) {
    HT_SHARED_OR_SKIP(source, "models/babyllama-105");
    const CheckpointPtr checkpoint = openCheckpoint(source);
    const Recipe recipe = Recipe::pure(format("q4_0"));
    ImportanceData importance{.byTensor = {{"blk.0.attn_q.weight", std::vector<float>(128, 2.0f)},
                                           {"output.weight", std::vector<float>(128, 1.0f)}},
                              .dataset = std::string(200, 'x') + ".txt",
                              .chunkCount = 7};
    HT_ASSERT_OK(exportGguf(checkpoint, resolve(recipe, checkpoint->tensors()), recipe.toText(), importance, target(),
                            JobContext()));
    const CheckpointPtr exported = openCheckpoint(target());
    const GgufMetadata& keys = exported->gguf();
    EXPECT_EQ(*keys.string("halftone.recipe"), recipe.toText());
    EXPECT_EQ(*keys.string("halftone.source.fingerprint"), checkpoint->fingerprint());
    EXPECT_FALSE(keys.string("halftone.version")->empty());
    EXPECT_EQ(*keys.string("quantize.imatrix.dataset"), std::string(127, 'x'));
    EXPECT_TRUE(std::holds_alternative<uint32_t>(*keys.find("quantize.imatrix.entries_count")));
    EXPECT_EQ(keys.integer("quantize.imatrix.entries_count"), 2);
    EXPECT_EQ(keys.integer("quantize.imatrix.chunks_count"), 7);
    importance.byTensor["blk.0.attn_q.weight"].pop_back();
    const auto misfit = exportGguf(checkpoint, resolve(recipe, checkpoint->tensors()), "", importance,
                                   target("misfit.gguf"), JobContext());
    EXPECT_THAT(misfit.error().message, HasSubstr("importance of blk.0.attn_q.weight has 127 values"));
    EXPECT_FALSE(std::filesystem::exists(target("misfit.gguf")));
}

TEST_F(ExportFiles, AnExportOfAnExportIsTheSameFile) {
    HT_SHARED_OR_SKIP(source, "models/zh-poem-750K");  // in two shards
    HT_ASSERT_OK(exportTo(openCheckpoint(source), Recipe::pure(format("q5_k")), target("first.gguf")));
    HT_ASSERT_OK(exportTo(openCheckpoint(target("first.gguf")), Recipe{}, target("second.gguf")));
    expectTensorsOf(openCheckpoint(target("first.gguf")), openCheckpoint(target("second.gguf")));
    // Same input, same bytes.
    HT_ASSERT_OK(exportTo(openCheckpoint(source), Recipe::pure(format("q5_k")), target("third.gguf"),
                          JobContext{.stop = {}, .progress = nullptr, .pool = ThreadPool(1)}));
    EXPECT_TRUE(readFile(target("first.gguf")) == readFile(target("third.gguf")));
}

TEST_F(ExportFiles, TheTokenizerInTheFileEncodesAlike) {
    int compared = 0;
    for (const char* model : {"stories260K", "babyllama-105", "zh-poem-750K", "slm4096-gpt2"}) {
        SCOPED_TRACE(model);
        HT_SHARED_OR_SKIP(source, std::string("models/") + model);
        const CheckpointPtr checkpoint = openCheckpoint(source);
        HT_ASSERT_OK(exportTo(checkpoint, Recipe::pure(format("q8_0")), target()));
        const auto before = Tokenizer::load(*checkpoint), after = Tokenizer::load(*openCheckpoint(target()));
        HT_ASSERT_OK(before);
        HT_ASSERT_OK(after);
        for (const char* text : {"Once upon a time, there was a cat.\n", "主题：明月 体裁：五绝\n",
                                 "Q: What is SLM?\nA:", "  two  spaces"}) {
            const auto ids = (*before)->encode(text, {.addSpecial = true}).value();
            EXPECT_EQ((*after)->encode(text, {.addSpecial = true}).value(), ids) << text;
            ++compared;
        }
    }
    EXPECT_EQ(compared, 16);
}

TEST_F(ExportFiles, AnUntiedHeadAndABiggerContextAreWritten) {
    SyntheticShape shape;
    shape.hidden = 64;
    shape.ffn = 96;
    shape.layers = 2;
    shape.heads = 4;
    shape.kvHeads = 2;
    shape.vocab = 128;
    shape.context = 77;
    HT_ASSERT_OK(writeSyntheticCheckpoint(m_folder.path() / "untied", shape));
    const auto report = exportTo(openCheckpoint(m_folder.path() / "untied"), Recipe::pure(format("q8_0")), target());
    HT_ASSERT_OK(report);
    // It has no tokenizer, which stops no export but is told.
    EXPECT_THAT(messagesOf(report->problems), HasSubstr("The file gets no tokenizer"));
    const CheckpointPtr exported = openCheckpoint(target());
    ASSERT_NE(exported->find("output.weight"), nullptr);
    EXPECT_EQ(exported->gguf().integer("llama.context_length"), 77);
    EXPECT_EQ(exported->gguf().integer("llama.attention.head_count_kv"), 2);
}

// Copied, permuted, transposed and quantized tensors, and an embedding that is written twice: all bytes are counted.
TEST_F(ExportFiles, ProgressEndsWhereItSaidItWould) {
    for (const char* model : {"stories260K", "slm4096-gpt2"}) {
        HT_SHARED_OR_SKIP(source, std::string("models/") + model);
        for (const char* name : {"f32", "q4_k", "int4_g32_sym"}) {
            SCOPED_TRACE(std::string(model) + " " + name);
            Progress progress;
            const JobContext context{.stop = {}, .progress = &progress, .pool = ThreadPool(2)};
            HT_ASSERT_OK(exportTo(openCheckpoint(source), Recipe::pure(format(name)), target(), context));
            EXPECT_GT(progress.snapshot().total, 0);
            EXPECT_EQ(progress.snapshot().done, progress.snapshot().total);
        }
    }
}

TEST_F(ExportFiles, WhatRuntimesTokenizeOtherwiseIsTold) {
    SyntheticShape shape;
    shape.hidden = 64;
    shape.ffn = 96;
    shape.layers = 1;
    shape.heads = shape.kvHeads = 2;
    shape.vocab = 64;
    shape.context = 64;
    HT_ASSERT_OK(writeSyntheticCheckpoint(m_folder.path() / "model", shape));
    std::ofstream(m_folder.path() / "model" / "tokenizer.json")
        << R"({"added_tokens":[{"id":0,"content":"<s>","special":true}],)"
           R"("pre_tokenizer":{"type":"Metaspace","replacement":"\u2581","prepend_scheme":"first"},)"
           R"("model":{"type":"Unigram","unk_id":1,"vocab":[["<s>",0],["<unk>",0],["\u2581",-2],["a",-1]]}})";
    const auto report = exportTo(openCheckpoint(m_folder.path() / "model"), Recipe::pure(format("q8_0")), target());
    HT_ASSERT_OK(report);
    const auto told = std::ranges::find_if(report->problems, [](const RecipeProblem& problem) {
        return problem.message.find("behind every control token") != std::string::npos;
    });
    ASSERT_NE(told, report->problems.end());
    EXPECT_EQ(told->severity, RecipeProblem::Severity::kWarning);
}

// Replaces a part of config.json.
void editConfig(const std::filesystem::path& folder, const std::string& from, const std::string& to) {
    std::string text = readFile(folder / "config.json");
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, from.size(), to);
    std::ofstream(folder / "config.json") << text;
}

TEST_F(ExportFiles, Llama3ScalingBecomesATensorOfDivisors) {
    SyntheticShape shape;
    shape.hidden = 256;
    shape.ffn = 96;
    shape.layers = 1;
    shape.heads = 2;
    shape.kvHeads = 2;
    shape.vocab = 64;
    shape.context = 131072;
    const auto folder = m_folder.path() / "llama3";
    HT_ASSERT_OK(writeSyntheticCheckpoint(folder, shape));
    editConfig(
        folder, "\"rope_scaling\": null",
        R"("rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,)"
        R"( "original_max_position_embeddings": 8192})");
    HT_ASSERT_OK(exportTo(openCheckpoint(folder), Recipe::pure(format("q8_0")), target()));
    const CheckpointPtr exported = openCheckpoint(target());
    const TensorInfo* divisors = exported->find("rope_freqs.weight");
    ASSERT_NE(divisors, nullptr);
    EXPECT_EQ(divisors->shape, std::vector<int64_t>{64});
    const auto values = readAll(exported, *divisors);
    EXPECT_EQ(values.front(), 1.0f);
    EXPECT_EQ(values.back(), 8.0f);
    EXPECT_TRUE(std::ranges::is_sorted(values));
    // Read back, the file rotates as its source does.
    const auto before = readModelConfig(*openCheckpoint(folder)), after = readModelConfig(*exported);
    HT_ASSERT_OK(before);
    HT_ASSERT_OK(after);
    ASSERT_EQ(before->inverseFrequencies.size(), after->inverseFrequencies.size());
    for (size_t i = 0; i < after->inverseFrequencies.size(); ++i) {
        EXPECT_NEAR(after->inverseFrequencies[i], before->inverseFrequencies[i], 1e-6f * before->inverseFrequencies[i]);
    }
}

TEST_F(ExportFiles, YarnAndLinearScalingBecomeKeys) {
    SyntheticShape shape;
    shape.hidden = 64;
    shape.ffn = 96;
    shape.layers = 1;
    shape.heads = 2;
    shape.kvHeads = 2;
    shape.vocab = 64;
    shape.context = 16384;
    for (const char* scaling :
         {R"("rope_scaling": {"type": "linear", "factor": 4.0})",
          R"("rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 4096})"}) {
        SCOPED_TRACE(scaling);
        const auto folder = m_folder.path() / "scaled";
        HT_ASSERT_OK(writeSyntheticCheckpoint(folder, shape));
        editConfig(folder, "\"rope_scaling\": null", scaling);
        HT_ASSERT_OK(exportTo(openCheckpoint(folder), Recipe::pure(format("q8_0")), target()));
        const auto before = readModelConfig(*openCheckpoint(folder)),
                   after = readModelConfig(*openCheckpoint(target()));
        HT_ASSERT_OK(before);
        HT_ASSERT_OK(after);
        EXPECT_NEAR(after->ropeAttentionFactor, before->ropeAttentionFactor, 1e-6f);
        for (size_t i = 0; i < after->inverseFrequencies.size(); ++i) {
            EXPECT_NEAR(after->inverseFrequencies[i], before->inverseFrequencies[i],
                        1e-6f * before->inverseFrequencies[i]);
        }
        std::filesystem::remove_all(folder);
    }
}

// A GGUF of an architecture that does not run here.
void writeForeignGguf(const std::filesystem::path& path, const std::vector<GgufTensorSpec>& specs) {
    GgufMetadata metadata;
    metadata.set("general.architecture", std::string("mamba"));
    metadata.set("general.alignment", uint32_t{64});
    metadata.set("mamba.ssm.state_size", uint32_t{4});
    metadata.set("split.count", uint16_t{1});
    auto writer = GgufWriter::create(path, metadata, specs);
    HT_ASSERT_OK(writer);
    for (const GgufTensorSpec& spec : specs) {
        int64_t count = 1;
        for (int64_t dim : spec.shape) count *= dim;
        std::vector<std::byte> bytes(dtypeBytes(spec.dtype, static_cast<uint64_t>(count)).value());
        if (spec.dtype == DType::kF32) {
            for (int64_t i = 0; i < count; ++i) {
                const float value = std::sin(0.1f * static_cast<float>(i));
                std::memcpy(bytes.data() + 4 * i, &value, 4);
            }
        } else {
            for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 7);
        }
        HT_ASSERT_OK(writer->write(bytes));
    }
    HT_ASSERT_OK(writer->finish());
}

TEST_F(ExportFiles, AnArchitectureThatDoesNotRunKeepsNamesAndKeys) {
    writeForeignGguf(target("foreign.gguf"), {{"blk.0.ssm_in.weight", DType::kF32, {64, 256}},
                                              {"blk.0.ssm_a", DType::kF32, {64, 4}},
                                              {"blk.0.ssm_conv1d.weight", DType::kF32, {64, 4}},
                                              {"blk.0.ssm_dt.bias", DType::kF32, {64}},
                                              {"blk.0.mystery.weight", DType::kIQ2_XS, {4, 256}},
                                              {"token_embd.weight", DType::kF32, {32, 64}}});
    const CheckpointPtr source = openCheckpoint(target("foreign.gguf"));
    const auto report = exportTo(source, Recipe::pure(format("q4_k")), target());
    HT_ASSERT_OK(report);
    const CheckpointPtr exported = openCheckpoint(target());
    EXPECT_EQ(exported->architecture(), "mamba");
    EXPECT_EQ(exported->gguf().integer("mamba.ssm.state_size"), 4);
    EXPECT_EQ(exported->gguf().find("split.count"), nullptr);
    EXPECT_EQ(exported->gguf().find("general.alignment"), nullptr);
    EXPECT_EQ(exported->find("blk.0.ssm_in.weight")->dtype, DType::kQ4_K);
    EXPECT_EQ(exported->find("token_embd.weight")->dtype, DType::kQ5_0);
    for (const char* name : {"blk.0.ssm_a", "blk.0.ssm_conv1d.weight", "blk.0.ssm_dt.bias"}) {
        EXPECT_EQ(exported->find(name)->dtype, DType::kF32) << name;
    }
    // What cannot be decoded goes over as it is, and that is told.
    EXPECT_EQ(exported->find("blk.0.mystery.weight")->dtype, DType::kIQ2_XS);
    EXPECT_TRUE(std::ranges::equal(exported->bytes(*exported->find("blk.0.mystery.weight")),
                                   source->bytes(*source->find("blk.0.mystery.weight"))));
    EXPECT_THAT(messagesOf(report->problems), HasSubstr("blk.0.mystery.weight is stored as IQ2_XS"));
}

TEST_F(ExportFiles, ABareTensorFileGetsMinimalMetadata) {
    HT_SHARED_OR_SKIP(source, "models/stories260K/model.safetensors");
    std::filesystem::copy_file(source, target("weights.safetensors"));
    HT_ASSERT_OK(exportTo(openCheckpoint(target("weights.safetensors")), Recipe::pure(format("q8_0")), target()));
    const CheckpointPtr exported = openCheckpoint(target());
    EXPECT_EQ(exported->architecture(), "unknown");
    EXPECT_EQ(exported->find("blk.0.attn_q.weight")->dtype, DType::kQ8_0);
    EXPECT_EQ(exported->find("blk.0.ffn_down.weight")->dtype, DType::kF16);
    // Without a configuration nobody knows the heads: rows stay where they are.
    const CheckpointPtr folder = openCheckpoint(source.parent_path());
    const auto first = readAll(exported, *exported->find("blk.0.attn_q.weight"));
    const auto original = readAll(folder, *folder->find("blk.0.attn_q.weight"));
    for (size_t i = 64; i < 192; ++i) EXPECT_NEAR(first[i], original[i], 0.02f);
}

TEST_F(ExportFiles, TypesThatGgufLacksAreWidened) {
    // Two 8-bit floats (1.0 and -0.5 in E4M3), two U16, and a U8 that is no weight.
    const std::string data = std::string("\x38\xB0", 2) + std::string("\x01\x00\x02\x00", 4) + "\x05\x06";
    const std::string header = R"({"a":{"dtype":"F8_E4M3","shape":[1,2],"data_offsets":[0,2]},)"
                               R"("b":{"dtype":"U16","shape":[1,2],"data_offsets":[2,6]},)"
                               R"("c":{"dtype":"U8","shape":[2],"data_offsets":[6,8]}})";
    std::ofstream(target("odd.safetensors"), std::ios::binary) << safetensorsFile(header, data);
    const auto report = exportTo(openCheckpoint(target("odd.safetensors")), Recipe{}, target());
    HT_ASSERT_OK(report);
    const CheckpointPtr exported = openCheckpoint(target());
    EXPECT_EQ(exported->find("a")->dtype, DType::kF16);
    EXPECT_EQ(readAll(exported, *exported->find("a")), (std::vector<float>{1.0f, -0.5f}));
    EXPECT_EQ(readAll(exported, *exported->find("b")), (std::vector<float>{1.0f, 2.0f}));
    EXPECT_EQ(readAll(exported, *exported->find("c")), (std::vector<float>{5.0f, 6.0f}));
    EXPECT_THAT(messagesOf(report->problems),
                HasSubstr("a is stored as F8_E4M3, which GGUF has no type for: it is written as F16."));
}

}  // namespace
}  // namespace halftone::test
