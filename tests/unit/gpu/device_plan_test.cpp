// SPDX-License-Identifier: GPL-3.0-or-later
// The policy of device use on made-up devices: no GPU takes part.
#include "gpu/vk/device_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halftone::vk {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kMiB = uint64_t{1} << 20;

/// A discrete card with everything: tests take away.
PhysicalDeviceSnapshot discreteCard() {
    PhysicalDeviceSnapshot card;
    card.name = "Example 9000";
    card.driverName = "example";
    card.driverInfo = "1.2.3";
    card.apiVersion = VK_MAKE_API_VERSION(0, 1, 3, 250);
    card.type = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    card.queueFamilies = {{.compute = true, .graphics = true, .transfer = true, .queueCount = 1, .timestampBits = 64},
                          {.transfer = true, .queueCount = 1},
                          {.compute = true, .transfer = true, .queueCount = 4, .timestampBits = 64}};
    card.heaps = {{16 * kGiB, true}, {32 * kGiB, false}, {256 * kMiB, true}};
    card.memoryTypes = {{.heap = 0, .deviceLocal = true},
                        {.heap = 1, .hostVisible = true, .hostCoherent = true},
                        {.heap = 1, .hostVisible = true, .hostCoherent = true, .hostCached = true},
                        {.heap = 2, .deviceLocal = true, .hostVisible = true, .hostCoherent = true}};
    card.extensions = {VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME};
    card.maxStorageBufferRange = 0xFFFFFFFFu;
    card.maxAllocationBytes = 4 * kGiB;
    card.minStorageBufferOffsetAlignment = 64;
    card.maxStorageBuffersPerStage = 1000;
    card.maxPushConstantBytes = 256;
    card.maxSharedMemoryBytes = 49152;
    card.maxWorkgroupInvocations = 1024;
    card.maxWorkgroupCount = {0x7FFFFFFFu, 65535, 65535};
    card.maxPushDescriptors = 32;
    card.subgroupSize = card.minSubgroupSize = card.maxSubgroupSize = 32;
    card.subgroupInCompute = card.subgroupArithmetic = card.subgroupShuffle = true;
    card.subgroupSizeControl = card.fullSubgroups = card.requiredSizeInCompute = true;
    card.timelineSemaphore = true;
    card.roundsToNearest32 = true;
    card.storage16 = card.storage8 = card.float16 = card.int8 = true;
    card.extensions.emplace_back(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
    card.integerDot = card.fastPackedDot = true;
    return card;
}

PhysicalDeviceSnapshot integratedGpu() {
    PhysicalDeviceSnapshot gpu = discreteCard();
    gpu.name = "Example iGPU";
    gpu.type = VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
    gpu.heaps = {{12 * kGiB, true}};
    gpu.memoryTypes = {{.heap = 0, .deviceLocal = true},
                       {.heap = 0, .deviceLocal = true, .hostVisible = true, .hostCoherent = true},
                       {.heap = 0, .deviceLocal = true, .hostVisible = true, .hostCoherent = true, .hostCached = true}};
    return gpu;
}

PhysicalDeviceSnapshot softwareDevice() {
    PhysicalDeviceSnapshot cpu = integratedGpu();
    cpu.name = "llvmpipe";
    cpu.type = VK_PHYSICAL_DEVICE_TYPE_CPU;
    cpu.heaps = {{2 * kGiB, true}};
    cpu.memoryTypes = {{.heap = 0, .deviceLocal = true, .hostVisible = true, .hostCoherent = true, .hostCached = true}};
    cpu.queueFamilies.resize(1);
    cpu.maxStorageBufferRange = 128 * kMiB;
    cpu.maxAllocationBytes = 2 * kGiB;
    cpu.maxPushConstantBytes = 128;
    cpu.maxSharedMemoryBytes = 32768;
    cpu.maxWorkgroupCount = {65535, 65535, 65535};
    cpu.subgroupSize = cpu.minSubgroupSize = cpu.maxSubgroupSize = 8;
    return cpu;
}

void expectRefusal(const PhysicalDeviceSnapshot& snapshot, const std::string& reason) {
    const auto plan = planDevice(snapshot);
    ASSERT_FALSE(plan.has_value()) << reason;
    EXPECT_EQ(plan.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(plan.error().message, HasSubstr(snapshot.name));
    EXPECT_THAT(plan.error().message, HasSubstr(reason));
    EXPECT_EQ(plan.error().message.back(), '.');
}

TEST(DevicePlan, PrefersTheQueueFamilyWithoutGraphics) {
    const auto plan = planDevice(discreteCard());
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_EQ(plan->queueFamily, 2u);
    EXPECT_FALSE(plan->isSoftware);
}

TEST(DevicePlan, TakesTheGraphicsQueueWhereThereIsNoOther) {
    auto card = discreteCard();
    card.queueFamilies.resize(1);
    EXPECT_EQ(planDevice(card)->queueFamily, 0u);
}

TEST(DevicePlan, CopiesOnAQueueOfItsOwnWhereThereIsOne) {
    const auto engine = planDevice(discreteCard());
    EXPECT_TRUE(engine->hasTransferQueue());
    EXPECT_EQ(engine->transferFamily, 1u);
    EXPECT_EQ(engine->transferIndex, 0u);
    auto second = discreteCard();
    second.queueFamilies[1].transfer = false;
    EXPECT_TRUE(planDevice(second)->hasTransferQueue());
    EXPECT_EQ(planDevice(second)->transferFamily, 2u);
    EXPECT_EQ(planDevice(second)->transferIndex, 1u);
    const auto single = planDevice(softwareDevice());
    EXPECT_FALSE(single->hasTransferQueue());
    EXPECT_EQ(single->transferFamily, single->queueFamily);
}

TEST(DevicePlan, TakesNoMoreMemoryThanOthersAndTheUserLeave) {
    auto card = discreteCard();
    EXPECT_EQ(planDevice(card)->deviceBudgetBytes, 16 * kGiB / 10 * 9);
    card.heaps[0].freeBytes = 5 * kGiB;
    EXPECT_EQ(planDevice(card)->deviceBudgetBytes, 5 * kGiB);
    EXPECT_EQ(planDevice(card, 2 * kGiB)->deviceBudgetBytes, 2 * kGiB);
    EXPECT_EQ(planDevice(card, 8 * kGiB)->deviceBudgetBytes, 5 * kGiB);
    const auto small = planDevice(card, 100 * kMiB);
    EXPECT_EQ(small->deviceBudgetBytes, 100 * kMiB);
    EXPECT_LE(small->slabBytes, small->deviceBudgetBytes / 16) << "slabs must not eat a small budget";
    EXPECT_EQ(planDevice(discreteCard())->slabBytes, 64 * kMiB);
}

TEST(DevicePlan, RefusesADeviceWithoutComputeQueue) {
    auto card = discreteCard();
    for (auto& family : card.queueFamilies) family.compute = false;
    expectRefusal(card, "no queue for compute work");
}

TEST(DevicePlan, RefusesOldDriversAndMissingFeatures) {
    auto old = discreteCard();
    old.apiVersion = VK_MAKE_API_VERSION(0, 1, 1, 130);
    expectRefusal(old, "Vulkan 1.1.130, and 1.2 is needed");
    auto noTimeline = discreteCard();
    noTimeline.timelineSemaphore = false;
    expectRefusal(noTimeline, "timeline semaphores");
    auto noArithmetic = discreteCard();
    noArithmetic.subgroupArithmetic = false;
    expectRefusal(noArithmetic, "subgroup arithmetic");
    auto noShuffle = discreteCard();
    noShuffle.subgroupShuffle = false;
    expectRefusal(noShuffle, "subgroup arithmetic and shuffle");
}

TEST(DevicePlan, RefusesLimitsThatKernelsExceed) {
    auto narrow = discreteCard();
    narrow.subgroupSize = narrow.minSubgroupSize = narrow.maxSubgroupSize = 2;
    expectRefusal(narrow, "2 invocations wide");
    auto binding = discreteCard();
    binding.maxStorageBufferRange = 65536;
    expectRefusal(binding, "64 KiB");
    auto shared = discreteCard();
    shared.maxSharedMemoryBytes = 8192;
    expectRefusal(shared, "shares only 8192 bytes");
    auto groups = discreteCard();
    groups.maxWorkgroupInvocations = 64;
    expectRefusal(groups, "at most 64 invocations");
    auto push = discreteCard();
    push.maxPushConstantBytes = 32;
    expectRefusal(push, "push constants");
    auto bindings = discreteCard();
    bindings.maxStorageBuffersPerStage = 3;
    expectRefusal(bindings, "fewer than 4 storage buffers");
}

TEST(DevicePlan, RefusesTinyHeapsAndUnreachableMemory) {
    auto tiny = discreteCard();
    for (auto& heap : tiny.heaps) heap.sizeBytes = 128 * kMiB;
    expectRefusal(tiny, "only 128 MiB");
    auto hidden = discreteCard();
    for (auto& type : hidden.memoryTypes) type.hostVisible = false;
    expectRefusal(hidden, "the processor can write");
    auto none = discreteCard();
    for (auto& type : none.memoryTypes) type.deviceLocal = false;
    expectRefusal(none, "no memory of its own");
}

TEST(DevicePlan, NeedsNeither16BitStorageNorHalfArithmetic) {
    auto plain = discreteCard();
    plain.storage16 = plain.storage8 = plain.float16 = plain.int8 = false;
    const auto plan = planDevice(plain);
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_FALSE(plan->float16);
    EXPECT_FALSE(plan->int8);
    EXPECT_TRUE(planDevice(discreteCard())->float16);
}

TEST(DevicePlan, StagesUploadsOnADiscreteCardAndSpillsToTheHost) {
    const auto plan = planDevice(discreteCard());
    EXPECT_FALSE(plan->directUpload);
    EXPECT_TRUE(plan->spillsToHost);
    EXPECT_EQ(plan->deviceMemoryType, 0u);
    EXPECT_EQ(plan->uploadMemoryType, 1u);
    EXPECT_EQ(plan->readbackMemoryType, 2u);
    EXPECT_EQ(plan->deviceHeapBytes, 16 * kGiB);
    EXPECT_LT(plan->deviceBudgetBytes, plan->deviceHeapBytes);
}

TEST(DevicePlan, WritesStraightIntoSharedMemory) {
    for (const auto& snapshot : {integratedGpu(), softwareDevice()}) {
        const auto plan = planDevice(snapshot);
        ASSERT_TRUE(plan.has_value()) << plan.error().message;
        EXPECT_TRUE(plan->directUpload) << snapshot.name;
        EXPECT_FALSE(plan->spillsToHost);
        EXPECT_TRUE(snapshot.memoryTypes[plan->deviceMemoryType].hostVisible);
    }
}

TEST(DevicePlan, KeepsBindingsWithinLimitsAnd32Bits) {
    EXPECT_EQ(planDevice(softwareDevice())->maxBindingBytes, 128 * kMiB);
    EXPECT_EQ(planDevice(discreteCard())->maxBindingBytes, 1 * kGiB);
    auto strict = discreteCard();
    strict.maxStorageBufferRange = 2 * kMiB;
    EXPECT_EQ(planDevice(strict)->maxBindingBytes, 2 * kMiB);
    auto aligned = discreteCard();
    aligned.minStorageBufferOffsetAlignment = 1024;
    EXPECT_EQ(planDevice(aligned)->bindingAlignment, 1024u);
    EXPECT_EQ(planDevice(discreteCard())->bindingAlignment, 256u);
}

TEST(DevicePlan, UsesOptionalExtensionsOnlyWhereTheyAre) {
    const auto full = planDevice(discreteCard());
    EXPECT_TRUE(full->pushDescriptors);
    EXPECT_TRUE(full->requireSubgroupSize);
    EXPECT_THAT(full->extensions, Contains(VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME));
    auto bare = discreteCard();
    bare.extensions.clear();
    bare.maxPushDescriptors = 0;
    const auto plan = planDevice(bare);
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_FALSE(plan->pushDescriptors);
    EXPECT_FALSE(plan->requireSubgroupSize);
    EXPECT_FALSE(plan->oneSubgroupGroups);
    EXPECT_TRUE(plan->extensions.empty());
}

/// Shapes hold for every width of a subgroup, fixed, chosen or left to the driver.
class DevicePlanSubgroups : public ::testing::TestWithParam<uint32_t> {};

TEST_P(DevicePlanSubgroups, ShapesFitTheDevice) {
    for (const bool control : {false, true}) {
        auto card = discreteCard();
        card.subgroupSize = card.minSubgroupSize = card.maxSubgroupSize = GetParam();
        if (!control) card.extensions = {VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME};
        const auto plan = planDevice(card);
        ASSERT_TRUE(plan.has_value()) << plan.error().message;
        EXPECT_EQ(plan->subgroupSize, GetParam());
        EXPECT_EQ(plan->minSubgroupSize, GetParam());
        for (const uint32_t local :
             {plan->matvec.localSize, plan->attention.localSize, plan->reduceLocalSize, plan->elementwiseLocalSize}) {
            EXPECT_EQ(local % GetParam(), 0u) << local;
            EXPECT_LE(local, card.maxWorkgroupInvocations);
        }
        EXPECT_TRUE(plan->matmul.tiled);
        const auto& tile = plan->matmul;
        EXPECT_LE((tile.tileRows + 1 + tile.tileTokens + 1) * tile.depth * 4, card.maxSharedMemoryBytes);
        EXPECT_EQ(tile.tileRows % tile.threadRows, 0u);
        EXPECT_EQ(tile.tileTokens % tile.threadTokens, 0u);
    }
}

INSTANTIATE_TEST_SUITE_P(Widths, DevicePlanSubgroups, ::testing::Values(4u, 8u, 16u, 32u, 64u));

TEST(DevicePlan, ChoosesAWidthWhereTheDriverOffersSeveral) {
    auto intel = integratedGpu();
    intel.subgroupSize = 32;
    intel.minSubgroupSize = 8;
    intel.maxSubgroupSize = 32;
    EXPECT_EQ(planDevice(intel)->subgroupSize, 32u);
    EXPECT_TRUE(planDevice(intel)->oneSubgroupGroups);
    intel.subgroupSizeControl = false;
    const auto left = planDevice(intel);
    EXPECT_EQ(left->minSubgroupSize, 8u);
    EXPECT_FALSE(left->oneSubgroupGroups);
}

TEST(DevicePlan, SmallSharedMemoryGetsShallowTiles) {
    auto small = discreteCard();
    small.maxSharedMemoryBytes = 16384;
    const auto plan = planDevice(small);
    const auto& tile = plan->matmul;
    EXPECT_LE((tile.tileRows + 1 + tile.tileTokens + 1) * tile.depth * 4, 16384u);
}

TEST(DevicePlan, TimesOperationsWhereTheComputeQueueHasAClock) {
    auto card = discreteCard();
    card.timestampPeriod = 40;
    EXPECT_TRUE(planDevice(card)->canTime());
    EXPECT_EQ(planDevice(card)->timestampBits, 64u);
    EXPECT_EQ(planDevice(card)->timestampNanoseconds, 40);
    card.queueFamilies[2].timestampBits = 0;  // that of compute alone
    EXPECT_FALSE(planDevice(card)->canTime()) << "other queues do not count";
    auto still = discreteCard();
    still.timestampPeriod = 0;
    EXPECT_FALSE(planDevice(still)->canTime());
}

TEST(DevicePlan, SoftwareDevicesAvoidSharedMemory) {
    const auto plan = planDevice(softwareDevice());
    ASSERT_TRUE(plan.has_value()) << plan.error().message;
    EXPECT_TRUE(plan->isSoftware);
    EXPECT_FALSE(plan->matmul.tiled);
    EXPECT_TRUE(plan->oneSubgroupGroups);
    EXPECT_EQ(plan->matvec.localSize, 8u);
    EXPECT_EQ(plan->matvec.mostTokens, 1u);
    EXPECT_GT(plan->hangSeconds, planDevice(discreteCard())->hangSeconds);
    EXPECT_EQ(plan->reduceLocalSize, 8u);
}

TEST(DevicePlan, QuantizesWhereTheDriverPromisesToRoundToNearest) {
    auto card = discreteCard();
    const auto plan = planDevice(card);
    ASSERT_TRUE(plan.has_value());
    EXPECT_TRUE(plan->encode.usable);
    EXPECT_TRUE(plan->encode.worthwhile);
    EXPECT_LE(plan->encode.partBytes, plan->maxBindingBytes);
    card.roundsToNearest32 = false;
    const auto without = planDevice(card);
    ASSERT_TRUE(without.has_value()) << "everything else works";
    EXPECT_FALSE(without->encode.usable);
    EXPECT_FALSE(without->encode.worthwhile);
}

TEST(DevicePlan, MultipliesBytesWhereTheDeviceHasAnInstructionForIt) {
    const auto plan = planDevice(discreteCard());
    ASSERT_TRUE(plan.has_value());
    EXPECT_TRUE(plan->integer.usable);
    EXPECT_TRUE(plan->integer.matvec);
    EXPECT_TRUE(plan->integer.matmul);
    EXPECT_THAT(plan->extensions, Contains(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME));
    const auto& tile = plan->matmul;
    // Words of four columns, and two floats for every 16.
    const uint32_t words = plan->integer.depth / 4 + plan->integer.depth / 16 * 2;
    EXPECT_LE((tile.tileRows + 1 + tile.tileTokens + 1) * words * 4, 16384u) << "the least shared memory there is";
}

TEST(DevicePlan, LeavesBytesAloneWhereTheInstructionIsEmulated) {
    auto card = discreteCard();
    card.fastPackedDot = false;
    const auto slow = planDevice(card);
    ASSERT_TRUE(slow.has_value());
    EXPECT_TRUE(slow->integer.usable) << "tests and measurements may ask for it";
    EXPECT_FALSE(slow->integer.matvec || slow->integer.matmul);
    EXPECT_THAT(slow->extensions, Contains(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME));
}

TEST(DevicePlan, MultipliesBytesOnSoftwareDevices) {
    auto software = softwareDevice();
    software.fastPackedDot = false;
    const auto plan = planDevice(software);
    ASSERT_TRUE(plan.has_value());
    EXPECT_TRUE(plan->integer.matvec && plan->integer.matmul);
    EXPECT_GT(plan->integer.leastProducts, 0) << "a kernel costs more there than small products";
    software.integerDot = false;
    EXPECT_FALSE(planDevice(software)->integer.matvec);
}

TEST(DevicePlan, NeedsFeatureAndExtensionForBytes) {
    auto noFeature = discreteCard();
    noFeature.integerDot = false;
    auto noExtension = discreteCard();
    std::erase(noExtension.extensions, VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
    for (const PhysicalDeviceSnapshot& card : {noFeature, noExtension}) {
        const auto plan = planDevice(card);
        ASSERT_TRUE(plan.has_value()) << "everything else works";
        EXPECT_FALSE(plan->integer.usable || plan->integer.matvec || plan->integer.matmul);
        EXPECT_THAT(plan->extensions, Not(Contains(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME)));
    }
}

PhysicalDeviceSnapshot cardWithMatrixUnits() {
    auto card = discreteCard();
    card.extensions.emplace_back(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
    card.cooperativeMatrix = card.vulkanMemoryModel = true;
    card.halfMatrices = {{16, 8, 16}, {16, 16, 16}, {64, 64, 16}};
    return card;
}

TEST(DevicePlan, MultipliesManyTokensOnMatrixUnits) {
    const auto plan = planDevice(cardWithMatrixUnits());
    ASSERT_TRUE(plan.has_value());
    const MatrixUnitShape& units = plan->units;
    EXPECT_TRUE(units.usable && units.matmul);
    EXPECT_EQ(units.unit.columns, 16u) << "the largest that divides a tile";
    EXPECT_EQ(units.unit.rows, 16u);
    EXPECT_THAT(plan->extensions, Contains(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME));
}

/// Whatever the sizes, parts of a tile are whole matrices and everything shared has room.
TEST(DevicePlan, TilesOfMatrixUnitsFitTheDevice) {
    for (const uint32_t shared : {16384u, 32768u, 49152u}) {
        for (const uint32_t lanes : {8u, 32u, 64u}) {
            for (const MatrixSize& size : {MatrixSize{8, 8, 8}, MatrixSize{8, 16, 16}, MatrixSize{16, 16, 32}}) {
                auto card = cardWithMatrixUnits();
                card.maxSharedMemoryBytes = shared;
                card.subgroupSize = card.minSubgroupSize = card.maxSubgroupSize = lanes;
                card.halfMatrices = {size};
                const auto plan = planDevice(card);
                ASSERT_TRUE(plan.has_value());
                const MatrixUnitShape& units = plan->units;
                ASSERT_TRUE(units.usable);
                EXPECT_EQ(units.tileRows % (units.rowParts * units.unit.columns), 0u);
                EXPECT_EQ(units.tileTokens % (units.tokenParts * units.unit.rows), 0u);
                EXPECT_EQ(units.depth % units.unit.depth, 0u);
                const uint32_t parts = units.rowParts * units.tokenParts;
                const uint32_t bytes = (units.tileRows + units.tileTokens) * (units.depth / 8 + 1) * 16 +
                                       parts * units.unit.rows * units.unit.columns * 4;
                EXPECT_LE(bytes, shared) << lanes;
                EXPECT_LE(parts * plan->subgroupSize, card.maxWorkgroupInvocations);
            }
        }
    }
}

TEST(DevicePlan, NeedsEverythingForMatrixUnits) {
    auto noFeature = cardWithMatrixUnits();
    noFeature.cooperativeMatrix = false;
    auto noExtension = cardWithMatrixUnits();
    std::erase(noExtension.extensions, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
    auto noSize = cardWithMatrixUnits();
    noSize.halfMatrices = {{16, 16, 4}, {48, 16, 16}};
    auto noMemoryModel = cardWithMatrixUnits();
    noMemoryModel.vulkanMemoryModel = false;
    auto noHalves = cardWithMatrixUnits();
    noHalves.float16 = false;
    auto unknownSubgroups = cardWithMatrixUnits();
    unknownSubgroups.requiredSizeInCompute = false;
    for (const auto& card : {noFeature, noExtension, noSize, noMemoryModel, noHalves, unknownSubgroups}) {
        const auto plan = planDevice(card);
        ASSERT_TRUE(plan.has_value()) << "everything else works";
        EXPECT_FALSE(plan->units.usable || plan->units.matmul);
        EXPECT_THAT(plan->extensions, Not(Contains(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME)));
    }
}

TEST(DevicePlan, LeavesMatrixUnitsAloneThatAProcessorPlays) {
    auto software = softwareDevice();
    software.extensions.emplace_back(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
    software.cooperativeMatrix = software.vulkanMemoryModel = true;
    software.halfMatrices = {{8, 8, 8}};
    const auto plan = planDevice(software);
    ASSERT_TRUE(plan.has_value());
    EXPECT_TRUE(plan->units.usable) << "tests may ask for them";
    EXPECT_FALSE(plan->units.matmul);
}

TEST(DevicePlan, LeavesQuantizingToTheProcessorThatASoftwareDeviceIs) {
    const auto plan = planDevice(softwareDevice());
    ASSERT_TRUE(plan.has_value());
    EXPECT_TRUE(plan->encode.usable);
    EXPECT_FALSE(plan->encode.worthwhile);
    EXPECT_EQ(plan->encode.groupLocalSize, plan->subgroupSize);
}

TEST(DevicePlan, PartsToQuantizeLeaveRoomForTheirResults) {
    const auto plan = planDevice(discreteCard(), 300 * kMiB);
    ASSERT_TRUE(plan.has_value());
    EXPECT_LE(plan->encode.partBytes, plan->deviceBudgetBytes / 4);
    EXPECT_GE(plan->encode.partBytes, 16 * kMiB);
}

}  // namespace
}  // namespace halftone::vk
