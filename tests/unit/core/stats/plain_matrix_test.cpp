// SPDX-License-Identifier: GPL-3.0-or-later
// The pass that reads stored values in place, against a slow count in extended precision, for each plain type, on data
// that breaks careless sums and bins; read in place, from odd addresses, and decoded.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>

#include "core/stats/pattern_counts.h"
#include "core/stats/tensor_stats.h"
#include "core/tensor/float16.h"
#include "tests/support/test_paths.h"

namespace halftone {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t kRows = 37, kCols = 5003;  // runs, chunks and tails of every kind

/// Stored bytes at a chosen offset from an aligned address, shown or hidden.
class StoredMatrix final : public RowSource {
  public:
    StoredMatrix(DType type, std::pair<int64_t, int64_t> shape, const std::vector<float>& values, size_t offset = 0)
        : m_type(type), m_shape(shape), m_offset(offset) {
        const auto elementBytes = static_cast<size_t>(dtypeInfo(type).blockBytes());
        m_bytes.resize(offset + values.size() * elementBytes);
        for (size_t i = 0; i < values.size(); ++i) {
            const float value = values[i];
            const uint16_t half = type == DType::kF16 ? floatToHalf(value) : floatToBfloat(value);
            std::byte* to = m_bytes.data() + offset + i * elementBytes;
            if (type == DType::kF32) {
                std::memcpy(to, &value, sizeof(value));
            } else {
                std::memcpy(to, &half, sizeof(half));
            }
        }
    }
    [[nodiscard]] int64_t rows() const override { return m_shape.first; }
    [[nodiscard]] int64_t cols() const override { return m_shape.second; }
    Status readRows(int64_t first, int64_t count, std::span<float> out) const override {
        for (int64_t i = 0; i < count * cols(); ++i) out[static_cast<size_t>(i)] = at(first * cols() + i);
        return {};
    }
    [[nodiscard]] std::optional<StoredRows> storedRows() const override {
        if (isHidden) return std::nullopt;
        return StoredRows{m_type, std::span(m_bytes).subspan(m_offset)};
    }
    [[nodiscard]] float at(int64_t index) const {
        if (m_type == DType::kF32) return load<float>(index);
        return m_type == DType::kF16 ? halfToFloat(load<uint16_t>(index)) : bfloatToFloat(load<uint16_t>(index));
    }
    bool isHidden = false;

  private:
    template <typename T>
    [[nodiscard]] T load(int64_t index) const {
        T value;
        std::memcpy(&value, m_bytes.data() + m_offset + static_cast<size_t>(index) * sizeof(T), sizeof(T));
        return value;
    }
    DType m_type;
    std::pair<int64_t, int64_t> m_shape;
    size_t m_offset;
    std::vector<std::byte> m_bytes;
};

TensorStats statsOf(const RowSource& source, int threads = 2) {
    JobContext context;
    context.pool = ThreadPool(threads);
    auto stats = computeTensorStats(source, context);
    EXPECT_TRUE(stats.has_value());
    return stats ? std::move(*stats) : TensorStats();
}

/// Two passes over the stored values in extended precision.
struct SlowCount {
    int64_t nonFinite = 0, zeros = 0;
    std::vector<float> rowMax, colMax;
    std::vector<double> finite;  // ascending
    long double mean = 0, variance = 0, kurtosis = 0;
    FloatHistogram histogram;

    explicit SlowCount(const StoredMatrix& source)
        : rowMax(static_cast<size_t>(source.rows())), colMax(static_cast<size_t>(source.cols())) {
        for (int64_t i = 0; i < source.rows() * source.cols(); ++i) add(source.at(i), i, source.cols());
        std::ranges::sort(finite);
        const auto n = static_cast<long double>(finite.size());
        for (const double value : finite) mean += value;
        mean /= n;
        long double m2 = 0, m4 = 0;
        for (const double value : finite) {
            const long double x = value - mean;
            m2 += x * x;
            m4 += x * x * x * x;
        }
        variance = m2 / n;
        kurtosis = n * m4 / (m2 * m2);
    }
    void add(float value, int64_t index, int64_t cols) {
        if (!std::isfinite(value)) {
            ++nonFinite;
            return;
        }
        zeros += value == 0.0f ? 1 : 0;
        finite.push_back(static_cast<double>(value));
        histogram.add(value, 1);
        float& row = rowMax[static_cast<size_t>(index / cols)];
        float& col = colMax[static_cast<size_t>(index % cols)];
        row = std::max(row, std::fabs(value));
        col = std::max(col, std::fabs(value));
    }
};

void expectSameBins(const FloatHistogram& a, const FloatHistogram& b) {
    const auto left = a.bins(), right = b.bins();
    ASSERT_EQ(left.size(), right.size());
    for (size_t i = 0; i < left.size(); ++i) {
        ASSERT_EQ(left[i].lower, right[i].lower);
        ASSERT_EQ(left[i].count, right[i].count) << "bin from " << left[i].lower;
    }
}

void expectMoments(const TensorStats& stats, const SlowCount& slow) {
    const auto sigma = static_cast<double>(std::sqrt(slow.variance));
    const auto mean = static_cast<double>(slow.mean);
    EXPECT_NEAR(stats.mean, mean, sigma * 1e-11 + std::fabs(mean) * 1e-14);
    EXPECT_NEAR(stats.standardDeviation, sigma, sigma * 1e-10);
    if (sigma > 0) {
        EXPECT_NEAR(stats.kurtosis / static_cast<double>(slow.kurtosis), 1.0, 1e-9);
    }
}

void expectExact(const TensorStats& stats, const SlowCount& slow) {
    EXPECT_EQ(stats.count, static_cast<int64_t>(slow.finite.size()) + slow.nonFinite);
    EXPECT_EQ(stats.nonFiniteCount, slow.nonFinite);
    EXPECT_EQ(stats.zeroCount, slow.zeros);
    EXPECT_EQ(stats.rowAbsMax, slow.rowMax);
    EXPECT_EQ(stats.colAbsMax, slow.colMax);
    expectSameBins(stats.histogram, slow.histogram);
    if (slow.finite.empty()) return;
    EXPECT_EQ(stats.min, slow.finite.front());
    EXPECT_EQ(stats.max, slow.finite.back());
    EXPECT_EQ(stats.maxAbs, std::max(std::fabs(stats.min), std::fabs(stats.max)));
    expectMoments(stats, slow);
}

struct Awkward {
    const char* name;
    std::function<float(int64_t)> value;  // of an index
};

std::vector<Awkward> awkwardData(std::mt19937& random) {
    static std::normal_distribution<float> normal(0.0f, 1.0f);
    const auto gauss = [&random] { return normal(random); };
    constexpr int64_t kLonely = kCols * 11 + 4096;
    return {
        {"weights", [=](int64_t) { return 0.02f * gauss(); }},
        {"all equal", [](int64_t) { return 0.1f; }},
        {"two values far from zero", [](int64_t i) { return i % 3 ? 4096.0f : 4128.0f; }},
        {"one outlier", [=](int64_t i) { return i == kLonely ? 60000.0f : 0.001f * gauss(); }},
        {"an outlier first", [=](int64_t i) { return i % kCols == 0 ? -60000.0f : 0.001f * gauss(); }},
        {"one huge outlier", [=](int64_t i) { return i == kLonely ? 3e38f : gauss(); }},
        {"huge range", [=](int64_t i) { return std::ldexp(gauss(), static_cast<int>(i * 37 % 250) - 125); }},
        {"subnormals", [=](int64_t i) { return gauss() * (i % 2 ? 1e-39f : 1e-44f); }},
        {"half subnormals", [=](int64_t i) { return i % 5 ? gauss() * 1e-6f : -0.0f; }},
        {"mostly zeros", [=](int64_t i) { return i % 1000 ? (i % 2 ? 0.0f : -0.0f) : gauss(); }},
        {"non-finite here and there",
         [=](int64_t i) { return i % 997 ? gauss() : (i % 3 == 0 ? kNan : (i % 3 == 1 ? kInf : -kInf)); }},
        {"non-finite first", [=](int64_t i) { return i % kCols == 0 ? kInf : 1e-3f * gauss(); }},
        {"nothing finite", [](int64_t i) { return i % 2 ? kNan : -kInf; }},
        {"a far mean", [=](int64_t) { return 1000.0f + gauss(); }},
    };
}

class PlainMatrix : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(Types, PlainMatrix, testing::Values(DType::kF32, DType::kF16, DType::kBF16),
                         [](const auto& type) { return std::string(dtypeInfo(type.param).name); });

std::vector<float> filled(const Awkward& data) {
    std::vector<float> values(static_cast<size_t>(kRows * kCols));
    for (size_t i = 0; i < values.size(); ++i) values[i] = data.value(static_cast<int64_t>(i));
    return values;
}

TEST_P(PlainMatrix, AgreesWithASlowCountOnAwkwardData) {
    std::mt19937 random(3);
    for (const Awkward& data : awkwardData(random)) {
        SCOPED_TRACE(data.name);
        StoredMatrix source(GetParam(), {kRows, kCols}, filled(data));
        const SlowCount slow(source);
        expectExact(statsOf(source), slow);
        source.isHidden = true;
        expectExact(statsOf(source), slow);
    }
}

TEST_P(PlainMatrix, AgreesOnEveryInstructionSet) {
    std::mt19937 random(8);
    const auto data = awkwardData(random);
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
        SCOPED_TRACE(hwy::TargetName(target));
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
        for (const size_t kind : {size_t{0}, size_t{7}, size_t{10}}) {
            SCOPED_TRACE(data[kind].name);
            const StoredMatrix source(GetParam(), {kRows, kCols}, filled(data[kind]), 1);
            expectExact(statsOf(source), SlowCount(source));
        }
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST_P(PlainMatrix, MayLieAtAnyAddress) {
    std::mt19937 random(4);
    const auto values = filled(awkwardData(random).front());
    const StoredMatrix aligned(GetParam(), {kRows, kCols}, values), odd(GetParam(), {kRows, kCols}, values, 3);
    const auto a = statsOf(aligned), b = statsOf(odd);
    EXPECT_EQ(a.mean, b.mean);
    EXPECT_EQ(a.kurtosis, b.kurtosis);
    EXPECT_EQ(a.rowAbsMax, b.rowAbsMax);
    EXPECT_EQ(a.colAbsMax, b.colAbsMax);
    expectSameBins(a.histogram, b.histogram);
}

TEST_P(PlainMatrix, MayHaveAnyShape) {
    std::mt19937 random(5);
    std::normal_distribution<float> normal(0.0f, 3.0f);
    const std::pair<int64_t, int64_t> shapes[] = {{1, 1},   {1, 15},   {16, 1},    {31, 31},   {32, 33},
                                                  {9, 288}, {5000, 7}, {1, 90001}, {2, 12289}, {700, 4096}};
    for (const auto& shape : shapes) {
        SCOPED_TRACE(testing::Message() << shape.first << " x " << shape.second);
        std::vector<float> values(static_cast<size_t>(shape.first * shape.second));
        std::ranges::generate(values, [&] { return normal(random); });
        const StoredMatrix source(GetParam(), shape, values);
        expectExact(statsOf(source), SlowCount(source));
    }
}

TEST_P(PlainMatrix, DoesNotDependOnTheNumberOfThreads) {
    std::mt19937 random(6);
    std::normal_distribution<float> normal(0.01f, 0.3f);
    std::vector<float> values(size_t{3000} * 1111);
    std::ranges::generate(values, [&] { return normal(random); });
    const StoredMatrix source(GetParam(), {3000, 1111}, values);  // several pieces
    const auto one = statsOf(source, 1), two = statsOf(source, 2);
    EXPECT_EQ(std::bit_cast<uint64_t>(one.mean), std::bit_cast<uint64_t>(two.mean));
    EXPECT_EQ(std::bit_cast<uint64_t>(one.standardDeviation), std::bit_cast<uint64_t>(two.standardDeviation));
    EXPECT_EQ(std::bit_cast<uint64_t>(one.kurtosis), std::bit_cast<uint64_t>(two.kurtosis));
    EXPECT_EQ(one.percentiles, two.percentiles);
    EXPECT_EQ(one.outlierCount, two.outlierCount);
    EXPECT_EQ(one.rowAbsMax, two.rowAbsMax);
    EXPECT_EQ(one.colAbsMax, two.colAbsMax);
    expectSameBins(one.histogram, two.histogram);
}

TEST(PatternCounts, KeepCountingWhenACounterWraps) {
    constexpr int64_t kMany = 3 * 65536 + 17;
    for (const int64_t extra : {-18, -17, 0}) {  // to both sides of a wrap
        const int64_t count = kMany + extra;
        for (const DType type : {DType::kF32, DType::kF16, DType::kBF16}) {
            const StoredMatrix source(type, {1, count}, std::vector<float>(static_cast<size_t>(count), -1.5f));
            const auto bins = statsOf(source).histogram.bins();
            ASSERT_EQ(bins.size(), 1u);
            EXPECT_EQ(bins[0].count, static_cast<uint64_t>(count));
        }
    }
}

TEST(PatternCounts, EveryPatternOfBothTypesIsWhatItStandsFor) {
    std::vector<float> halves, bfloats;
    for (uint32_t pattern = 0; pattern < kPatternCount; ++pattern) {
        halves.push_back(halfToFloat(static_cast<uint16_t>(pattern)));
        bfloats.push_back(bfloatToFloat(static_cast<uint16_t>(pattern)));
    }
    for (const DType type : {DType::kF16, DType::kBF16}) {
        SCOPED_TRACE(dtypeInfo(type).name);
        const StoredMatrix source(type, {256, 256}, type == DType::kF16 ? halves : bfloats);
        expectExact(statsOf(source), SlowCount(source));
    }
}

}  // namespace
}  // namespace halftone
