// SPDX-License-Identifier: GPL-3.0-or-later
// Quantizing on a device: every format that it takes, with and without a search, must have the processor's bytes
// whatever the values are, and the device must do itself what it has no reason to leave.
#include "gpu/engine/vulkan_encoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "core/quant/formats/level_tables.h"
#include "core/quant/methods/integer_fit.h"
#include "core/quant/methods/level_fit.h"
#include "core/quant/methods/method.h"
#include "tests/unit/gpu/vulkan_fixture.h"

namespace halftone::test {
namespace {

constexpr int64_t kRows = 9;

/// A matrix in memory; F32, F16 and BF16 are offered as they are stored.
std::shared_ptr<const RowSource> matrixOf(const std::vector<float>& values, int64_t rows, DType type = DType::kF32) {
    const auto cols = static_cast<int64_t>(values.size()) / rows;
    PackedTensor tensor;
    tensor.layout = PackedLayout::of(Format::of(type), cols);
    tensor.rows = rows;
    auto bytes = std::make_shared<std::vector<std::byte>>(static_cast<size_t>(rows * tensor.layout.rowBytes));
    EXPECT_TRUE(encodeRows(tensor.layout, values, rows, {}, *bytes).has_value());
    tensor.bytes = *bytes;
    tensor.owner = std::move(bytes);
    return rowSourceOf(std::move(tensor));
}

std::vector<float> gaussian(int64_t cols, float deviation, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0.0f, deviation);
    std::vector<float> values(static_cast<size_t>(kRows * cols));
    for (float& value : values) value = normal(random);
    return values;
}

struct Data {
    std::string name;
    std::vector<float> values;
    bool staysOnDevice = false;  ///< nothing in it gives a reason to leave a group
};

/// Whole multiples and halves of a step: quotients that fall on the middle between two codes.
std::vector<float> middles(int64_t cols) {
    std::mt19937 random(7);
    std::uniform_int_distribution<int> steps(-30, 30);
    std::vector<float> values(static_cast<size_t>(kRows * cols));
    for (float& value : values) value = static_cast<float>(steps(random)) * 0.03125f;
    return values;
}

std::vector<float> withOutliers(int64_t cols) {
    auto values = gaussian(cols, 0.02f, 2);
    for (size_t i = 3; i < values.size(); i += 41) values[i] *= 60;
    return values;
}

std::vector<float> withZeroGroups(int64_t cols) {
    auto values = gaussian(cols, 0.5f, 3);
    for (size_t i = 0; i < values.size(); ++i) {
        if (i / 16 % 3 == 0 || i / static_cast<size_t>(cols) == 4) values[i] = i % 2 == 0 ? 0.0f : -0.0f;
    }
    return values;
}

/// One sign alone, and constant stretches.
std::vector<float> oneSided(int64_t cols) {
    auto values = gaussian(cols, 0.5f, 4);
    for (size_t i = 0; i < values.size(); ++i) {
        const size_t row = i / static_cast<size_t>(cols);
        values[i] = (row % 2 == 0 ? 1.0f : -1.0f) * std::fabs(values[i]);
        if (row >= 6) values[i] = i / 32 % 2 == 0 ? 0.75f : -0.3f;
    }
    return values;
}

std::vector<float> hugeAmongSmall(int64_t cols) {
    auto values = gaussian(cols, 1e-3f, 5);
    for (size_t i = 7; i < values.size(); i += 301) values[i] = i % 2 == 0 ? 3e4f : -3e25f;
    for (size_t i = 11; i < values.size(); i += 503) values[i] = 1e-25f;
    return values;
}

std::vector<float> subnormals(int64_t cols) {
    auto values = gaussian(cols, 1e-2f, 6);
    for (size_t i = 0; i < values.size(); ++i) {
        const size_t row = i / static_cast<size_t>(cols);
        if (row % 3 == 1) values[i] = std::ldexp(values[i], -130);
        if (row % 3 == 2 && i % 50 == 0) values[i] = 1e-42f;
    }
    return values;
}

std::vector<Data> allData(int64_t cols) {
    return {{"gaussian", gaussian(cols, 0.02f), true}, {"outliers", withOutliers(cols), true},
            {"middles", middles(cols), true},          {"zero groups", withZeroGroups(cols), true},
            {"one-sided", oneSided(cols), true},       {"huge among small", hugeAmongSmall(cols)},
            {"subnormals", subnormals(cols)}};
}

struct Case {
    std::string format;
    bool searches = false;
    bool isWeighted = false;  ///< by an importance of the columns
};

std::string nameOf(const Case& value) {
    return value.format + (value.searches ? "_searched" : "") + (value.isWeighted ? "_weighted" : "");
}
void PrintTo(const Case& value, std::ostream* out) {
    *out << nameOf(value);
}

/// Mean squares of inputs: of very different size, the largest far apart.
std::vector<float> importanceOf(int64_t cols) {
    std::mt19937 random(17);
    std::lognormal_distribution<float> spread(-4.0f, 1.5f);
    std::vector<float> importance(static_cast<size_t>(cols));
    for (float& value : importance) value = spread(random);
    for (size_t i = 5; i < importance.size(); i += 100) importance[i] *= 3000;
    return importance;
}

std::vector<Case> allCases() {
    std::vector<Case> cases;
    for (const char* block :
         {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "iq4_nl", "iq4_xs", "q4_0", "q4_1", "q5_0", "q5_1"})
        cases.push_back({.format = block, .isWeighted = true});
    for (const char* block : {"q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "mxfp4", "nvfp4", "q2_k", "q3_k", "q4_k", "q5_k",
                              "q6_k", "iq4_nl", "iq4_xs", "tq1_0", "tq2_0", "q1_0", "q2_0"})
        cases.push_back({block});
    std::vector<std::string> families{
        "int4_g128_asym",    "int4_g32_sym",       "int4_g64_sym_f32",     "int3_g64_asym_bf16", "int8_channel_sym",
        "int8_channel_asym", "int2_g16_asym",      "int5_g128_sym_bf16",   "int6_g32_asym_f32",  "int7_g64_sym",
        "fp8_e4m3_channel",  "fp8_e5m2_channel",   "fp8_e4m3_g128",        "fp4_e2m1_g32",       "nf4_g64",
        "fp4_bnb_g64",       "fp6_e2m3_g32",       "fp6_e3m2_g32",         "apot4_g64",          "pow2_4bit_g32",
        "int4_g64_fzero",    "int8_g32_fzero_f32", "int3_g128_fzero_bf16", "fp4_e2m1_g32_e8m0",  "nf4_g64_e8m0",
        "fp8_e4m3_g32_e8m0", "ternary_g64",        "ternary_channel",      "binary_g128",        "binary_g32",
        "int4_g64_sym_dq",   "int4_g64_asym_dq",   "int4_g32_fzero_dq",    "nf4_g64_dq",         "fp4_bnb_g16_dq"};
    for (const std::string& family : families) {
        cases.push_back({family});
        cases.push_back({family, true});
    }
    for (const char* family : {"int4_g128_asym", "int3_g32_sym", "int8_channel_sym", "int4_g64_fzero", "nf4_g64",
                               "fp8_e4m3_channel", "ternary_g64", "int4_g64_sym_dq"})
        cases.push_back({family, true, true});
    for (const char* shared :
         {"int8_tensor_sym", "int4_tensor_asym_f32", "int3_tensor_fzero", "fp8_e4m3_tensor", "nf4_tensor",
          "fp8_e5m2_tensor", "fp8_e4m3_b128x128", "fp8_e5m2_b128x128", "fp6_e2m3_b128x128", "nf4_b128x128"})
        cases.push_back({shared});
    return cases;
}

class EncoderTest : public VulkanTest {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        if (!m_context) return;
        auto encoder = VulkanEncoder::create(m_context);
        ASSERT_TRUE(encoder.has_value()) << encoder.error().message;
        m_encoder = *encoder;
    }

    std::shared_ptr<VulkanEncoder> m_encoder;
};

/// The same bytes from device and processor, the same figures to six digits.
void expectSame(EncodeDevice& device, const RowSource& source, const Format& format, QuantizeOptions options) {
    const auto expected = quantizeTensor(source, format, options, JobContext());
    options.device = &device;
    const auto encoded = quantizeTensor(source, format, options, JobContext());
    const auto measured = measureQuantized(source, format, options, JobContext());
    ASSERT_EQ(encoded.has_value(), expected.has_value());
    ASSERT_EQ(measured.has_value(), expected.has_value());
    if (!expected) {
        // Of values that are too large the processor names a tile, the device's caller a row.
        const bool isTooLarge = expected.error().message.find("too large") != std::string::npos;
        for (const Error& error : {encoded.error(), measured.error()}) {
            EXPECT_EQ(error.code, expected.error().code);
            EXPECT_TRUE(isTooLarge || error.message == expected.error().message) << error.message;
        }
        return;
    }
    const auto rowBytes = static_cast<size_t>(expected->packed.layout.rowBytes);
    ASSERT_EQ(encoded->packed.bytes.size(), expected->packed.bytes.size());
    for (size_t i = 0; i < expected->packed.bytes.size(); ++i) {
        ASSERT_EQ(encoded->packed.bytes[i], expected->packed.bytes[i])
            << "row " << i / rowBytes << ", byte " << i % rowBytes << " of " << rowBytes;
    }
    EXPECT_EQ(encoded->nonFiniteCount, expected->nonFiniteCount);
    for (const Distortion& distortion : {encoded->distortion, *measured}) {
        EXPECT_EQ(distortion.count, expected->distortion.count);
        EXPECT_NEAR(distortion.relativeMse(), expected->distortion.relativeMse(),
                    2e-6 * expected->distortion.relativeMse());
        EXPECT_NEAR(distortion.cosine(), expected->distortion.cosine(), 2e-6);
        EXPECT_NEAR(distortion.maxAbsError, expected->distortion.maxAbsError, 1e-6 * expected->distortion.maxAbsError);
    }
}

class FormatEncoderTest : public EncoderTest, public ::testing::WithParamInterface<Case> {
  protected:
    void SetUp() override {
        EncoderTest::SetUp();
        const auto format = Format::parse(GetParam().format);
        ASSERT_TRUE(format.has_value()) << format.error().message;
        m_format = *format;
    }

    QuantizeOptions optionsFor(int64_t cols) {
        m_importance = GetParam().isWeighted ? importanceOf(cols) : std::vector<float>();
        QuantizeOptions options;
        if (GetParam().searches) {
            const MseSettings settings{.shrink = 0.4f, .steps = 20};
            m_method = m_format.isLevel() ? createLevelMseEncoder(settings, m_importance)
                                          : createMseEncoder(settings, m_importance);
            options.encoder = m_method.get();
        } else {
            options.importance = m_importance;
        }
        return options;
    }

    Format m_format;
    std::shared_ptr<const RowEncoder> m_method;
    std::vector<float> m_importance;
};

TEST_P(FormatEncoderTest, GivesTheProcessorsBytes) {
    for (const int64_t cols : {int64_t{512}, int64_t{96}, int64_t{192}, int64_t{203}}) {
        if (!m_format.fitsRow(cols)) continue;
        for (const Data& data : allData(cols)) {
            SCOPED_TRACE(data.name + ", " + std::to_string(cols) + " columns");
            expectSame(*m_encoder, *matrixOf(data.values, kRows), m_format, optionsFor(cols));
        }
    }
    EXPECT_TRUE(m_encoder->remarks().empty()) << m_encoder->remarks().front();
}

TEST_P(FormatEncoderTest, ReadsStoredHalves) {
    for (const DType type : {DType::kBF16, DType::kF16}) {
        SCOPED_TRACE(dtypeInfo(type).name);
        const int64_t cols = m_format.isStorage() ? 256 : 203;
        expectSame(*m_encoder, *matrixOf(withOutliers(cols), kRows, type), m_format, optionsFor(cols));
    }
}

TEST_P(FormatEncoderTest, LeavesNothingWithoutReason) {
    auto task = encodeTaskOf(m_format, 512, optionsFor(512));
    ASSERT_TRUE(task && m_encoder->takes(*task));
    ASSERT_EQ(task->importance.empty(), !GetParam().isWeighted);
    for (const Data& data : allData(512)) {
        SCOPED_TRACE(data.name);
        const auto rows = m_encoder->upload(*matrixOf(data.values, kRows), 0, kRows, JobContext());
        ASSERT_TRUE(rows.has_value()) << rows.error().message;
        if (m_format.granularity() == Granularity::kTensor) {
            const auto range = m_encoder->rangeOf(**rows, JobContext());
            ASSERT_TRUE(range && *range);
            EXPECT_EQ((*range)->minimum, *std::ranges::min_element(data.values));
            EXPECT_EQ((*range)->maximum, *std::ranges::max_element(data.values));
            task->range = **range;
        }
        const auto encoding = m_encoder->encode(*task, **rows, {}, JobContext());
        ASSERT_TRUE(encoding.has_value()) << encoding.error().message;
        EXPECT_EQ(encoding->left.empty() && !encoding->leftAll, data.staysOnDevice) << encoding->left.size();
    }
}

TEST_P(FormatEncoderTest, TreatsWhatIsNotFiniteAsTheProcessorDoes) {
    auto values = gaussian(512, 0.1f);
    values[700] = std::numeric_limits<float>::quiet_NaN();
    values[2000] = -std::numeric_limits<float>::infinity();
    const auto source = matrixOf(values, kRows);
    QuantizeOptions options = optionsFor(512);
    options.tensorName = "layer";
    expectSame(*m_encoder, *source, m_format, options);
    options.nonFinite = NonFinitePolicy::kMapToZero;
    expectSame(*m_encoder, *source, m_format, options);
}

INSTANTIATE_TEST_SUITE_P(All, FormatEncoderTest, ::testing::ValuesIn(allCases()),
                         [](const auto& tested) { return nameOf(tested.param); });

/// As a graphics card would: workgroups of several subgroups, uploads through staging, small parts.
TEST_F(EncoderTest, GivesTheSameBytesUnderAnotherPlan) {
    const auto context = open([](vk::DevicePlan& plan) {
        plan.oneSubgroupGroups = false;
        plan.encode.groupLocalSize = plan.encode.elementLocalSize = 64;
        plan.encode.partBytes = 3 * 512 * sizeof(float) + 100;  // three rows at once
        plan.directUpload = false;
    });
    ASSERT_TRUE(context);
    const auto encoder = VulkanEncoder::create(context);
    ASSERT_TRUE(encoder.has_value()) << encoder.error().message;
    EXPECT_EQ((*encoder)->mostRows(512), 3);
    const auto source = matrixOf(withOutliers(512), kRows);
    for (const char* name : {"q4_0", "q5_1", "q3_k", "q4_k", "int3_g64_asym_bf16", "nf4_g64"}) {
        SCOPED_TRACE(name);
        expectSame(**encoder, *source, Format::parse(name).value(), {});
    }
    const auto method = createMseEncoder({}, {});
    QuantizeOptions options;
    options.encoder = method.get();
    expectSame(**encoder, *source, Format::parse("int4_g128_sym").value(), options);
}

/// Bands of rows and a whole tensor that share scales, over several parts, with tiles that are left.
TEST_F(EncoderTest, FindsScalesThatRowsShare) {
    constexpr int64_t kManyRows = 300, kCols = 203;
    const auto context = open([](vk::DevicePlan& plan) { plan.encode.partBytes = 130 * kCols * sizeof(float); });
    ASSERT_TRUE(context);
    const auto encoder = VulkanEncoder::create(context).value();
    std::mt19937 random(11);
    std::normal_distribution<float> normal(0.0f, 0.03f);
    std::vector<float> values(kManyRows * kCols);
    for (float& value : values) value = normal(random);
    values[5 * kCols + 3] = 0.9f;
    values[270 * kCols + 200] = -1.7f;
    const auto plain = matrixOf(values, kManyRows);
    values[140 * kCols + 7] = 1e-41f;
    const auto withSubnormal = matrixOf(values, kManyRows, DType::kF32);
    const auto matrix = DeviceMatrix::upload(*encoder, *plain, JobContext());
    ASSERT_TRUE(matrix.has_value()) << matrix.error().message;
    ASSERT_EQ(matrix->parts().size(), 3u);
    EXPECT_EQ(matrix->parts()[0]->rows(), 128);
    QuantizeOptions staying;
    staying.deviceMatrix = &*matrix;
    for (const char* name :
         {"fp8_e4m3_b128x128", "nf4_b128x128", "int8_tensor_sym", "int4_tensor_asym", "fp8_e4m3_tensor"}) {
        SCOPED_TRACE(name);
        const Format format = Format::parse(name).value();
        ASSERT_TRUE(encoder->takes(*encodeTaskOf(format, kCols, {})));
        expectSame(*encoder, *plain, format, {});
        expectSame(*encoder, *withSubnormal, format, {});
        expectSame(*encoder, *plain, format, staying);
    }
    EXPECT_TRUE(encoder->remarks().empty());
    values[299 * kCols] = std::numeric_limits<float>::infinity();
    const auto infinite = matrixOf(values, kManyRows);
    QuantizeOptions mapped;
    mapped.nonFinite = NonFinitePolicy::kMapToZero;
    for (const char* name : {"fp8_e4m3_b128x128", "int8_tensor_sym"}) {
        SCOPED_TRACE(name);
        expectSame(*encoder, *infinite, Format::parse(name).value(), {});
        expectSame(*encoder, *infinite, Format::parse(name).value(), mapped);
    }
}

TEST_F(EncoderTest, TriesFormatsOnAMatrixThatStays) {
    const auto source = matrixOf(gaussian(512, 0.1f), kRows, DType::kBF16);
    const auto matrix = DeviceMatrix::upload(*m_encoder, *source, JobContext());
    ASSERT_TRUE(matrix.has_value()) << matrix.error().message;
    EXPECT_EQ(matrix->sizeBytes(), kRows * 512 * 2);
    QuantizeOptions options;
    options.deviceMatrix = &*matrix;
    for (const char* name : {"q8_0", "int4_g128_asym", "fp8_e4m3_channel"})
        expectSame(*m_encoder, *source, Format::parse(name).value(), options);
}

TEST_F(EncoderTest, LeavesEverythingElseToTheProcessor) {
    const std::vector<float> importance(512, 2.0f);
    QuantizeOptions weighted;
    weighted.importance = importance;
    const auto careless = encodeTaskOf(Format::of(DType::kQ8_0), 512, weighted);
    ASSERT_TRUE(careless);
    EXPECT_TRUE(careless->importance.empty()) << "it makes no use of importance";
    for (const char* name : {"f16", "kmeans4_channel", "int4_g128_sym+2of4", "q8_0+out1"}) {
        SCOPED_TRACE(name);
        EXPECT_FALSE(encodeTaskOf(Format::parse(name).value(), 512, {}));
    }
    const Format format = Format::parse("int4_g128_sym").value();
    const auto endless = createMseEncoder({.shrink = 0.4f, .steps = 1500}, {});
    QuantizeOptions searched;
    searched.encoder = endless.get();
    const auto search = encodeTaskOf(format, 512, searched);
    ASSERT_TRUE(search);
    EXPECT_FALSE(m_encoder->takes(*search)) << "so many ranges have no place";
    expectSame(*m_encoder, *matrixOf(gaussian(512, 0.1f), kRows), format, searched);
}

/// Rows of which one number would be summed in another way than the processor does are left, as a whole.
TEST_F(EncoderTest, LeavesRowsWhoseScalesDifferTooMuch) {
    auto values = gaussian(512, 0.1f);
    for (size_t i = 2 * 512 + 64; i < 2 * 512 + 128; ++i) values[i] = std::ldexp(values[i], -40);
    const auto source = matrixOf(values, kRows);
    const Format format = Format::parse("int4_g64_asym_dq").value();
    const auto rows = m_encoder->upload(*source, 0, kRows, JobContext()).value();
    const auto encoding = m_encoder->encode(*encodeTaskOf(format, 512, {}), *rows, {}, JobContext());
    ASSERT_TRUE(encoding.has_value()) << encoding.error().message;
    EXPECT_EQ(encoding->left, std::vector<int64_t>{2});
    EXPECT_EQ(encoding->distortion.count, (kRows - 1) * 512);
    expectSame(*m_encoder, *source, format, {});
}

/// Columns that count nothing, next to nothing, or more than all others together.
TEST_F(EncoderTest, WeighsColumnsOfEverySize) {
    auto weights = importanceOf(512);
    for (size_t i = 0; i < 64; ++i) weights[i] = 0.0f;
    for (size_t i = 64; i < 128; ++i) weights[i] = 1e-36f;
    for (size_t i = 130; i < 512; i += 50) weights[i] = i < 300 ? 1e33f : 1e-42f;
    const auto source = matrixOf(withOutliers(512), kRows);
    for (const char* name : {"int4_g64_asym", "int4_g32_fzero", "nf4_g64", "binary_g64", "int4_g32_sym_dq"}) {
        SCOPED_TRACE(name);
        const Format format = Format::parse(name).value();
        const auto method = format.isLevel() ? createLevelMseEncoder({}, weights) : createMseEncoder({}, weights);
        QuantizeOptions options;
        options.encoder = method.get();
        expectSame(*m_encoder, *source, format, options);
    }
    EXPECT_TRUE(m_encoder->remarks().empty());
}

/// A row with several second-level scales.
TEST_F(EncoderTest, ScalesScalesOfLongRows) {
    const auto source = matrixOf(withOutliers(16 * 300), kRows);
    for (const char* name : {"int4_g16_sym_dq", "int3_g16_fzero_dq", "nf4_g16_dq"}) {
        SCOPED_TRACE(name);
        expectSame(*m_encoder, *source, Format::parse(name).value(), {});
    }
}

/// What becomes of every offered format with the nearest value, that with importance, a search, a search with
/// importance: D, the device; P, the processor; -, there is no such method.
std::map<std::string, std::string> expectedWays() {
    const std::vector<std::pair<std::string, std::vector<std::string>>> listed{
        // Plain values are rounded one by one: to bring them costs as much. K-means adds and sorts in binary64.
        {"PP--",
         {"f32", "f16", "bf16", "kmeans4_channel", "kmeans4_tensor", "kmeans3_channel", "kmeans3_tensor",
          "kmeans2_channel", "kmeans2_tensor"}},
        // Blocks have searches of their own; methods that fit scales have none for those that rows share.
        {"DD--",
         {"q8_0",
          "q6_k",
          "q5_k",
          "q5_1",
          "q5_0",
          "q4_k",
          "q4_1",
          "q4_0",
          "iq4_nl",
          "iq4_xs",
          "mxfp4",
          "nvfp4",
          "q3_k",
          "q2_k",
          "q2_0",
          "tq2_0",
          "tq1_0",
          "q1_0",
          "int8_tensor_sym",
          "fp8_e4m3_tensor",
          "fp8_e4m3_b128x128",
          "fp8_e5m2_tensor",
          "fp8_e5m2_b128x128"}},
        {"DDDD", {"int8_channel_sym", "int8_g128_sym",  "int8_g128_asym",  "int6_g128_sym",    "int5_g128_sym",
                  "int4_channel_sym", "int4_g128_sym",  "int4_g128_asym",  "int4_g64_sym",     "int4_g64_asym",
                  "int4_g32_sym",     "int4_g32_asym",  "int3_g128_asym",  "int3_g64_asym",    "int3_g32_asym",
                  "int2_g64_asym",    "int2_g32_asym",  "int2_g16_asym",   "int4_g128_fzero",  "int4_g64_fzero",
                  "int3_g64_fzero",   "int2_g32_fzero", "int4_g64_sym_dq", "int4_g64_asym_dq", "int4_g64_fzero_dq",
                  "fp8_e4m3_channel", "fp8_e4m3_g128",  "mxfp8_e4m3",      "fp8_e5m2_channel", "fp8_e5m2_g128",
                  "mxfp8_e5m2",       "fp6_e2m3_g64",   "mxfp6_e2m3",      "fp6_e3m2_g64",     "mxfp6_e3m2",
                  "fp4_e2m1_g32",     "fp4_e2m1_g64",   "nf4_g64",         "nf4_g64_f16",      "nf4_g64_dq",
                  "nf4_g128",         "fp4_bnb_g64",    "fp4_bnb_g64_dq",  "apot4_g64",        "pow2_4bit_g64",
                  "pow2_3bit_g64",    "ternary_g64",    "ternary_g128",    "binary_g64",       "binary_g128"}}};
    std::map<std::string, std::string> expected;
    for (const auto& [ways, names] : listed) {
        for (const std::string& name : names) expected[name] = ways;
    }
    return expected;
}

TEST_F(EncoderTest, SaysWhatItTakesOfAllFormats) {
    const auto expected = expectedWays();
    EXPECT_EQ(expected.size(), offeredFormats().size());
    for (const Format& format : offeredFormats()) {
        const std::vector<float> importance(512, 2.0f);
        std::string taken;
        for (const bool searches : {false, true}) {
            for (const bool isWeighted : {false, true}) {
                if (searches && !methodObstacle(MethodId::kMse, format).empty()) {
                    taken += '-';
                    continue;
                }
                const std::vector<float> weights = isWeighted ? importance : std::vector<float>();
                const auto method =
                    format.isLevel() ? createLevelMseEncoder({}, weights) : createMseEncoder({}, weights);
                QuantizeOptions options;
                options.importance = weights;
                if (searches) options.encoder = method.get();
                const auto task = encodeTaskOf(format, 512, options);
                taken += task && m_encoder->takes(*task) ? 'D' : 'P';
            }
        }
        const auto found = expected.find(format.name());
        EXPECT_EQ(taken, found != expected.end() ? found->second : "nothing is said of it") << format.name();
    }
}

TEST_F(EncoderTest, NoticesACancel) {
    std::stop_source stop;
    stop.request_stop();
    const JobContext context{stop.get_token(), nullptr, ThreadPool(1)};
    QuantizeOptions options;
    options.device = m_encoder.get();
    const auto result =
        quantizeTensor(*matrixOf(gaussian(512, 0.1f), kRows), Format::of(DType::kQ8_0), options, context);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
    EXPECT_TRUE(m_encoder->remarks().empty());
}

TEST_F(EncoderTest, GoesOnWithTheProcessorWhenTheDeviceIsLost) {
    const auto context = open([](vk::DevicePlan& plan) { plan.encode.partBytes = 3 * 512 * sizeof(float); });
    ASSERT_TRUE(context);
    const auto encoder = VulkanEncoder::create(context).value();
    context->device->simulateLossAfter(2);
    const auto source = matrixOf(gaussian(512, 0.1f), kRows);
    const Format format = Format::parse("int4_g128_asym").value();
    const auto expected = quantizeTensor(*source, format, {}, JobContext());
    QuantizeOptions options;
    options.device = encoder.get();
    const auto result = quantizeTensor(*source, format, options, JobContext());
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_TRUE(std::ranges::equal(result->packed.bytes, expected->packed.bytes));
    EXPECT_TRUE(context->device->isLost());
    EXPECT_FALSE(encoder->takes(*encodeTaskOf(format, 512, {})));
    EXPECT_EQ(encoder->remarks().size(), 1u);
}

TEST_F(EncoderTest, AsksForAPromiseOfTheDriver) {
    const auto context = open([](vk::DevicePlan& plan) { plan.encode.usable = false; });
    ASSERT_TRUE(context);
    const auto encoder = VulkanEncoder::create(context);
    ASSERT_FALSE(encoder.has_value());
    EXPECT_EQ(encoder.error().code, ErrorCode::kUnsupported);
}

TEST_F(EncoderTest, IsOfferedByBackendsWhereItIsWorthwhile) {
    EXPECT_EQ(makeVulkanBackend(open([](vk::DevicePlan& plan) { plan.encode.worthwhile = false; }))->encoder(),
              nullptr);
    EXPECT_NE(makeVulkanBackend(open([](vk::DevicePlan& plan) { plan.encode.worthwhile = true; }))->encoder(), nullptr);
}

}  // namespace
}  // namespace halftone::test
