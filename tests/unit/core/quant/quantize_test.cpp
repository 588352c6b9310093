// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/quantize.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/test_paths.h"
#include "tests/unit/core/quant/test_data.h"

namespace halftone {
namespace {

using testing::HasSubstr;

/// A matrix in memory; can take its time, to be cancelled.
class MemoryRows final : public RowSource {
  public:
    MemoryRows(int64_t rows, int64_t cols, std::vector<float> values, std::chrono::microseconds delay = {})
        : m_rows(rows), m_cols(cols), m_values(std::move(values)), m_delay(delay) {}
    [[nodiscard]] int64_t rows() const override { return m_rows; }
    [[nodiscard]] int64_t cols() const override { return m_cols; }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        if (m_delay.count() > 0) std::this_thread::sleep_for(m_delay * count);
        std::copy_n(m_values.begin() + first * m_cols, count * m_cols, out.begin());
        return {};
    }

  private:
    int64_t m_rows;
    int64_t m_cols;
    std::vector<float> m_values;
    std::chrono::microseconds m_delay;
};

JobContext contextOf(int threads) {
    JobContext context;
    context.pool = ThreadPool(threads);
    return context;
}

std::vector<std::byte> copyOf(std::span<const std::byte> bytes) {
    return {bytes.begin(), bytes.end()};
}

TEST(Quantize, SameBytesAndSumsOnAnyThreadCount) {
    constexpr int64_t kRows = 700;
    constexpr int64_t kCols = 512;
    const MemoryRows source(kRows, kCols, test::gaussian(kRows * kCols, 0.02f, 1));
    for (const char* name : {"q4_k", "q6_k", "q8_0", "int4_g128_asym", "int8_tensor_sym", "int3_channel_asym"}) {
        const Format format = Format::parse(name).value();
        const auto one = quantizeTensor(source, format, {}, contextOf(1));
        HT_ASSERT_OK(one);
        EXPECT_EQ(one->packed.rows, kRows);
        EXPECT_EQ(one->packed.bytes.size(), static_cast<size_t>(kRows * one->packed.layout.rowBytes));
        for (const int threads : {2, 7}) {
            const auto many = quantizeTensor(source, format, {}, contextOf(threads));
            HT_ASSERT_OK(many);
            EXPECT_TRUE(std::ranges::equal(one->packed.bytes, many->packed.bytes)) << name;
            EXPECT_EQ(one->distortion.sumSquaredError, many->distortion.sumSquaredError) << name;
        }
    }
}

TEST(Quantize, StreamingGivesTheSameRowsInOrder) {
    constexpr int64_t kRows = 700;
    constexpr int64_t kCols = 512;
    const MemoryRows source(kRows, kCols, test::gaussian(kRows * kCols, 0.02f, 1));
    for (const char* name : {"q5_k", "int8_tensor_asym"}) {
        const Format format = Format::parse(name).value();
        const auto whole = quantizeTensor(source, format, {}, contextOf(2));
        HT_ASSERT_OK(whole);
        for (const int threads : {1, 2, 5}) {
            std::vector<std::byte> streamed;
            const auto sink = [&](std::span<const std::byte> bytes) -> Status {
                streamed.insert(streamed.end(), bytes.begin(), bytes.end());
                return {};
            };
            const auto distortion = quantizeStreaming(source, format, {}, sink, contextOf(threads));
            HT_ASSERT_OK(distortion);
            EXPECT_EQ(streamed, copyOf(whole->packed.bytes)) << name;
            EXPECT_EQ(distortion->sumSquaredError, whole->distortion.sumSquaredError);
        }
    }
}

TEST(Quantize, DistortionIsThatOfTheDecodedResult) {
    constexpr int64_t kRows = 300;
    constexpr int64_t kCols = 256;
    const std::vector<float> values = test::gaussian(kRows * kCols, 0.02f, 2);
    const auto result = quantizeTensor(MemoryRows(kRows, kCols, values), Format::of(DType::kQ4_0), {}, contextOf(2));
    HT_ASSERT_OK(result);
    std::vector<float> decoded(values.size());
    HT_ASSERT_OK(rowSourceOf(result->packed)->readRows(0, kRows, decoded));
    double error = 0;
    double squares = 0;
    double largest = 0;
    for (size_t i = 0; i < values.size(); ++i) {
        const double difference = static_cast<double>(values[i]) - static_cast<double>(decoded[i]);
        error += difference * difference;
        squares += static_cast<double>(values[i]) * static_cast<double>(values[i]);
        largest = std::max(largest, std::fabs(difference));
    }
    EXPECT_EQ(result->distortion.count, kRows * kCols);
    EXPECT_NEAR(result->distortion.relativeMse(), error / squares, 1e-7 * error / squares);
    EXPECT_EQ(result->distortion.maxAbsError, largest);
    EXPECT_NEAR(result->distortion.sqnrDb(), -10 * std::log10(error / squares), 1e-6);
    EXPECT_GT(result->distortion.cosine(), 0.99);
    EXPECT_LT(result->distortion.cosine(), 1.0);
}

TEST(Distortion, OfExactCopiesAndZeros) {
    Distortion exact;
    exact.add(std::vector<float>{1, 2, 3}, std::vector<float>{1, 2, 3});
    EXPECT_EQ(exact.relativeMse(), 0);
    EXPECT_EQ(exact.sqnrDb(), std::numeric_limits<double>::infinity());
    EXPECT_EQ(exact.cosine(), 1);
    Distortion zeros;
    zeros.add(std::vector<float>(9), std::vector<float>(9));
    EXPECT_EQ(zeros.relativeMse(), 0);
    EXPECT_EQ(zeros.cosine(), 1);
    Distortion lost;
    lost.add(std::vector<float>{1, -2}, std::vector<float>{0, 0});
    EXPECT_EQ(lost.relativeMse(), 1);
    EXPECT_EQ(lost.cosine(), 0);
}

TEST(Quantize, RefusesNonFiniteValuesAndNamesTheFirst) {
    constexpr int64_t kRows = 2000;
    constexpr int64_t kCols = 256;
    std::vector<float> values = test::gaussian(kRows * kCols, 1, 3);
    values[1500 * kCols + 7] = std::numeric_limits<float>::quiet_NaN();
    values[900 * kCols + 12] = -std::numeric_limits<float>::infinity();
    const MemoryRows source(kRows, kCols, values);
    for (const char* name : {"q4_k", "int8_tensor_sym", "f32"}) {
        for (int repeat = 0; repeat < 5; ++repeat) {
            const auto result = quantizeTensor(source, Format::parse(name).value(),
                                               {.importance = {}, .tensorName = "blk.3.attn_q.weight"}, contextOf(4));
            ASSERT_FALSE(result.has_value()) << name;
            EXPECT_EQ(result.error().code, ErrorCode::kInvalidData);
            EXPECT_THAT(result.error().message,
                        HasSubstr("Tensor blk.3.attn_q.weight holds an infinity at row 900, column 12"));
        }
    }
}

TEST(Quantize, MapsNonFiniteValuesToZeroOnRequestAndCountsThem) {
    std::vector<float> values(4 * 32, 1.0f);
    values[5] = std::numeric_limits<float>::quiet_NaN();
    values[40] = std::numeric_limits<float>::infinity();
    const auto result =
        quantizeTensor(MemoryRows(4, 32, values), Format::of(DType::kQ8_0),
                       {.importance = {}, .nonFinite = NonFinitePolicy::kMapToZero, .tensorName = {}}, contextOf(1));
    HT_ASSERT_OK(result);
    EXPECT_EQ(result->nonFiniteCount, 2);
    std::vector<float> decoded(values.size());
    HT_ASSERT_OK(rowSourceOf(result->packed)->readRows(0, 4, decoded));
    EXPECT_EQ(decoded[5], 0.0f);
    EXPECT_EQ(decoded[40], 0.0f);
    EXPECT_NEAR(decoded[6], 1.0f, 1e-3f);
}

TEST(Quantize, RefusesValuesBeyondTheFormat) {
    const MemoryRows source(2, 32, std::vector<float>(64, 1e8f));
    const auto result = quantizeTensor(source, Format::of(DType::kQ8_0),
                                       {.importance = {}, .tensorName = "output.weight"}, contextOf(1));
    ASSERT_FALSE(result.has_value());
    EXPECT_THAT(result.error().message, HasSubstr("Tensor output.weight has values too large for Q8_0"));
    HT_EXPECT_OK(quantizeTensor(source, Format::of(DType::kBF16), {}, contextOf(1)));
}

TEST(Quantize, RefusesRequestsThatMakeNoSense) {
    const MemoryRows source(2, 48, std::vector<float>(96, 1.0f));
    const std::vector<float> importance(47, 1.0f);
    std::vector<float> negative(48, 1.0f);
    negative[3] = -1;
    const JobContext context = contextOf(1);
    EXPECT_EQ(quantizeTensor(source, Format::of(DType::kQ4_K), {}, context).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(quantizeTensor(source, Format::of(DType::kIQ2_XXS), {}, context).error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(quantizeTensor(source, Format::of(DType::kF16), {.importance = importance, .tensorName = {}}, context)
                  .error()
                  .code,
              ErrorCode::kInvalidArgument);
    EXPECT_EQ(quantizeTensor(source, Format::of(DType::kF16), {.importance = negative, .tensorName = {}}, context)
                  .error()
                  .code,
              ErrorCode::kInvalidArgument);
}

TEST(Quantize, PassesOnTheErrorOfTheSink) {
    const MemoryRows source(2000, 256, test::gaussian(2000 * 256, 1, 3));
    int calls = 0;
    const auto sink = [&](std::span<const std::byte>) -> Status {
        if (++calls == 2) return makeError(ErrorCode::kIo, "The disk is full.");
        return {};
    };
    const auto result = quantizeStreaming(source, Format::of(DType::kQ8_0), {}, sink, contextOf(1));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().message, "The disk is full.");
    EXPECT_EQ(calls, 2);
}

TEST(Quantize, AdvancesTheProgressByRows) {
    Progress progress;
    JobContext context = contextOf(2);
    context.progress = &progress;
    context.start("encoding", 700, "rows");
    const MemoryRows source(700, 512, test::gaussian(700 * 512, 1, 3));
    HT_ASSERT_OK(quantizeTensor(source, Format::parse("int8_tensor_sym").value(), {}, context));
    EXPECT_EQ(progress.snapshot().done, 700);
}

TEST(Quantize, StopsInsideATensorWhenCancelled) {
    // Reading the whole matrix would take 2.5 s on two threads, a tile of 8 rows 40 ms.
    const MemoryRows source(1024, 8192, std::vector<float>(1024 * 8192, 0.5f), std::chrono::milliseconds(5));
    std::stop_source stop;
    Progress progress;
    JobContext context = contextOf(2);
    context.stop = stop.get_token();
    context.progress = &progress;
    std::jthread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        stop.request_stop();
    });
    const auto result = quantizeTensor(source, Format::of(DType::kQ4_0), {}, context);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
    EXPECT_LT(progress.snapshot().done, 512);
}

}  // namespace
}  // namespace halftone
