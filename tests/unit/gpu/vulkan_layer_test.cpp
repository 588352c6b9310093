// SPDX-License-Identifier: GPL-3.0-or-later
// Memory, pipelines, command streams and uploads on a real device with validation on.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gpu/engine/readback_queue.h"
#include "gpu/kernels/kernels.h"
#include "tests/support/test_paths.h"
#include "tests/unit/gpu/vulkan_fixture.h"

namespace halftone {
namespace {

using ::testing::HasSubstr;

std::vector<float> ramp(size_t count, float step) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i) * step;
    return values;
}

class VulkanLayerTest : public test::VulkanTest {
  protected:
    void SetUp() override {
        VulkanTest::SetUp();
        if (m_context) use(m_context);
    }
    void use(const std::shared_ptr<VulkanContext>& context) {
        m_used = context;
        m_kernels.reset();
        m_stream = *vk::CommandStream::create(context->device, *context->pipelines, "test");
        m_kernels = std::make_unique<kernel::Kernels>(context->plan(), *context->pipelines, *m_stream);
    }
    void TearDown() override {
        m_kernels.reset();
        m_stream.reset();
        m_used.reset();
        VulkanTest::TearDown();
    }
    vk::Buffer deviceBuffer(std::span<const float> values) {
        auto buffer = *m_used->allocator->createBuffer(values.size_bytes(), vk::MemoryUse::kDevice, "test data");
        EXPECT_TRUE(m_used->uploader->upload(std::as_bytes(values), buffer, JobContext()).has_value());
        return buffer;
    }
    std::vector<float> read(const vk::Buffer& buffer) {
        std::vector<float> values;
        ReadbackQueue queue(*m_used->allocator, *m_stream);
        const vk::BufferSlice slice(buffer);
        EXPECT_TRUE(queue.enqueue({&slice, 1}, [&](std::span<const std::byte> bytes) {
            values.resize(bytes.size() / 4);
            std::memcpy(values.data(), bytes.data(), bytes.size());
            return Status();
        }));
        EXPECT_TRUE(queue.drain());
        return values;
    }
    static kernel::Activations rows(const vk::Buffer& buffer, int64_t width) {
        return {vk::BufferSlice(buffer), width, width};
    }

    std::shared_ptr<VulkanContext> m_used;
    std::unique_ptr<vk::CommandStream> m_stream;
    std::unique_ptr<kernel::Kernels> m_kernels;
};

TEST_F(VulkanLayerTest, ListsTheDevice) {
    const auto devices = listVulkanDevices();
    ASSERT_FALSE(devices.empty());
    const auto& device = devices[static_cast<size_t>(m_context->index)];
    EXPECT_TRUE(device.usable) << device.whyNot;
    EXPECT_FALSE(device.name.empty());
    EXPECT_FALSE(device.driver.empty());
    EXPECT_GE(device.subgroupSize, 4u);
    EXPECT_GT(device.memoryBytes, 0u);
    EXPECT_FALSE(createVulkanBackend(1000).has_value());
}

TEST_F(VulkanLayerTest, UploadsThroughStagingAndDirectly) {
    const auto values = ramp((size_t{20} << 20) / 4 + 3, 1.0f);  // several staging segments and an odd rest
    for (const bool direct : {false, true}) {
        auto context = open([&](vk::DevicePlan& plan) { plan.directUpload = direct && plan.directUpload; });
        ASSERT_TRUE(context);
        use(context);
        const auto buffer = deviceBuffer(values);
        EXPECT_EQ(read(buffer), values) << "direct " << direct;
    }
}

TEST_F(VulkanLayerTest, DependentDispatchesSeeEachOthersResults) {
    const auto values = ramp(1 << 14, 1.0f);
    const auto a = deviceBuffer(values);
    auto sum = deviceBuffer(values);
    constexpr int kSteps = 60;
    for (int i = 0; i < kSteps; ++i) {
        HT_ASSERT_OK(m_kernels->binary({.combine = kernel::BinaryCall::Combine::kSum,
                                        .first = rows(sum, 1 << 14),
                                        .second = rows(a, 1 << 14),
                                        .output = rows(sum, 1 << 14),
                                        .tokens = 1}));
        if (i % 7 == 0) {
            HT_ASSERT_OK(m_stream->flush());
        }
    }
    const auto result = read(sum);
    for (size_t i = 0; i < values.size(); i += 97) ASSERT_EQ(result[i], values[i] * (kSteps + 1)) << i;
}

TEST_F(VulkanLayerTest, WorksWithDescriptorPools) {
    auto context = open([](vk::DevicePlan& plan) {
        plan.pushDescriptors = false;
        std::erase(plan.extensions, VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME);
    });
    ASSERT_TRUE(context);
    use(context);
    const auto values = ramp(64, 1.0f);
    const auto a = deviceBuffer(values);
    auto sum = deviceBuffer(values);
    for (int i = 0; i < 600; ++i) {  // more than one pool
        HT_ASSERT_OK(m_kernels->binary({.combine = kernel::BinaryCall::Combine::kSum,
                                        .first = rows(sum, 64),
                                        .second = rows(a, 64),
                                        .output = rows(sum, 64),
                                        .tokens = 1}));
    }
    EXPECT_EQ(read(sum)[5], 5.0f * 601.0f);
    use(m_context);
}

TEST_F(VulkanLayerTest, CutsLongWorkIntoSubmissions) {
    const auto values = ramp(4096, 0.5f);
    const auto a = deviceBuffer(values);
    auto out = deviceBuffer(values);
    const uint64_t before = m_stream->submissionCount();
    const double perSubmission = m_stream->flopsPerSubmission();
    const auto pipeline = m_used->pipelines->get({.family = "copy", .option = {}, .localSize = 64, .constants = {}});
    HT_ASSERT_OK(pipeline);
    const kernel::CopyParameters parameters{
        .tokens = 1, .width = 4096, .inputOffset = 0, .inputStride = 4096, .outputStride = 4096};
    const std::array<vk::BufferUse, 2> uses{vk::BufferUse{vk::BufferSlice(a), vk::Access::kRead},
                                            vk::BufferUse{vk::BufferSlice(out), vk::Access::kWrite}};
    for (int i = 0; i < 4; ++i) {
        HT_ASSERT_OK(m_stream->dispatch({.pipeline = *pipeline,
                                         .buffers = uses,
                                         .pushConstants = std::as_bytes(std::span(&parameters, 1)),
                                         .groups = 4,
                                         .flops = perSubmission * 1.01}));
    }
    EXPECT_GE(m_stream->submissionCount() - before, 2u);
    EXPECT_EQ(read(out), values);
}

TEST_F(VulkanLayerTest, TimesScopesEvenWhereSubmissionsCutThem) {
    const auto values = ramp(1 << 14, 1.0f);
    const auto a = deviceBuffer(values);
    auto sum = deviceBuffer(values);
    const auto add = [&] {
        return m_kernels->binary({.combine = kernel::BinaryCall::Combine::kSum,
                                  .first = rows(sum, 1 << 14),
                                  .second = rows(a, 1 << 14),
                                  .output = rows(sum, 1 << 14),
                                  .tokens = 1});
    };
    std::vector<vk::TimedScope> scopes;
    HT_ASSERT_OK(m_stream->timeScopes([&](const vk::TimedScope& scope) { scopes.push_back(scope); }));
    constexpr uint64_t kScopes = 1500;  // more than the queries of one command buffer
    for (uint64_t tag = 0; tag < kScopes; ++tag) {
        HT_ASSERT_OK(m_stream->beginScope(tag));
        HT_ASSERT_OK(add());
        if (tag % 400 == 7) {
            HT_ASSERT_OK(m_stream->flush());
            HT_ASSERT_OK(add());
        }
        m_stream->endScope();
    }
    HT_ASSERT_OK(m_stream->finish());
    uint64_t next = 0;
    double end = 0;
    for (const vk::TimedScope& scope : scopes) {
        if (scope.isFirst) {
            EXPECT_EQ(scope.tag, next++);
        } else {
            EXPECT_EQ(scope.tag, next - 1);
            EXPECT_EQ(scope.tag % 400, 7u);
        }
        EXPECT_GE(scope.seconds, 0);
        EXPECT_LT(scope.seconds, 10);
        EXPECT_GE(scope.begin, end - 1e-6) << scope.tag;
        end = scope.begin + scope.seconds;
    }
    EXPECT_EQ(next, kScopes);
    EXPECT_EQ(scopes.size(), kScopes + 4);
    HT_ASSERT_OK(m_stream->timeScopes({}));
    HT_ASSERT_OK(m_stream->beginScope(1));
    m_stream->endScope();
    EXPECT_EQ(read(sum)[5], 5.0f * (1 + kScopes + 4));
    EXPECT_EQ(scopes.size(), kScopes + 4) << "nothing is timed any more";
}

TEST_F(VulkanLayerTest, RefusesToTimeWhereTheQueueTellsNoTimes) {
    auto context = open([](vk::DevicePlan& plan) { plan.timestampBits = 0; });
    ASSERT_TRUE(context);
    use(context);
    const Status refused = m_stream->timeScopes([](const vk::TimedScope&) {});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(refused.error().message, ::testing::HasSubstr("keeps no times of single operations"));
    HT_ASSERT_OK(m_stream->timeScopes({}));
    use(m_context);
}

TEST_F(VulkanLayerTest, FoldsGridsBeyondTheLimitOfOneDimension) {
    auto context = open([](vk::DevicePlan& plan) { plan.maxWorkgroupCount = {3, 2, 65535}; });
    ASSERT_TRUE(context);
    use(context);
    const auto values = ramp(4096, 1.0f);
    std::vector<float> norms(16, 1.0f);
    const auto a = deviceBuffer(values), weight = deviceBuffer(norms);
    auto out = deviceBuffer(std::vector<float>(4096, -1.0f));
    // 256 vectors of 16 values: 256 workgroups in a grid of 3 x 2 x 43.
    HT_ASSERT_OK(m_kernels->norm({.input = {vk::BufferSlice(a), 16, 16},
                                  .output = {vk::BufferSlice(out), 16, 16},
                                  .weight = vk::BufferSlice(weight),
                                  .tokens = 256,
                                  .epsilon = 1e-6f}));
    const auto result = read(out);
    for (size_t row = 0; row < 256; ++row) {
        double squares = 0;
        for (size_t i = 0; i < 16; ++i) squares += double(values[row * 16 + i]) * double(values[row * 16 + i]);
        ASSERT_NEAR(result[row * 16 + 3], values[row * 16 + 3] / std::sqrt(squares / 16 + 1e-6), 1e-5) << row;
    }
    use(m_context);
}

TEST_F(VulkanLayerTest, KeepsToItsMemoryBudgetAndSaysSo) {
    auto context = open([](vk::DevicePlan& plan) {
        plan.deviceBudgetBytes = uint64_t{40} << 20;
        plan.slabBytes = uint64_t{8} << 20;
        plan.spillsToHost = false;
    });
    ASSERT_TRUE(context);
    const auto first = context->allocator->createBuffer(uint64_t{30} << 20, vk::MemoryUse::kDevice, "the first tensor");
    HT_ASSERT_OK(first);
    const auto second =
        context->allocator->createBuffer(uint64_t{30} << 20, vk::MemoryUse::kDevice, "the second tensor");
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::kOutOfMemory);
    EXPECT_THAT(second.error().message, HasSubstr("the second tensor (30.0 MiB)"));
    EXPECT_THAT(second.error().message, HasSubstr("30.0 of 40.0 MiB are in use"));
    EXPECT_EQ(context->allocator->deviceBytesReserved(), uint64_t{30} << 20);
}

TEST_F(VulkanLayerTest, SpillsToHostMemoryWhereThePlanAllows) {
    auto context = open([](vk::DevicePlan& plan) {
        plan.deviceBudgetBytes = uint64_t{1} << 20;
        plan.spillsToHost = true;
    });
    ASSERT_TRUE(context);
    use(context);
    const auto values = ramp(1 << 20, 1.0f);
    EXPECT_EQ(read(deviceBuffer(values)), values);
    EXPECT_EQ(context->allocator->deviceBytesReserved(), 0u);
    use(m_context);
}

TEST_F(VulkanLayerTest, ReportsALostDevice) {
    auto context = open([](vk::DevicePlan&) {});
    ASSERT_TRUE(context);
    use(context);
    auto buffer = deviceBuffer(ramp(64, 1.0f));
    context->device->simulateLossAfter(0);
    HT_ASSERT_OK(m_stream->fill(vk::BufferSlice(buffer), 0));
    const auto finished = m_stream->finish();
    ASSERT_FALSE(finished.has_value());
    EXPECT_EQ(finished.error().code, ErrorCode::kDeviceLost);
    m_stream->abandon();
    HT_ASSERT_OK(m_stream->fill(vk::BufferSlice(buffer), 0));
    EXPECT_EQ(m_stream->finish().error().code, ErrorCode::kDeviceLost) << "a lost device stays lost";
    m_stream->abandon();
    buffer = {};
    use(m_context);
}

TEST_F(VulkanLayerTest, SavesAndReusesThePipelineCache) {
    const test::TemporaryFolder folder;
    const auto path = folder.path() / "pipelines.bin";
    const vk::PipelineKey key{.family = "copy", .option = {}, .localSize = 32, .constants = {}};
    for (const std::string_view damage : {"none", "garbage"}) {
        {
            auto store = vk::PipelineStore::create(m_context->device, path);
            HT_ASSERT_OK(store);
            HT_ASSERT_OK((*store)->get(key));
            EXPECT_EQ(*(*store)->get(key), *(*store)->get(key));
        }
        EXPECT_TRUE(std::filesystem::exists(path));
        if (damage == "garbage") std::ofstream(path) << "not a cache";
    }
    auto store = vk::PipelineStore::create(m_context->device, path);
    HT_ASSERT_OK(store);
    HT_ASSERT_OK((*store)->get(key));
    const auto unknown = (*store)->get({.family = "matvec", .option = "q9_9", .localSize = 32, .constants = {}});
    ASSERT_FALSE(unknown.has_value());
    EXPECT_EQ(unknown.error().code, ErrorCode::kUnsupported);
}

TEST_F(VulkanLayerTest, ReadbackKeepsOrderAndPassesErrorsOn) {
    std::vector<vk::Buffer> buffers;
    for (int i = 0; i < 5; ++i)
        buffers.push_back(deviceBuffer(std::vector<float>(static_cast<size_t>(16 << i), static_cast<float>(i))));
    ReadbackQueue queue(*m_used->allocator, *m_stream);
    std::vector<float> seen;
    for (const auto& buffer : buffers) {
        const vk::BufferSlice slice(buffer);
        HT_ASSERT_OK(queue.enqueue({&slice, 1}, [&](std::span<const std::byte> bytes) -> Status {
            float value = 0;
            std::memcpy(&value, bytes.data(), 4);
            seen.push_back(value);
            return {};
        }));
    }
    HT_ASSERT_OK(queue.drain());
    EXPECT_THAT(seen, ::testing::ElementsAre(0, 1, 2, 3, 4));
    const vk::BufferSlice slice(buffers[0]);
    HT_ASSERT_OK(queue.enqueue(
        {&slice, 1}, [](std::span<const std::byte>) -> Status { return makeError(ErrorCode::kIo, "Full."); }));
    EXPECT_EQ(queue.drain().error().code, ErrorCode::kIo);
}

TEST_F(VulkanLayerTest, ThisTestWouldNoticeAValidationMessage) {
    const size_t before = vulkanValidationMessages().size();
    VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
    info.size = 0;  // not allowed
    info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
    VkBuffer buffer = VK_NULL_HANDLE;
    const auto& functions = m_used->device->functions();
    if (functions.vkCreateBuffer(m_used->device->handle(), &info, nullptr, &buffer) == VK_SUCCESS) {
        functions.vkDestroyBuffer(m_used->device->handle(), buffer, nullptr);
    }
    EXPECT_GT(vulkanValidationMessages().size(), before);
    forgetMessages();
}

/// Every list is made on an instance of its own, and functions of one must not be called with another's devices.
TEST_F(VulkanLayerTest, DevicesAreTheSameInEveryList) {
    const auto first = listVulkanDevices(), second = listVulkanDevices();
    ASSERT_EQ(first.size(), second.size());
    for (size_t i = 0; i < first.size(); ++i) {
        EXPECT_EQ(first[i].description(), second[i].description());
        EXPECT_EQ(first[i].matrixUnits, second[i].matrixUnits);
    }
}

/// Drivers that multiply wrongly must not be believed: tiles that leave rows out stand for one here.
TEST_F(VulkanLayerTest, MatrixUnitsAreUsedAfterATrialAlone) {
    if (!m_context->plan().units.usable) GTEST_SKIP() << "this device has no matrix units";
    const auto right =
        openVulkanContext(-1, {.validation = true}, [](vk::DevicePlan& plan) { plan.units.matmul = true; });
    HT_ASSERT_OK(right);
    EXPECT_TRUE((*right)->plan().units.matmul);
    EXPECT_TRUE((*right)->remarks.empty());
    const auto wrong = openVulkanContext(-1, {.validation = true}, [](vk::DevicePlan& plan) {
        plan.units.matmul = true;
        plan.units.rowParts = 3;
    });
    HT_ASSERT_OK(wrong);
    EXPECT_FALSE((*wrong)->plan().units.usable || (*wrong)->plan().units.matmul);
    ASSERT_EQ((*wrong)->remarks.size(), 1u);
    EXPECT_THAT((*wrong)->remarks.front(), HasSubstr("multiply wrongly"));
}

}  // namespace
}  // namespace halftone
