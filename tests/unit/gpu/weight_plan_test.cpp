// SPDX-License-Identifier: GPL-3.0-or-later
// Which weights stay on a device and which stream, on made-up devices and models: no GPU takes part.
#include "gpu/vk/weight_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halftone::vk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint64_t kMiB = uint64_t{1} << 20;

DevicePlan deviceOf(uint64_t budgetMiB) {
    DevicePlan plan;
    plan.deviceName = "Example 9000";
    plan.deviceBudgetBytes = budgetMiB * kMiB;
    plan.maxAllocationBytes = 4096 * kMiB;
    return plan;
}

/// Blocks of 100 MiB, 200 MiB beside them, 100 MiB to work in.
WeightDemand modelOf(size_t blocks) {
    return {.blocks = std::vector<WeightDemand::Block>(blocks, {100 * kMiB, 100 * kMiB}),
            .otherBytes = 200 * kMiB,
            .workBytes = 100 * kMiB};
}

TEST(WeightPlan, KeepsEverythingWhereItFits) {
    const auto plan = planWeights(deviceOf(1300), modelOf(10));
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_FALSE(plan->streams());
    EXPECT_EQ(plan->residentBlocks(), 10);
    EXPECT_EQ(plan->slotBytes, 0u);
}

TEST(WeightPlan, StreamsAsFewBlocksAsItCan) {
    // One block too many for the budget: with two slots three blocks have to give way to them.
    const auto plan = planWeights(deviceOf(1299), modelOf(10));
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->slots, 2);
    EXPECT_EQ(plan->slotBytes, 100 * kMiB);
    EXPECT_EQ(plan->residentBlocks(), 7);
}

TEST(WeightPlan, SpreadsStreamedBlocksEvenly) {
    const auto plan = planWeights(deviceOf(300 + 600), modelOf(8));
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_THAT(plan->streamed, ElementsAre(false, true, false, true, false, true, false, true));
}

TEST(WeightPlan, NeverPlansBeyondTheBudget) {
    const WeightDemand model = modelOf(24);
    for (uint64_t budget = 400; budget <= 3000; budget += 37) {
        const auto plan = planWeights(deviceOf(budget), model);
        ASSERT_TRUE(plan.has_value()) << budget << ": " << plan.error().message;
        const auto resident = static_cast<uint64_t>(plan->residentBlocks());
        EXPECT_LE(300 + resident * 100 + static_cast<uint64_t>(plan->slots) * 100, budget);
        // One more would not have fitted.
        if (plan->streams()) {
            EXPECT_GT(300 + (resident + 1) * 100 + static_cast<uint64_t>(plan->slots) * 100, budget);
        }
    }
}

TEST(WeightPlan, MakesDoWithOneSlot) {
    const auto plan = planWeights(deviceOf(300 + 150), modelOf(10));
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->slots, 1);
    EXPECT_EQ(plan->residentBlocks(), 0);
}

TEST(WeightPlan, SlotsHoldTheLargestBlockThatStreams) {
    WeightDemand model = modelOf(4);
    model.blocks[3] = {180 * kMiB, 180 * kMiB};
    const auto plan = planWeights(deviceOf(300 + 380), model);
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_TRUE(plan->streamed[3]);
    EXPECT_EQ(plan->slotBytes, 180 * kMiB);
}

TEST(WeightPlan, WhatIsThereForAnotherCostsNothing) {
    WeightDemand model = modelOf(10);
    for (auto& block : model.blocks) block.missingBytes = 0;
    model.otherBytes = 0;
    model.takenBytes = 1200 * kMiB;
    EXPECT_FALSE(planWeights(deviceOf(1300), model)->streams());
    model.blocks[4].missingBytes = 100 * kMiB;
    EXPECT_TRUE(planWeights(deviceOf(1500), model).has_value());
}

TEST(WeightPlan, RefusesAHeapSmallerThanOneBlock) {
    for (const uint64_t budget : {uint64_t{200}, uint64_t{399}}) {
        const auto plan = planWeights(deviceOf(budget), modelOf(10));
        ASSERT_FALSE(plan.has_value());
        EXPECT_EQ(plan.error().code, ErrorCode::kOutOfMemory);
        EXPECT_THAT(plan.error().message, HasSubstr("Example 9000"));
        EXPECT_THAT(plan.error().message, HasSubstr("takes 100.0 MiB"));
        EXPECT_EQ(plan.error().message.back(), '.');
    }
}

TEST(WeightPlan, RefusesSlotsBeyondOneAllocation) {
    DevicePlan device = deviceOf(1200);
    device.maxAllocationBytes = 64 * kMiB;
    EXPECT_FALSE(planWeights(device, modelOf(10)).has_value());
    device.deviceBudgetBytes = 1300 * kMiB;
    EXPECT_FALSE(planWeights(device, modelOf(10))->streams()) << "resident tensors are allocated one by one";
}

TEST(WeightPlan, AModelWithoutBlocksHasNothingToStream) {
    EXPECT_FALSE(planWeights(deviceOf(300), modelOf(0))->streams());
    EXPECT_FALSE(planWeights(deviceOf(299), modelOf(0)).has_value());
}

}  // namespace
}  // namespace halftone::vk
