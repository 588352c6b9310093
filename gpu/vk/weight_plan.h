// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/error.h"
#include "gpu/vk/device_plan.h"

namespace halftone::vk {

/// What a model wants of device memory, in bytes.
struct WeightDemand {
    struct Block {
        uint64_t bytes = 0;         ///< of its matrices as they lie on the device
        uint64_t missingBytes = 0;  ///< of those that are not there yet for another user
    };
    std::vector<Block> blocks;
    uint64_t otherBytes = 0;  ///< embedding, head and vectors that are not there yet: they always stay
    uint64_t workBytes = 0;   ///< activations, attention cache, tables
    uint64_t takenBytes = 0;  ///< of the budget, by whatever else runs on the device
};

/// Which blocks stay on the device and which pass through it whenever the model runs.
struct WeightPlan {
    std::vector<bool> streamed;  ///< by block
    uint64_t slotBytes = 0;      ///< of each slot that streamed blocks pass through
    int slots = 0;               ///< 2: one is filled while the device reads the other; 0: nothing streams

    [[nodiscard]] bool streams() const { return slots > 0; }
    [[nodiscard]] int64_t residentBlocks() const;
};

/// Decides it: everything stays where it fits; else as many blocks as possible do, and those that stream lie evenly
/// between them, so that transfers go on while resident blocks compute. Pure. kOutOfMemory, with what is needed and
/// what is there, where not even the largest block fits beside what must stay.
Result<WeightPlan> planWeights(const DevicePlan& device, const WeightDemand& demand);

}  // namespace halftone::vk
