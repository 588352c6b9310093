// SPDX-License-Identifier: GPL-3.0-or-later
// What a device is measured to do; how much that is, is not a test's business.
#include "gpu/engine/device_rates.h"
#include "core/inference/device_trial.h"
#include "tests/support/test_paths.h"
#include "tests/unit/gpu/vulkan_fixture.h"

namespace halftone {
namespace {

class DeviceRatesTest : public test::VulkanTest {};

TEST_F(DeviceRatesTest, LimitsAreMeasured) {
    const auto rates = measureDeviceRates(*m_context, JobContext());
    HT_ASSERT_OK(rates);
    EXPECT_GT(rates->copiedBytes, 0);
    EXPECT_GT(rates->operations, 0);
}

TEST_F(DeviceRatesTest, MatrixUnitsAreMeasuredWherePromptsRunOnThem) {
    const auto context = open([](vk::DevicePlan& plan) { plan.units.matmul = plan.units.usable; });
    ASSERT_TRUE(context);
    const auto rates = measureDeviceRates(*context, JobContext());
    HT_ASSERT_OK(rates);
    EXPECT_EQ(rates->matrixOperations > 0, context->plan().units.usable);
    EXPECT_EQ(rates->peakOperations(), context->plan().units.usable ? rates->matrixOperations : rates->operations);
}

TEST_F(DeviceRatesTest, ACancelEndsTheMeasurement) {
    std::stop_source stop;
    stop.request_stop();
    JobContext job;
    job.stop = stop.get_token();
    const auto rates = measureDeviceRates(*m_context, job);
    ASSERT_FALSE(rates);
    EXPECT_EQ(rates.error().code, ErrorCode::kCancelled);
}

TEST_F(DeviceRatesTest, ADeviceCanBeTried) {
    const auto trial = tryDevice(*makeVulkanBackend(m_context), JobContext());
    HT_ASSERT_OK(trial);
    EXPECT_GT(trial->promptRate, 0);
    EXPECT_GT(trial->generateRate, 0);
}

}  // namespace
}  // namespace halftone
