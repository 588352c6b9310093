// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/vk/weight_plan.h"

#include <algorithm>

#include <fmt/format.h>

namespace halftone::vk {
namespace {

constexpr int kMostSlots = 2;

double mebibytes(uint64_t bytes) {
    return static_cast<double>(bytes) / (1024.0 * 1024.0);
}

/// `count` of `total` blocks at even distances.
std::vector<bool> evenlySpaced(size_t total, size_t count) {
    std::vector<bool> chosen(total);
    for (size_t block = 0; block < total; ++block) chosen[block] = (block + 1) * count / total > block * count / total;
    return chosen;
}

/// Bytes that a choice takes beside what always stays.
uint64_t bytesOf(const WeightDemand& demand, const WeightPlan& plan) {
    uint64_t total = static_cast<uint64_t>(plan.slots) * plan.slotBytes;
    for (size_t block = 0; block < demand.blocks.size(); ++block) {
        if (!plan.streamed[block]) total += demand.blocks[block].missingBytes;
    }
    return total;
}

WeightPlan streaming(const WeightDemand& demand, size_t count, int slots) {
    WeightPlan plan{.streamed = evenlySpaced(demand.blocks.size(), count), .slots = slots};
    for (size_t block = 0; block < demand.blocks.size(); ++block) {
        if (plan.streamed[block]) plan.slotBytes = std::max(plan.slotBytes, demand.blocks[block].bytes);
    }
    return plan;
}

tl::unexpected<Error> refuse(const DevicePlan& device, const WeightDemand& demand, uint64_t room) {
    uint64_t largest = 0;
    for (const auto& block : demand.blocks) largest = std::max(largest, block.bytes);
    return makeError(
        ErrorCode::kOutOfMemory,
        fmt::format("{} has {:.1f} MiB left for the blocks of this model, and the largest of them alone "
                    "takes {:.1f} MiB; a higher memory limit, fewer bits or a shorter context would fit, or "
                    "the processor can run it.",
                    device.deviceName, mebibytes(room), mebibytes(largest)));
}

}  // namespace

int64_t WeightPlan::residentBlocks() const {
    return std::ranges::count(streamed, false);
}

Result<WeightPlan> planWeights(const DevicePlan& device, const WeightDemand& demand) {
    const uint64_t before = demand.takenBytes + demand.otherBytes + demand.workBytes;
    if (before > device.deviceBudgetBytes) return refuse(device, demand, 0);
    const uint64_t room = device.deviceBudgetBytes - before;
    const WeightPlan resident = streaming(demand, 0, 0);
    if (bytesOf(demand, resident) <= room) return resident;
    for (int slots = kMostSlots; slots > 0; --slots) {
        for (size_t count = 1; count <= demand.blocks.size(); ++count) {
            WeightPlan plan = streaming(demand, count, slots);
            if (plan.slotBytes > device.maxAllocationBytes || bytesOf(demand, plan) > room) continue;
            return plan;
        }
    }
    return refuse(device, demand, room);
}

}  // namespace halftone::vk
