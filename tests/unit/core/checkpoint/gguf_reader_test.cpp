// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/gguf_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "core/checkpoint/checkpoint.h"
#include "tests/support/broken_files.h"
#include "tests/support/test_paths.h"

namespace halftone {
namespace {

using test::GgufBuilder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::span<const std::byte> bytesOf(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(GgufReader, ReadsEveryValueType) {
    const std::string file = test::smallGguf();
    const auto header = parseGguf(bytesOf(file), "small.gguf");
    HT_ASSERT_OK(header);
    const GgufMetadata& m = header->metadata;
    EXPECT_EQ(*m.find("a.u8"), GgufValue(uint8_t{200}));
    EXPECT_EQ(*m.find("a.i8"), GgufValue(int8_t{-100}));
    EXPECT_EQ(*m.find("a.u16"), GgufValue(uint16_t{60000}));
    EXPECT_EQ(*m.find("a.i16"), GgufValue(int16_t{-30000}));
    EXPECT_EQ(*m.find("a.i32"), GgufValue(int32_t{-2000000000}));
    EXPECT_EQ(*m.find("a.f32"), GgufValue(1.5f));
    EXPECT_EQ(*m.find("a.bool"), GgufValue(true));
    EXPECT_EQ(*m.find("a.u64"), GgufValue(~uint64_t{0}));
    EXPECT_EQ(*m.find("a.i64"), GgufValue(int64_t{-5}));
    EXPECT_EQ(*m.find("a.f64"), GgufValue(2.25));
    EXPECT_EQ(*m.string("general.name"), "Small");
    EXPECT_THAT(*m.strings("a.strings"), ElementsAre("one", ""));
    EXPECT_EQ(m.array("a.bools")->elementType, GgufType::kBool);
    EXPECT_THAT(std::get<std::vector<uint8_t>>(m.array("a.bools")->values), ElementsAre(0, 1, 1));
    EXPECT_THAT(std::get<std::vector<float>>(m.array("a.floats")->values), ElementsAre(0.5f, -0.5f));
    EXPECT_EQ(m.entries().front().first, "general.architecture") << "file order is kept";
}

TEST(GgufReader, LooksUpByTypeWithoutLosingValues) {
    const std::string file = test::smallGguf();
    const auto header = parseGguf(bytesOf(file), "small.gguf");
    HT_ASSERT_OK(header);
    const GgufMetadata& m = header->metadata;
    EXPECT_EQ(m.integer("a.u8"), 200);
    EXPECT_EQ(m.integer("a.i64"), -5);
    EXPECT_EQ(m.integer("a.u64"), std::nullopt) << "does not fit";
    EXPECT_EQ(m.integer("a.f32"), std::nullopt);
    EXPECT_EQ(m.integer("a.bool"), std::nullopt);
    EXPECT_EQ(m.number("a.f64"), 2.25);
    EXPECT_EQ(m.number("a.i8"), -100.0);
    EXPECT_EQ(m.boolean("a.bool"), true);
    EXPECT_EQ(m.boolean("a.u8"), std::nullopt);
    EXPECT_EQ(m.string("a.u8"), nullptr);
    EXPECT_EQ(m.strings("a.floats"), nullptr);
    EXPECT_EQ(m.find("absent"), nullptr);
}

TEST(GgufReader, ReadsTensors) {
    const std::string file = test::smallGguf();
    const auto header = parseGguf(bytesOf(file), "small.gguf");
    HT_ASSERT_OK(header);
    ASSERT_EQ(header->tensors.size(), 3u);
    const TensorInfo& q = header->tensors[1];
    EXPECT_EQ(q.name, "blk.0.attn_q.weight");
    EXPECT_EQ(q.role, TensorRole::kAttnQ);
    EXPECT_EQ(q.block, 0);
    EXPECT_EQ(q.dtype, DType::kQ8_0);
    EXPECT_THAT(q.shape, ElementsAre(2, 32)) << "outermost first";
    EXPECT_EQ(q.sizeBytes, 68u);
    EXPECT_EQ(file.substr(q.offset, 68), std::string(68, '\2'));
    EXPECT_EQ(header->headerBytes % 32, 0u);
    EXPECT_EQ(header->unclaimedBytes, 0u);
}

TEST(GgufReader, ReadsVersion2AndOtherAlignments) {
    GgufBuilder builder;
    builder.version = 2;
    builder.alignment = 256;
    builder.u32("general.alignment", 256);
    builder.tensor({"a", {8}, 0, std::string(32, 'a'), {}, {}}).tensor({"b", {8}, 0, std::string(32, 'b'), {}, {}});
    const std::string file = builder.build();
    const auto header = parseGguf(bytesOf(file), "f");
    HT_ASSERT_OK(header);
    EXPECT_EQ(header->version, 2u);
    EXPECT_EQ(header->tensors[1].offset - header->tensors[0].offset, 256u);
    EXPECT_EQ(file[header->tensors[1].offset], 'b');
}

TEST(GgufReader, AcceptsScalarsEmptyTensorsAndMissingPadding) {
    GgufBuilder builder;
    builder.padsLastTensor = false;
    builder.tensor({"scalar", {}, 0, "1234", {}, {}})
        .tensor({"empty", {0, 5}, 0, "", {}, {}})
        .tensor({"last", {3}, 0, std::string(12, 'x'), {}, {}});
    const std::string file = builder.build();
    const auto header = parseGguf(bytesOf(file), "f");
    HT_ASSERT_OK(header);
    EXPECT_EQ(header->tensors[0].elementCount(), 1);
    EXPECT_EQ(header->tensors[1].elementCount(), 0);
    EXPECT_EQ(header->tensors[2].sizeBytes, 12u);
}

TEST(GgufReader, OpensTypesItCannotDecode) {
    GgufBuilder builder;
    builder.tensor({"blk.0.ffn_up.weight", {256}, 16, std::string(66, 'x'), {}, {}});
    const std::string file = builder.build();
    const auto header = parseGguf(bytesOf(file), "f");
    HT_ASSERT_OK(header);
    EXPECT_EQ(header->tensors[0].dtype, DType::kIQ2_XXS);
    EXPECT_FALSE(dtypeInfo(header->tensors[0].dtype).decodable);
}

TEST(GgufReader, SaysWhatFollowsTheLastTensor) {
    const test::TemporaryFolder folder;
    const auto path = folder.path() / "long.gguf";
    test::writeFile(path, test::smallGguf() + std::string(100, 'z'));
    const auto opened = Checkpoint::open(path);
    HT_ASSERT_OK(opened);
    ASSERT_EQ((*opened)->warnings().size(), 1u);
    EXPECT_THAT((*opened)->warnings()[0].message, HasSubstr("100 bytes"));
}

/// Split `index` of `count` with one tensor.
std::string split(int index, int count, int totalTensors) {
    GgufBuilder builder;
    if (index == 0) builder.text("general.architecture", "llama").text("general.name", "Parts");
    builder.u16("split.no", static_cast<uint16_t>(index))
        .u16("split.count", static_cast<uint16_t>(count))
        .i32("split.tensors.count", totalTensors);
    builder.tensor({fmt::format("blk.{}.ffn_up.weight", index),
                    {8, 2},
                    0,
                    std::string(64, static_cast<char>('a' + index)),
                    {},
                    {}});
    return builder.build();
}

class GgufSplits : public ::testing::Test {
  protected:
    [[nodiscard]] std::filesystem::path path(int index) const {
        return m_folder.path() / fmt::format("model-{:05}-of-00003.gguf", index + 1);
    }
    void write(int index, int total = 3) { test::writeFile(path(index), split(index, 3, total)); }
    test::TemporaryFolder m_folder;
};

TEST_F(GgufSplits, OpenFromAnySplitAndFromTheFolder) {
    for (int i = 0; i < 3; ++i) write(i);
    for (const auto& from : {path(0), path(1), path(2), m_folder.path()}) {
        const auto opened = Checkpoint::open(from);
        HT_ASSERT_OK(opened);
        const Checkpoint& checkpoint = **opened;
        EXPECT_EQ(checkpoint.name(), "Parts");
        EXPECT_EQ(checkpoint.architecture(), "llama");
        EXPECT_EQ(checkpoint.files().size(), 3u);
        ASSERT_EQ(checkpoint.tensors().size(), 3u);
        EXPECT_EQ(checkpoint.gguf().find("split.no"), nullptr);
        for (size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(checkpoint.tensors()[i].file, static_cast<int>(i));
            EXPECT_EQ(static_cast<char>(checkpoint.bytes(checkpoint.tensors()[i])[0]), static_cast<char>('a' + i));
        }
    }
}

TEST_F(GgufSplits, NameTheMissingSplit) {
    write(0);
    write(2);
    const auto opened = Checkpoint::open(path(0));
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(opened.error().message, HasSubstr("model-00002-of-00003.gguf"));
}

TEST_F(GgufSplits, RefuseForeignRenamedAndMiscountedSplits) {
    for (int i = 0; i < 3; ++i) write(i);
    test::writeFile(path(1), split(2, 3, 3));
    EXPECT_THAT(Checkpoint::open(path(0)).error().message, HasSubstr("renamed"));
    write(1, 3);
    write(0, 7);
    EXPECT_THAT(Checkpoint::open(path(0)).error().message, HasSubstr("has 7 tensors"));
    const auto elsewhere = m_folder.path() / "other.gguf";
    test::writeFile(elsewhere, split(1, 3, 3));
    EXPECT_THAT(Checkpoint::open(elsewhere).error().message, HasSubstr("original name"));
}

}  // namespace
}  // namespace halftone
