// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/packed_tensor.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include "core/checkpoint/checkpoint.h"
#include "core/tensor/float16.h"
#include "tests/support/broken_files.h"
#include "tests/support/test_paths.h"

namespace halftone {
namespace {

std::shared_ptr<const Checkpoint> openCheckpoint(const std::filesystem::path& path) {
    auto opened = Checkpoint::open(path);
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return opened ? *opened : nullptr;
}

std::vector<float> readAll(const RowSource& source) {
    std::vector<float> values(static_cast<size_t>(source.rows() * source.cols()));
    EXPECT_TRUE(source.readRows(0, source.rows(), values).has_value());
    return values;
}

/// Share of bytes in which a file's tensors of block types differ from the published F16 model encoded here. The file
/// was made from F32 weights that are not published: rounding them to F16 (2^-12 of a value) moves a value across a
/// rounding boundary of the codes about once in 2^12 / levels.
double shareOfDifferingBytes(const std::filesystem::path& folder, const std::string& quantized) {
    const auto expected = openCheckpoint(folder / quantized);
    const auto original = openCheckpoint(folder / "babyllama-105-f16.gguf");
    if (!expected || !original) return 1;
    size_t total = 0;
    size_t differing = 0;
    for (const TensorInfo& tensor : expected->tensors()) {
        const TensorInfo* source = original->find(tensor.name);
        if (!dtypeInfo(tensor.dtype).isBlock() || !source) continue;
        const auto rows = openRows(original, *source);
        if (!rows) return 1;
        const PackedLayout layout = PackedLayout::of(Format::of(tensor.dtype), tensor.cols());
        std::vector<std::byte> packed(static_cast<size_t>(tensor.rows() * layout.rowBytes));
        EXPECT_TRUE(encodeRows(layout, readAll(**rows), tensor.rows(), {}, packed).has_value());
        const auto bytes = expected->bytes(tensor);
        total += packed.size();
        for (size_t i = 0; i < packed.size(); ++i) differing += packed[i] != bytes[i] ? 1 : 0;
    }
    return total > 0 ? static_cast<double>(differing) / static_cast<double>(total) : 1;
}

TEST(QuantizedFiles, AreReproducedUpToTheRoundingOfTheirSource) {
    HT_SHARED_OR_SKIP(folder, "models/babyllama-105");
    EXPECT_LT(shareOfDifferingBytes(folder, "babyllama-105-Q8_0.gguf"), 0.025);
    EXPECT_LT(shareOfDifferingBytes(folder, "babyllama-105-Q4_0.gguf"), 0.002);
}

TEST(OpenRows, TransposedTensorsGiveTheRowsOfTheConvertedModel) {
    HT_SHARED_OR_SKIP(folder, "models/slm4096-gpt2");
    const auto stored = openCheckpoint(folder);
    const auto converted = openCheckpoint(folder / "slm4096-gpt2-f16.gguf");
    ASSERT_TRUE(stored && converted);
    int transposed = 0;
    for (const TensorInfo& tensor : stored->tensors()) {
        const TensorInfo* other = converted->find(tensor.canonicalName);
        if (!tensor.transposed || !other) continue;
        ++transposed;
        ASSERT_EQ(tensor.rows(), other->rows()) << tensor.name;
        ASSERT_EQ(tensor.cols(), other->cols()) << tensor.name;
        const auto rows = openRows(stored, tensor);
        const auto otherRows = openRows(converted, *other);
        HT_ASSERT_OK(rows);
        HT_ASSERT_OK(otherRows);
        const std::vector<float> values = readAll(**rows);
        const std::vector<float> expected = readAll(**otherRows);
        for (size_t i = 0; i < values.size(); ++i)
            ASSERT_EQ(halfToFloat(floatToHalf(values[i])), expected[i]) << tensor.name << " " << i;
        const auto packed = openPacked(stored, tensor);
        HT_ASSERT_OK(packed);
        EXPECT_EQ(packed->layout.format, Format::of(tensor.dtype));
        EXPECT_EQ(readAll(*rowSourceOf(*packed)), values) << tensor.name;
        // Some rows from the middle are the same as those of the whole.
        std::vector<float> part(static_cast<size_t>(3 * tensor.cols()));
        HT_ASSERT_OK((*rows)->readRows(5, 3, part));
        EXPECT_TRUE(std::equal(part.begin(), part.end(), values.begin() + 5 * tensor.cols())) << tensor.name;
    }
    EXPECT_GT(transposed, 3);
}

TEST(OpenPacked, DoesNotCopyWhatLiesReady) {
    HT_SHARED_OR_SKIP(folder, "models/babyllama-105");
    const auto checkpoint = openCheckpoint(folder / "babyllama-105-Q4_0.gguf");
    ASSERT_TRUE(checkpoint);
    for (const TensorInfo& tensor : checkpoint->tensors()) {
        const auto packed = openPacked(checkpoint, tensor);
        HT_ASSERT_OK(packed);
        EXPECT_EQ(packed->bytes.data(), checkpoint->bytes(tensor).data()) << tensor.name;
        EXPECT_EQ(packed->rows, tensor.rows());
    }
}

TEST(OpenRows, ChecksTheRange) {
    HT_SHARED_OR_SKIP(folder, "models/stories260K");
    const auto checkpoint = openCheckpoint(folder);
    ASSERT_TRUE(checkpoint);
    const TensorInfo& tensor = checkpoint->tensors().front();
    const auto rows = openRows(checkpoint, tensor);
    HT_ASSERT_OK(rows);
    std::vector<float> out(static_cast<size_t>((*rows)->cols()));
    HT_EXPECT_OK((*rows)->readRows((*rows)->rows() - 1, 1, out));
    EXPECT_FALSE((*rows)->readRows((*rows)->rows(), 1, out).has_value());
    EXPECT_FALSE((*rows)->readRows(-1, 1, out).has_value());
    EXPECT_FALSE((*rows)->readRows(0, 2, out).has_value()) << "the buffer holds one row";
    EXPECT_FALSE((*rows)->readRows(1, std::numeric_limits<int64_t>::max(), out).has_value());
}

class HandMadeFile : public testing::Test {
  protected:
    std::shared_ptr<const Checkpoint> open(const std::string& header, const std::string& data) {
        const auto path = m_folder.path() / "model.safetensors";
        test::writeFile(path, test::safetensorsFile(header, data));
        return openCheckpoint(path);
    }
    test::TemporaryFolder m_folder;
};

TEST_F(HandMadeFile, UnalignedFloatsAreCopied) {
    // One byte of BOOL before the floats; no padding.
    std::string data(1, '\1');
    const float floats[2] = {1.5f, -2.0f};
    data.append(reinterpret_cast<const char*>(floats), sizeof floats);
    const auto checkpoint = open(
        R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[1,9]}})",
        data);
    ASSERT_TRUE(checkpoint);
    const TensorInfo* tensor = checkpoint->find("b");
    ASSERT_NE(tensor, nullptr);
    const auto packed = openPacked(checkpoint, *tensor);
    HT_ASSERT_OK(packed);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(packed->bytes.data()) % 4, 0u);
    EXPECT_EQ(readAll(*rowSourceOf(*packed)), (std::vector<float>{1.5f, -2.0f}));
    const auto rows = openRows(checkpoint, *tensor);
    HT_ASSERT_OK(rows);
    EXPECT_EQ(readAll(**rows), (std::vector<float>{1.5f, -2.0f}));
}

TEST_F(HandMadeFile, TypesThatBackendsDoNotExecuteAreConverted) {
    std::string data;
    const int32_t integers[2] = {-7, 1 << 20};
    data.append(reinterpret_cast<const char*>(integers), sizeof integers);
    data.append("\x38\xFE", 2);  // F8_E4M3: 1, -448
    const auto checkpoint = open(
        R"({"i":{"dtype":"I32","shape":[1,2],"data_offsets":[0,8]},"f":{"dtype":"F8_E4M3","shape":[1,2],"data_offsets":[8,10]}})",
        data);
    ASSERT_TRUE(checkpoint);
    const auto integerTensor = openPacked(checkpoint, *checkpoint->find("i"));
    HT_ASSERT_OK(integerTensor);
    EXPECT_EQ(integerTensor->layout.format, Format::of(DType::kF32));
    EXPECT_EQ(readAll(*rowSourceOf(*integerTensor)), (std::vector<float>{-7, 0x1p20f}));
    const auto floatTensor = openPacked(checkpoint, *checkpoint->find("f"));
    HT_ASSERT_OK(floatTensor);
    EXPECT_EQ(floatTensor->layout.format, Format::of(DType::kF16));
    EXPECT_EQ(readAll(*rowSourceOf(*floatTensor)), (std::vector<float>{1, -448}));
}

TEST_F(HandMadeFile, TypesThatAreNotDecodedAreNamed) {
    const auto checkpoint =
        open(R"({"z":{"dtype":"F8_E4M3FNUZ","shape":[1,2],"data_offsets":[0,2]}})", std::string(2, '\0'));
    ASSERT_TRUE(checkpoint);
    const auto rows = openRows(checkpoint, *checkpoint->find("z"));
    ASSERT_FALSE(rows.has_value());
    EXPECT_EQ(rows.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(rows.error().message.find("Tensor z of type F8_E4M3FNUZ"), std::string::npos) << rows.error().message;
}

}  // namespace
}  // namespace halftone
