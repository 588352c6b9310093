// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/distribution_data.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/test_paths.h"

namespace halftone::app {
namespace {

class DistributionTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto opened = Checkpoint::open(test::sourceDir() / "resources/sample");
        HT_ASSERT_OK(opened);
        request.checkpoint = *opened;
        for (int i = 0; i < int(request.checkpoint->tensors().size()); ++i) {
            if (request.checkpoint->tensors()[size_t(i)].role == TensorRole::kFfnDown) request.tensor = i;
        }
        ASSERT_GE(request.tensor, 0);
    }
    [[nodiscard]] uint64_t elements() const {
        return uint64_t(request.checkpoint->tensors()[size_t(request.tensor)].elementCount());
    }

    void takeFormat(const Format& format) {
        request.target = ResolvedTensor{};
        request.target->name = request.checkpoint->tensors()[size_t(request.tensor)].canonicalName;
        request.target->format = format;
    }

    DistributionRequest request;
    JobContext context;
};

TEST_F(DistributionTest, OriginalAloneCountsEveryWeight) {
    const auto data = computeDistribution(request, context);
    HT_ASSERT_OK(data);
    EXPECT_EQ((*data)->stats->histogram.total(), elements());
    EXPECT_FALSE((*data)->format);
}

TEST_F(DistributionTest, QuantizedHistogramHasAsManyWeightsAndTheWorstGroupItsLevels) {
    takeFormat(Format::parse("int3_g32_asym").value());
    const auto data = computeDistribution(request, context);
    HT_ASSERT_OK(data);
    EXPECT_EQ((*data)->quantized.total(), elements());
    ASSERT_TRUE((*data)->worst);
    const auto& worst = *(*data)->worst;
    EXPECT_EQ(worst.columns, 32);
    EXPECT_EQ(worst.levels.size(), 8u);
    EXPECT_TRUE(std::is_sorted(worst.levels.begin(), worst.levels.end()));
    EXPECT_GE(worst.relativeError, (*data)->distortion.relativeMse());
}

TEST_F(DistributionTest, TheNumberOfThreadsChangesNothing) {
    takeFormat(Format::of(DType::kQ4_0));
    const auto many = computeDistribution(request, JobContext{{}, nullptr, ThreadPool(4)});
    const auto one = computeDistribution(request, JobContext{{}, nullptr, ThreadPool(1)});
    HT_ASSERT_OK(many);
    HT_ASSERT_OK(one);
    EXPECT_EQ((*many)->worst->row, (*one)->worst->row);
    EXPECT_EQ((*many)->worst->firstColumn, (*one)->worst->firstColumn);
    EXPECT_EQ((*many)->quantized.quantile(0.25), (*one)->quantized.quantile(0.25));
}

TEST_F(DistributionTest, CancelIsNoticed) {
    std::stop_source stop;
    stop.request_stop();
    takeFormat(Format::of(DType::kQ4_0));
    const auto data = computeDistribution(request, JobContext{stop.get_token(), nullptr, ThreadPool(1)});
    ASSERT_FALSE(data);
    EXPECT_EQ(data.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace halftone::app
