// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/scope_timer.h"

#include <fmt/format.h>

#include "gpu/vk/vulkan_error.h"

namespace halftone::vk {
namespace {

constexpr uint32_t kScopes = 1024;  // of one command buffer

}  // namespace

Result<std::unique_ptr<ScopeTimer>> ScopeTimer::create(std::shared_ptr<Device> device, size_t slots, Sink sink) {
    auto timer = std::unique_ptr<ScopeTimer>(new ScopeTimer(std::move(device), std::move(sink)));
    const Device& own = *timer->m_device;
    HT_CHECK(own.plan().canTime());
    timer->m_slots.resize(slots);
    for (size_t i = 0; i < slots; ++i) {
        VkQueryPoolCreateInfo info{VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
        info.queryType = VK_QUERY_TYPE_TIMESTAMP;
        info.queryCount = 2 * kScopes;
        VkQueryPool pool = VK_NULL_HANDLE;
        HT_VK_TRY(own.functions().vkCreateQueryPool(own.handle(), &info, nullptr, &pool), "create a query pool");
        timer->m_slots[i].queries = own.own(pool, own.functions().vkDestroyQueryPool, VK_OBJECT_TYPE_QUERY_POOL,
                                            fmt::format("timestamps {}", i));
    }
    return timer;
}

void ScopeTimer::write(uint32_t query) {
    m_device->functions().vkCmdWriteTimestamp(m_commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
                                              m_slots[m_current].queries.get(), query);
}

void ScopeTimer::open(bool isFirst) {
    Slot& slot = m_slots[m_current];
    write(static_cast<uint32_t>(2 * slot.pieces.size()));
    slot.pieces.push_back({*m_open, isFirst});
    m_isRunning = true;
}

void ScopeTimer::beginCommands(size_t slot, VkCommandBuffer commands) {
    m_current = slot;
    m_commands = commands;
    m_slots[slot].pieces.clear();
    m_device->functions().vkCmdResetQueryPool(commands, m_slots[slot].queries.get(), 0, 2 * kScopes);
    if (m_open) open(false);
}

void ScopeTimer::endCommands() {
    if (m_isRunning) write(static_cast<uint32_t>(2 * m_slots[m_current].pieces.size() - 1));
    m_isRunning = false;
    m_commands = VK_NULL_HANDLE;
}

bool ScopeTimer::isFull() const {
    return m_commands != VK_NULL_HANDLE && m_slots[m_current].pieces.size() >= kScopes;
}

void ScopeTimer::begin(uint64_t tag) {
    m_open = tag;
    open(true);
}

void ScopeTimer::end() {
    if (m_isRunning) write(static_cast<uint32_t>(2 * m_slots[m_current].pieces.size() - 1));
    m_isRunning = false;
    m_open.reset();
}

Status ScopeTimer::collect(size_t index) {
    Slot& slot = m_slots[index];
    if (slot.pieces.empty()) return {};
    std::vector<uint64_t> ticks(2 * slot.pieces.size());
    HT_VK_TRY(m_device->functions().vkGetQueryPoolResults(
                  m_device->handle(), slot.queries.get(), 0, static_cast<uint32_t>(ticks.size()),
                  ticks.size() * sizeof(uint64_t), ticks.data(), sizeof(uint64_t),
                  VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
              "read its timestamps");
    const DevicePlan& plan = m_device->plan();
    const uint64_t mask = plan.timestampBits >= 64 ? ~uint64_t{0} : (uint64_t{1} << plan.timestampBits) - 1;
    const auto between = [&](uint64_t from, uint64_t to) {
        return static_cast<double>((to - from) & mask) * plan.timestampNanoseconds * 1e-9;
    };
    if (!m_firstTick) {
        m_firstTick = ticks.front();
        m_firstTime = slot.submittedAt;
    }
    for (size_t i = 0; i < slot.pieces.size(); ++i) {
        m_sink({.tag = slot.pieces[i].tag,
                .isFirst = slot.pieces[i].isFirst,
                .begin = m_firstTime + between(*m_firstTick, ticks[2 * i]),
                .seconds = between(ticks[2 * i], ticks[2 * i + 1])});
    }
    slot.pieces.clear();
    return {};
}

void ScopeTimer::abandon() {
    for (Slot& slot : m_slots) slot.pieces.clear();
    m_open.reset();
    m_isRunning = false;
    m_commands = VK_NULL_HANDLE;
}

}  // namespace halftone::vk
