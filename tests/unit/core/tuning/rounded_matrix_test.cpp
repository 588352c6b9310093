// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tuning/rounded_matrix.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/quant/methods/method.h"
#include "core/quant/methods/quantize.h"
#include "tests/support/test_paths.h"
#include "tests/unit/core/tuning/tuning_support.h"

namespace halftone::test {
namespace {

constexpr int64_t kRows = 6, kCols = 256;

PackedLayout layoutOf(const std::string& format) {
    return PackedLayout::of(Format::parse(format).value(), kCols);
}

std::vector<float> decoded(const PackedTensor& packed) {
    std::vector<float> values(static_cast<size_t>(kRows * kCols));
    EXPECT_TRUE(rowSourceOf(packed)->readRows(0, kRows, values));
    return values;
}

/// One of each family that AutoRound takes.
class RoundedMatrixTest : public testing::TestWithParam<std::string> {
  protected:
    void SetUp() override {
        ASSERT_EQ(methodObstacle(MethodId::kAutoRound, Format::parse(GetParam()).value()), "");
        m_original = randomValues(static_cast<size_t>(kRows * kCols), 5);
        auto matrix = RoundedMatrix::create(layoutOf(GetParam()), m_original, {}, m_context);
        HT_ASSERT_OK(matrix);
        m_matrix = std::move(*matrix);
    }
    std::vector<float> rounded() {
        const auto values = m_matrix->round(m_context);
        return {values.begin(), values.end()};
    }

    JobContext m_context;
    std::vector<float> m_original;
    std::unique_ptr<RoundedMatrix> m_matrix;
};

TEST_P(RoundedMatrixTest, ThePackedBytesAreWhatWasRounded) {
    const auto gradient = randomValues(m_original.size(), 6);
    for (int i = 0; i < 8; ++i) {
        rounded();
        m_matrix->step(gradient, 0.1f, true, m_context);
    }
    const std::vector<float> values = rounded();
    const auto packed = m_matrix->pack(m_context);
    HT_ASSERT_OK(packed);
    EXPECT_EQ(packed->rows, kRows);
    EXPECT_EQ(decoded(*packed), values);
}

TEST_P(RoundedMatrixTest, StepsGoAgainstTheGradient) {
    const std::vector<float> before = rounded();
    std::vector<float> gradient(m_original.size(), 1.0f);
    m_matrix->step(gradient, 0.4f, false, m_context);
    const std::vector<float> after = rounded();
    double moved = 0;
    for (size_t i = 0; i < before.size(); ++i) {
        EXPECT_LE(after[i], before[i]);
        moved += after[i] < before[i] ? 1 : 0;
    }
    EXPECT_GT(moved / double(before.size()), 0.2) << "a push by 0.4 of a step takes about 4 of 10 values one down";
    EXPECT_LT(moved / double(before.size()), 0.6);
}

TEST_P(RoundedMatrixTest, RestoreGoesBackToWhatWasKept) {
    const std::vector<float> before = rounded();
    m_matrix->step(randomValues(m_original.size(), 7), 0.5f, true, m_context);
    EXPECT_NE(rounded(), before);
    m_matrix->restore();
    EXPECT_EQ(rounded(), before);
}

TEST_P(RoundedMatrixTest, AStartIsTakenOverToTheBit) {
    // Some other rounding of the same matrix, far from nearest.
    const auto push = randomValues(m_original.size(), 8);
    for (int i = 0; i < 3; ++i) {
        rounded();
        m_matrix->step(push, 0.4f, true, m_context);
    }
    const auto start = m_matrix->pack(m_context);
    HT_ASSERT_OK(start);
    auto other = RoundedMatrix::create(layoutOf(GetParam()), m_original, {}, m_context);
    HT_ASSERT_OK(other);
    HT_ASSERT_OK((*other)->startFrom(*start, m_context));
    const auto taken = (*other)->round(m_context);
    EXPECT_TRUE(std::ranges::equal(taken, decoded(*start)));
    const auto again = (*other)->pack(m_context);
    HT_ASSERT_OK(again);
    EXPECT_EQ(decoded(*again), decoded(*start));
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundedMatrixTest,
                         testing::Values("int4_g128_asym", "int3_g64_sym", "int2_g32_asym", "q4_0", "q4_k", "q6_k",
                                         "nf4_g64", "fp4_bnb_g32", "mxfp6_e2m3", "fp8_e4m3_channel"),
                         [](const auto& made) { return made.param; });

// Gradient descent on one matrix alone, where the best scale is known: with all codes at hand, a scale that is too
// large by a tenth comes back down.
TEST(RoundedMatrix, ScalesFollowTheirGradient) {
    const JobContext context;
    std::vector<float> original(static_cast<size_t>(kRows * kCols), 1.0f);
    auto matrix = RoundedMatrix::create(layoutOf("int4_g128_sym"), original, {}, context);
    HT_ASSERT_OK(matrix);
    const float before = (*matrix)->round(context).front();
    const std::vector<float> up(original.size(), -1.0f);  // larger values are better
    // At the start the values are met exactly: the share inside the range says nothing, so the shift goes first.
    (*matrix)->step(up, 0.05f, true, context);
    (*matrix)->round(context);
    (*matrix)->step(up, 0.05f, true, context);
    EXPECT_GE((*matrix)->round(context).front(), before);
}

}  // namespace
}  // namespace halftone::test
