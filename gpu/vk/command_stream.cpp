// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/command_stream.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "gpu/vk/vulkan_error.h"

namespace halftone::vk {
namespace {

constexpr uint32_t kSetsPerPool = 256;
constexpr size_t kSubmissionsInFlight = 2;

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool overlap(const BufferSlice& a, const BufferSlice& b) {
    return a.buffer == b.buffer && a.offset < b.offset + b.sizeBytes && b.offset < a.offset + a.sizeBytes;
}

bool writes(Access access) {
    return access == Access::kWrite || access == Access::kContinueWrite || access == Access::kReadWrite;
}

/// Whether `later` has to wait for `earlier` on the same bytes. The first write of an operation has waited for
/// everything before it, so what continues it needs to wait for readers only.
bool mustWait(Access earlier, Access later) {
    if (later == Access::kContinueWrite) return earlier == Access::kRead;
    return writes(earlier) || writes(later);
}

/// x * y * z >= groups with every factor within the device's limits, nearly equal to it.
std::array<uint32_t, 3> foldGroups(uint64_t groups, const std::array<uint32_t, 3>& most) {
    const uint64_t x = std::min<uint64_t>(groups, most[0]);
    const uint64_t y = std::min<uint64_t>((groups + x - 1) / x, most[1]);
    const uint64_t z = (groups + x * y - 1) / (x * y);
    HT_CHECK(z <= most[2]);
    return {static_cast<uint32_t>(x), static_cast<uint32_t>(y), static_cast<uint32_t>(z)};
}

/// Points of other timelines in the form that Vulkan wants.
struct Awaited {
    Awaited(std::span<const TimelinePoint> points, VkPipelineStageFlags waiting) : stages(points.size(), waiting) {
        for (const TimelinePoint& point : points) {
            semaphores.push_back(point.semaphore);
            values.push_back(point.value);
        }
    }
    std::vector<VkPipelineStageFlags> stages;
    std::vector<VkSemaphore> semaphores;
    std::vector<uint64_t> values;
};

}  // namespace

Result<std::unique_ptr<CommandStream>> CommandStream::create(std::shared_ptr<Device> device, PipelineStore& pipelines,
                                                             std::string_view name, QueueUse use) {
    auto stream = std::unique_ptr<CommandStream>(new CommandStream(std::move(device), pipelines, use));
    stream->m_flopsPerSecond = stream->m_device->plan().assumedFlops;
    HT_TRY(stream->createSlots(name));
    return stream;
}

CommandStream::~CommandStream() {
    if (m_timeline && !m_device->isLost()) (void)m_device->waitFor(m_timeline.get(), m_submitted);
}

Status CommandStream::createSlots(std::string_view name) {
    const auto& functions = m_device->functions();
    VkSemaphoreTypeCreateInfo type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO};
    type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
    VkSemaphoreCreateInfo semaphoreInfo{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    semaphoreInfo.pNext = &type;
    VkSemaphore semaphore = VK_NULL_HANDLE;
    HT_VK_TRY(functions.vkCreateSemaphore(m_device->handle(), &semaphoreInfo, nullptr, &semaphore),
              "create a semaphore");
    m_timeline = m_device->own(semaphore, functions.vkDestroySemaphore, VK_OBJECT_TYPE_SEMAPHORE,
                               fmt::format("{}: timeline", name));

    for (size_t i = 0; i < kSlots; ++i) {
        VkCommandPoolCreateInfo poolInfo{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
        poolInfo.flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT;
        poolInfo.queueFamilyIndex = m_device->queueFamily(m_queue);
        VkCommandPool pool = VK_NULL_HANDLE;
        HT_VK_TRY(functions.vkCreateCommandPool(m_device->handle(), &poolInfo, nullptr, &pool),
                  "create a command pool");
        Slot& slot = m_slots[i];
        slot.pool = m_device->own(pool, functions.vkDestroyCommandPool, VK_OBJECT_TYPE_COMMAND_POOL,
                                  fmt::format("{}: pool {}", name, i));
        VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
        info.commandPool = pool;
        info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
        info.commandBufferCount = 1;
        HT_VK_TRY(functions.vkAllocateCommandBuffers(m_device->handle(), &info, &slot.commands),
                  "allocate a command buffer");
        m_device->setName(VK_OBJECT_TYPE_COMMAND_BUFFER, reinterpret_cast<uint64_t>(slot.commands),
                          fmt::format("{}: commands {}", name, i));
    }
    return {};
}

Status CommandStream::begin() {
    if (m_recording) return {};
    const auto& functions = m_device->functions();
    Slot& slot = m_slots[m_current];
    HT_TRY(waitFor(slot.value));
    if (m_timer) HT_TRY(m_timer->collect(m_current));
    HT_VK_TRY(functions.vkResetCommandPool(m_device->handle(), slot.pool.get(), 0), "reset a command pool");
    for (const auto& pool : slot.descriptorPools) functions.vkResetDescriptorPool(m_device->handle(), pool.get(), 0);
    slot.poolsInUse = 0;
    slot.setsInPool = kSetsPerPool;
    VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    HT_VK_TRY(functions.vkBeginCommandBuffer(slot.commands, &info), "record commands");
    m_recording = true;
    m_recordedFlops = 0;
    barrier();  // earlier submissions, other streams' uploads among them
    if (m_timer) m_timer->beginCommands(m_current, slot.commands);
    return {};
}

VkPipelineStageFlags CommandStream::stages() const {
    const VkPipelineStageFlags copies = VK_PIPELINE_STAGE_TRANSFER_BIT;
    return m_queue == QueueUse::kTransfer ? copies : copies | VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
}

void CommandStream::barrier() {
    const bool computes = m_queue == QueueUse::kCompute;
    VkMemoryBarrier memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
    memory.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    memory.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    if (computes) {
        memory.srcAccessMask |= VK_ACCESS_SHADER_WRITE_BIT;
        memory.dstAccessMask |= VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT;
    }
    m_device->functions().vkCmdPipelineBarrier(m_slots[m_current].commands, stages(), stages(), 0, 1, &memory, 0,
                                               nullptr, 0, nullptr);
    m_touched.clear();
}

void CommandStream::orderAfterEarlier(std::span<const BufferUse> uses) {
    const auto conflicts = [&](const BufferUse& use) {
        if (use.access == Access::kConstant) return false;
        return std::ranges::any_of(m_touched, [&](const Touched& earlier) {
            return mustWait(earlier.access, use.access) && overlap(earlier.slice, use.slice);
        });
    };
    if (std::ranges::any_of(uses, conflicts)) barrier();
    for (const auto& use : uses) {
        if (use.access != Access::kConstant) m_touched.push_back({use.slice, use.access});
    }
}

Result<VkDescriptorSet> CommandStream::allocateSet() {
    const auto& functions = m_device->functions();
    Slot& slot = m_slots[m_current];
    if (slot.setsInPool == kSetsPerPool) {
        if (slot.poolsInUse == slot.descriptorPools.size()) {
            const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, kSetsPerPool * kBindingCount};
            VkDescriptorPoolCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
            info.maxSets = kSetsPerPool;
            info.poolSizeCount = 1;
            info.pPoolSizes = &size;
            VkDescriptorPool pool = VK_NULL_HANDLE;
            HT_VK_TRY(functions.vkCreateDescriptorPool(m_device->handle(), &info, nullptr, &pool),
                      "create a descriptor pool");
            slot.descriptorPools.push_back(
                m_device->own(pool, functions.vkDestroyDescriptorPool, VK_OBJECT_TYPE_DESCRIPTOR_POOL,
                              fmt::format("descriptor pool {}", slot.descriptorPools.size())));
        }
        ++slot.poolsInUse;
        slot.setsInPool = 0;
    }
    ++slot.setsInPool;
    const VkDescriptorSetLayout layout = m_pipelines->setLayout();
    VkDescriptorSetAllocateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
    info.descriptorPool = slot.descriptorPools[slot.poolsInUse - 1].get();
    info.descriptorSetCount = 1;
    info.pSetLayouts = &layout;
    VkDescriptorSet set = VK_NULL_HANDLE;
    HT_VK_TRY(functions.vkAllocateDescriptorSets(m_device->handle(), &info, &set), "allocate a descriptor set");
    return set;
}

Status CommandStream::bindBuffers(std::span<const BufferUse> uses) {
    const auto& functions = m_device->functions();
    const VkCommandBuffer commands = m_slots[m_current].commands;
    HT_CHECK(uses.size() <= kBindingCount);
    std::array<VkDescriptorBufferInfo, kBindingCount> infos{};
    std::array<VkWriteDescriptorSet, kBindingCount> writeInfos{};
    VkDescriptorSet set = VK_NULL_HANDLE;
    if (!m_device->plan().pushDescriptors) {
        HT_ASSIGN_OR_RETURN(set, allocateSet());
    }
    for (size_t i = 0; i < uses.size(); ++i) {
        infos[i] = {uses[i].slice.buffer, uses[i].slice.offset, uses[i].slice.sizeBytes};
        writeInfos[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
        writeInfos[i].dstSet = set;
        writeInfos[i].dstBinding = static_cast<uint32_t>(i);
        writeInfos[i].descriptorCount = 1;
        writeInfos[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        writeInfos[i].pBufferInfo = &infos[i];
    }
    const auto count = static_cast<uint32_t>(uses.size());
    if (m_device->plan().pushDescriptors) {
        functions.vkCmdPushDescriptorSetKHR(commands, VK_PIPELINE_BIND_POINT_COMPUTE, m_pipelines->layout(), 0, count,
                                            writeInfos.data());
        return {};
    }
    functions.vkUpdateDescriptorSets(m_device->handle(), count, writeInfos.data(), 0, nullptr);
    functions.vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, m_pipelines->layout(), 0, 1, &set, 0,
                                      nullptr);
    return {};
}

Status CommandStream::dispatch(const Dispatch& dispatch) {
    HT_CHECK(m_queue == QueueUse::kCompute);
    if (dispatch.groups == 0) return {};
    HT_TRY(begin());
    const auto& functions = m_device->functions();
    const VkCommandBuffer commands = m_slots[m_current].commands;
    orderAfterEarlier(dispatch.buffers);
    functions.vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, dispatch.pipeline);
    HT_TRY(bindBuffers(dispatch.buffers));
    HT_CHECK(dispatch.pushConstants.size() <= kPushConstantBytes);
    functions.vkCmdPushConstants(commands, m_pipelines->layout(), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                 static_cast<uint32_t>(dispatch.pushConstants.size()), dispatch.pushConstants.data());
    const auto [x, y, z] = foldGroups(dispatch.groups, m_device->plan().maxWorkgroupCount);
    functions.vkCmdDispatch(commands, x, y, z);
    return afterWork(dispatch.flops);
}

Status CommandStream::copy(const BufferSlice& from, const BufferSlice& to) {
    HT_CHECK(from.sizeBytes == to.sizeBytes);
    if (from.sizeBytes == 0) return {};
    HT_TRY(begin());
    const std::array<BufferUse, 2> uses{BufferUse{from, Access::kRead}, BufferUse{to, Access::kWrite}};
    orderAfterEarlier(uses);
    const VkBufferCopy region{from.offset, to.offset, from.sizeBytes};
    m_device->functions().vkCmdCopyBuffer(m_slots[m_current].commands, from.buffer, to.buffer, 1, &region);
    return {};
}

Status CommandStream::fill(const BufferSlice& slice, uint32_t value) {
    HT_TRY(begin());
    const std::array<BufferUse, 1> uses{BufferUse{slice, Access::kWrite}};
    orderAfterEarlier(uses);
    m_device->functions().vkCmdFillBuffer(m_slots[m_current].commands, slice.buffer, slice.offset, slice.sizeBytes,
                                          value);
    return {};
}

Status CommandStream::makeVisibleToHost() {
    HT_TRY(begin());
    VkMemoryBarrier memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER};
    memory.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    memory.dstAccessMask = VK_ACCESS_HOST_READ_BIT;
    m_device->functions().vkCmdPipelineBarrier(m_slots[m_current].commands,
                                               VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                                               VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &memory, 0, nullptr, 0, nullptr);
    return {};
}

double CommandStream::flopsPerSubmission() const {
    return m_flopsPerSecond * m_device->plan().submissionSeconds;
}

Status CommandStream::afterWork(double flops) {
    m_recordedFlops += flops;
    if (m_recordedFlops < flopsPerSubmission()) return {};
    HT_TRY(flush());
    return limitInFlight(kSubmissionsInFlight);
}

void CommandStream::startAfter(const TimelinePoint& point) {
    if (point.value > 0) m_startAfter.push_back(point);
}

Result<uint64_t> CommandStream::flush() {
    if (!m_recording) return m_submitted;
    Slot& slot = m_slots[m_current];
    if (m_timer) m_timer->endCommands();
    HT_VK_TRY(m_device->functions().vkEndCommandBuffer(slot.commands), "finish recording commands");
    m_recording = false;
    const uint64_t value = m_submitted + 1;
    VkTimelineSemaphoreSubmitInfo timeline{VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO};
    timeline.signalSemaphoreValueCount = 1;
    timeline.pSignalSemaphoreValues = &value;
    const Awaited awaited(m_startAfter, stages());
    timeline.waitSemaphoreValueCount = static_cast<uint32_t>(awaited.values.size());
    timeline.pWaitSemaphoreValues = awaited.values.data();
    const VkSemaphore semaphore = m_timeline.get();
    VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
    info.pNext = &timeline;
    info.waitSemaphoreCount = static_cast<uint32_t>(awaited.semaphores.size());
    info.pWaitSemaphores = awaited.semaphores.data();
    info.pWaitDstStageMask = awaited.stages.data();
    info.commandBufferCount = 1;
    info.pCommandBuffers = &slot.commands;
    info.signalSemaphoreCount = 1;
    info.pSignalSemaphores = &semaphore;
    const double submittedAt = now();
    HT_TRY(m_device->submit(info, m_queue));
    if (m_timer) m_timer->submitted(m_current, submittedAt);
    m_startAfter.clear();
    m_submitted = value;
    slot.value = value;
    m_inFlight.push_back({value, m_recordedFlops, submittedAt});
    m_recordedFlops = 0;
    m_current = (m_current + 1) % kSlots;
    return value;
}

Status CommandStream::limitInFlight(size_t most) {
    while (m_inFlight.size() > most) {
        const InFlight oldest = m_inFlight.front();
        const double waitedSince = now();
        HT_TRY(m_device->waitFor(m_timeline.get(), oldest.value));
        m_inFlight.pop_front();
        learnRate(oldest, waitedSince);
    }
    return {};
}

void CommandStream::learnRate(const InFlight& done, double waitedSince) {
    const double completion = now();
    const double started = std::max(done.submittedAt, m_lastCompletion);
    m_lastCompletion = completion;
    if (done.flops < 0.1 * flopsPerSubmission()) return;  // too short to tell
    // Without a real wait the device is faster than this thread records: longer submissions are safe.
    const bool waited = completion - waitedSince > 1e-4;
    const double measured = waited ? done.flops / std::max(completion - started, 1e-4) : m_flopsPerSecond * 1.25;
    m_flopsPerSecond = std::clamp(measured, m_flopsPerSecond / 2, m_flopsPerSecond * 2);
}

Status CommandStream::waitFor(uint64_t value) {
    if (value == 0) return {};
    HT_TRY(m_device->waitFor(m_timeline.get(), value));
    while (!m_inFlight.empty() && m_inFlight.front().value <= value) m_inFlight.pop_front();
    return {};
}

void CommandStream::abandon() {
    m_recording = false;  // begin() resets the pool
    m_touched.clear();
    m_startAfter.clear();
    m_recordedFlops = 0;
    if (!m_device->isLost()) (void)waitFor(m_submitted);
    m_inFlight.clear();
    if (m_timer) m_timer->abandon();
}

Status CommandStream::finish() {
    HT_ASSIGN_OR_RETURN(const uint64_t value, flush());
    HT_TRY(waitFor(value));
    return collectTimes();
}

Status CommandStream::timeScopes(ScopeTimer::Sink sink) {
    HT_TRY(finish());
    m_timer.reset();
    if (!sink) return {};
    if (!m_device->plan().canTime()) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("The driver of {} keeps no times of single operations; they can be timed on the "
                                     "processor.",
                                     m_device->plan().deviceName));
    }
    HT_ASSIGN_OR_RETURN(m_timer, ScopeTimer::create(m_device, kSlots, std::move(sink)));
    return {};
}

Status CommandStream::beginScope(uint64_t tag) {
    if (!m_timer) return {};
    if (m_timer->isFull()) HT_TRY(flush());
    HT_TRY(begin());
    m_timer->begin(tag);
    return {};
}

void CommandStream::endScope() {
    if (m_timer) m_timer->end();
}

/// Of everything that is done, oldest first.
Status CommandStream::collectTimes() {
    if (!m_timer) return {};
    for (size_t i = 0; i < kSlots; ++i) HT_TRY(m_timer->collect((m_current + i) % kSlots));
    return {};
}

}  // namespace halftone::vk
