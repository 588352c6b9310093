// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/device_plan.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace halftone::vk {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint32_t kPushConstantBytes = 64;
constexpr uint32_t kBindings = 4;
constexpr uint64_t kLeastHeapBytes = 256 * kMiB;
constexpr uint64_t kLeastBindingBytes = 1 * kMiB;
// Shaders compute byte offsets inside a binding in 32 bits.
constexpr uint64_t kMostBindingBytes = 1024 * kMiB;
constexpr uint64_t kMostPartBytes = 256 * kMiB;  // of a matrix that is quantized

tl::unexpected<Error> refuse(const PhysicalDeviceSnapshot& snapshot, std::string reason) {
    return makeError(ErrorCode::kUnsupported, fmt::format("{} cannot be used: {}", snapshot.name, reason));
}

Status checkVersionAndFeatures(const PhysicalDeviceSnapshot& snapshot) {
    if (snapshot.apiVersion < VK_API_VERSION_1_2) {
        return refuse(snapshot, fmt::format("its driver offers Vulkan {}, and 1.2 is needed; a newer driver may help.",
                                            versionText(snapshot.apiVersion)));
    }
    if (!snapshot.timelineSemaphore)
        return refuse(snapshot, "its driver has no timeline semaphores; a newer driver may help.");
    if (!snapshot.subgroupInCompute || !snapshot.subgroupArithmetic || !snapshot.subgroupShuffle) {
        return refuse(snapshot,
                      "its driver has no subgroup arithmetic and shuffle in compute shaders; a newer driver may help.");
    }
    if (snapshot.minSubgroupSize < 4 || snapshot.subgroupSize < 4) {
        return refuse(snapshot, fmt::format("its subgroups are {} invocations wide, and 4 are needed.",
                                            snapshot.minSubgroupSize));
    }
    return {};
}

Status checkLimits(const PhysicalDeviceSnapshot& snapshot) {
    if (snapshot.maxStorageBufferRange < kLeastBindingBytes) {
        return refuse(snapshot, fmt::format("a storage binding holds only {} KiB, and 1 MiB is needed.",
                                            snapshot.maxStorageBufferRange / 1024));
    }
    if (snapshot.maxStorageBuffersPerStage < kBindings)
        return refuse(snapshot, "a shader may bind fewer than 4 storage buffers.");
    if (snapshot.maxPushConstantBytes < kPushConstantBytes)
        return refuse(snapshot, "it has fewer than 64 bytes of push constants.");
    if (snapshot.maxSharedMemoryBytes < 16384) {
        return refuse(snapshot, fmt::format("a workgroup shares only {} bytes, and 16384 are needed.",
                                            snapshot.maxSharedMemoryBytes));
    }
    if (snapshot.maxWorkgroupInvocations < 128) {
        return refuse(snapshot, fmt::format("a workgroup has at most {} invocations, and 128 are needed.",
                                            snapshot.maxWorkgroupInvocations));
    }
    return {};
}

/// A family for compute alone runs beside the desktop; one with graphics shares its queue.
std::optional<uint32_t> chooseQueueFamily(const PhysicalDeviceSnapshot& snapshot) {
    std::optional<uint32_t> found;
    for (uint32_t i = 0; i < snapshot.queueFamilies.size(); ++i) {
        const auto& family = snapshot.queueFamilies[i];
        if (!family.compute || family.queueCount == 0) continue;
        if (!family.graphics) return i;
        if (!found) found = i;
    }
    return found;
}

/// A family for copies alone is a copy engine; else a second queue of the compute family lets the driver overlap them.
void chooseTransferQueue(const PhysicalDeviceSnapshot& snapshot, DevicePlan& plan) {
    plan.transferFamily = plan.queueFamily;
    plan.transferIndex = snapshot.queueFamilies[plan.queueFamily].queueCount > 1 ? 1 : 0;
    for (uint32_t i = 0; i < snapshot.queueFamilies.size(); ++i) {
        const auto& family = snapshot.queueFamilies[i];
        if (!family.transfer || family.compute || family.graphics || family.queueCount == 0) continue;
        plan.transferFamily = i;
        plan.transferIndex = 0;
        return;
    }
}

template <typename Wanted>
std::optional<uint32_t> findMemoryType(const PhysicalDeviceSnapshot& snapshot, Wanted wanted) {
    for (uint32_t i = 0; i < snapshot.memoryTypes.size(); ++i) {
        if (wanted(snapshot.memoryTypes[i])) return i;
    }
    return std::nullopt;
}

uint64_t heapBytes(const PhysicalDeviceSnapshot& snapshot, const MemoryTypeSnapshot& type) {
    return type.heap < snapshot.heaps.size() ? snapshot.heaps[type.heap].sizeBytes : 0;
}

/// The device-local type of the largest heap; on machines that share memory, one that the host sees as well.
std::optional<uint32_t> chooseDeviceType(const PhysicalDeviceSnapshot& snapshot, bool shared) {
    std::optional<uint32_t> best;
    const auto score = [&](const MemoryTypeSnapshot& type) {
        const bool direct = shared && type.hostVisible && type.hostCoherent;
        return std::pair(heapBytes(snapshot, type), direct);
    };
    for (uint32_t i = 0; i < snapshot.memoryTypes.size(); ++i) {
        const auto& type = snapshot.memoryTypes[i];
        if (!type.deviceLocal) continue;
        if (!best || score(type) > score(snapshot.memoryTypes[*best])) best = i;
    }
    return best;
}

Status planMemory(const PhysicalDeviceSnapshot& snapshot, uint64_t memoryLimitBytes, DevicePlan& plan) {
    const bool shared = plan.isSoftware || plan.isIntegrated;
    const auto device = chooseDeviceType(snapshot, shared);
    if (!device) return refuse(snapshot, "it reports no memory of its own.");
    const auto& deviceType = snapshot.memoryTypes[*device];
    plan.deviceMemoryType = *device;
    plan.deviceHeapBytes = heapBytes(snapshot, deviceType);
    if (plan.deviceHeapBytes < kLeastHeapBytes) {
        return refuse(snapshot, fmt::format("it has only {} MiB of memory, and 256 MiB are needed.",
                                            plan.deviceHeapBytes / kMiB));
    }
    const auto visible = [](const MemoryTypeSnapshot& type) { return type.hostVisible && type.hostCoherent; };
    const auto upload = findMemoryType(snapshot, [&](const auto& type) { return visible(type) && !type.deviceLocal; });
    const auto any = findMemoryType(snapshot, visible);
    if (!any) return refuse(snapshot, "it has no memory that the processor can write.");
    const auto cached = findMemoryType(snapshot, [&](const auto& type) { return visible(type) && type.hostCached; });
    plan.uploadMemoryType = upload.value_or(*any);
    plan.readbackMemoryType = cached.value_or(*any);
    plan.directUpload = shared && visible(deviceType);
    plan.spillsToHost = !shared && upload.has_value();

    // The desktop and other programs live in the same heap.
    plan.deviceBudgetBytes = plan.deviceHeapBytes / 10 * 9;
    if (const uint64_t free = snapshot.heaps[deviceType.heap].freeBytes; free > 0)
        plan.deviceBudgetBytes = std::min(plan.deviceBudgetBytes, free);
    if (memoryLimitBytes > 0) plan.deviceBudgetBytes = std::min(plan.deviceBudgetBytes, memoryLimitBytes);
    plan.maxAllocationBytes = std::max(snapshot.maxAllocationBytes, kMiB);
    // Many slabs in a small budget, so that little of it is lost in their gaps.
    plan.slabBytes = std::clamp(plan.deviceBudgetBytes / (32 * kMiB), uint64_t{4}, uint64_t{64}) * kMiB;
    plan.slabBytes = std::min(plan.slabBytes, plan.maxAllocationBytes);
    plan.maxBindingBytes = std::min({snapshot.maxStorageBufferRange, kMostBindingBytes, plan.maxAllocationBytes});
    plan.bindingAlignment = std::max<uint64_t>(snapshot.minStorageBufferOffsetAlignment, 256);
    return {};
}

void planSubgroups(const PhysicalDeviceSnapshot& snapshot, DevicePlan& plan) {
    plan.subgroupSize = snapshot.subgroupSize;
    plan.minSubgroupSize = snapshot.minSubgroupSize;
    plan.requireSubgroupSize = snapshot.subgroupSizeControl && snapshot.fullSubgroups &&
                               snapshot.requiredSizeInCompute &&
                               snapshot.hasExtension(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
    if (plan.requireSubgroupSize) {
        // Narrow subgroups waste a memory transaction, wide ones leave lanes idle in short rows.
        plan.subgroupSize =
            std::clamp(std::clamp(snapshot.subgroupSize, 16u, 64u), snapshot.minSubgroupSize, snapshot.maxSubgroupSize);
        plan.minSubgroupSize = plan.subgroupSize;
    }
    plan.oneSubgroupGroups = plan.requireSubgroupSize;
}

/// A processor that plays GPU: no shared memory, no barriers, large register tiles, few and long invocations.
void planSoftwareShapes(DevicePlan& plan) {
    const uint32_t lanes = plan.subgroupSize;
    plan.matvec = {.localSize = lanes, .rows = 4, .mostTokens = 1};
    plan.matmul = {.tiled = false,
                   .localSize = lanes,
                   .tileRows = 4,
                   .tileTokens = 8,
                   .threadRows = 4,
                   .threadTokens = 8,
                   .depth = 16};
    plan.attention = {.localSize = lanes, .promptQueries = 4};
    plan.reduceLocalSize = lanes;
    plan.elementwiseLocalSize = lanes * 4;
    plan.elementwiseMaxGroups = 64;
    plan.assumedFlops = 2e9;
    plan.streamBatchTokens = 512;  // copying costs next to nothing beside computing
    plan.hangSeconds = 3600;       // it competes with everything else on the machine, and cannot hang
}

void planHardwareShapes(const PhysicalDeviceSnapshot& snapshot, DevicePlan& plan) {
    // One subgroup shares out a row where we may count on it; else enough invocations for the widest.
    plan.matvec = {.localSize = plan.oneSubgroupGroups ? plan.subgroupSize : std::max(64u, plan.subgroupSize),
                   .rows = 4,
                   .mostTokens = 8};
    plan.matmul = {.tiled = true,
                   .localSize = 128,
                   .tileRows = 64,
                   .tileTokens = 64,
                   .threadRows = 8,
                   .threadTokens = 4,
                   .depth = 32};
    if (snapshot.maxSharedMemoryBytes < 24 * 1024) plan.matmul.depth = 16;
    // Partial sums of all subgroups of a workgroup meet in shared memory: few subgroups where they are narrow.
    plan.attention = {.localSize = std::clamp(4 * plan.minSubgroupSize, 32u, 128u),
                      .promptQueries = snapshot.maxSharedMemoryBytes < 32768 ? 2u : 4u};
    // At 10 TFLOP/s and 16 GB/s some 600 tokens take as long to compute as their F16 weights to arrive.
    plan.streamBatchTokens = 2048;
    plan.assumedFlops = plan.isIntegrated ? 2e11 : 2e12;
}

/// After memory and subgroups.
void planEncoding(const PhysicalDeviceSnapshot& snapshot, DevicePlan& plan) {
    EncodeShape& encode = plan.encode;
    encode.usable = snapshot.roundsToNearest32;
    encode.worthwhile = encode.usable && !plan.isSoftware;
    encode.groupLocalSize = plan.isSoftware ? plan.subgroupSize : std::max(64u, plan.subgroupSize);
    encode.elementLocalSize = encode.groupLocalSize;
    // Beside them lie what they become, scratch memory of a quarter and, in host memory, a copy of the result.
    encode.partBytes = std::min({plan.maxBindingBytes, kMostPartBytes, plan.deviceBudgetBytes / 4});
}

void planIntegers(const PhysicalDeviceSnapshot& snapshot, DevicePlan& plan) {
    IntegerShape& integer = plan.integer;
    integer.usable = snapshot.integerDot && snapshot.hasExtension(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
    // A processor that plays GPU has no such instruction, and still makes fewer steps of a word of bytes than of four
    // values that are decoded first (docs/performance.md).
    integer.matvec = integer.usable && (snapshot.fastPackedDot || plan.isSoftware);
    integer.matmul = integer.matvec;
    integer.depth = 2 * plan.matmul.depth;
    // There a kernel costs as much as some hundred thousand products.
    integer.leastProducts = plan.isSoftware ? int64_t{1} << 19 : 0;
}

/// The largest product whose sizes divide those of a small tile; of equals the first.
std::optional<MatrixSize> chooseMatrices(const PhysicalDeviceSnapshot& snapshot) {
    std::optional<MatrixSize> best;
    const auto divides = [](uint32_t size, uint32_t whole) { return size >= 8 && size <= whole && whole % size == 0; };
    const auto work = [](const MatrixSize& size) { return size.rows * size.columns * size.depth; };
    for (const MatrixSize& size : snapshot.halfMatrices) {
        if (!divides(size.rows, 16) || !divides(size.columns, 16) || !divides(size.depth, 32)) continue;
        if (!best || work(size) > work(*best)) best = size;
    }
    return best;
}

/// After the subgroups.
void planMatrixUnits(const PhysicalDeviceSnapshot& snapshot, DevicePlan& plan) {
    MatrixUnitShape& units = plan.units;
    const auto size = chooseMatrices(snapshot);
    units.usable = size && snapshot.cooperativeMatrix && snapshot.vulkanMemoryModel && snapshot.float16 &&
                   plan.requireSubgroupSize && snapshot.hasExtension(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME) &&
                   snapshot.maxWorkgroupInvocations >= 4 * plan.subgroupSize;
    if (!units.usable) return;
    units.unit = *size;
    units.matmul = !plan.isSoftware;
    // A subgroup keeps 64 x 32 sums, 32 a lane of 64; room in shared memory for two tiles of 32 columns.
    if (plan.subgroupSize >= 32 && snapshot.maxSharedMemoryBytes >= 32768) units.tileRows = 128;
}

}  // namespace

std::string versionText(uint32_t apiVersion) {
    return fmt::format("{}.{}.{}", VK_API_VERSION_MAJOR(apiVersion), VK_API_VERSION_MINOR(apiVersion),
                       VK_API_VERSION_PATCH(apiVersion));
}

Result<DevicePlan> planDevice(const PhysicalDeviceSnapshot& snapshot, uint64_t memoryLimitBytes) {
    HT_TRY(checkVersionAndFeatures(snapshot));
    HT_TRY(checkLimits(snapshot));
    DevicePlan plan;
    plan.deviceName = snapshot.name;
    plan.driver = snapshot.driverInfo.empty() ? snapshot.driverName
                                              : fmt::format("{} {}", snapshot.driverName, snapshot.driverInfo);
    plan.isSoftware = snapshot.type == VK_PHYSICAL_DEVICE_TYPE_CPU;
    plan.isIntegrated = snapshot.type == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
    const auto family = chooseQueueFamily(snapshot);
    if (!family) return refuse(snapshot, "it has no queue for compute work.");
    plan.queueFamily = *family;
    chooseTransferQueue(snapshot, plan);
    plan.timestampBits = snapshot.queueFamilies[*family].timestampBits;
    plan.timestampNanoseconds = static_cast<double>(snapshot.timestampPeriod);
    plan.maxWorkgroupCount = snapshot.maxWorkgroupCount;
    plan.maxSharedMemoryBytes = snapshot.maxSharedMemoryBytes;
    plan.float16 = snapshot.float16;
    plan.int8 = snapshot.int8;
    plan.pushDescriptors =
        snapshot.maxPushDescriptors >= kBindings && snapshot.hasExtension(VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME);
    HT_TRY(planMemory(snapshot, memoryLimitBytes, plan));
    planSubgroups(snapshot, plan);
    if (plan.isSoftware) {
        plan.oneSubgroupGroups = plan.oneSubgroupGroups || snapshot.minSubgroupSize == snapshot.maxSubgroupSize;
        planSoftwareShapes(plan);
    } else {
        planHardwareShapes(snapshot, plan);
    }
    planIntegers(snapshot, plan);
    planMatrixUnits(snapshot, plan);
    planEncoding(snapshot, plan);
    if (plan.pushDescriptors) plan.extensions.emplace_back(VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME);
    if (plan.requireSubgroupSize) plan.extensions.emplace_back(VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
    if (plan.integer.usable) plan.extensions.emplace_back(VK_KHR_SHADER_INTEGER_DOT_PRODUCT_EXTENSION_NAME);
    if (plan.units.usable) plan.extensions.emplace_back(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
    return plan;
}

}  // namespace halftone::vk
