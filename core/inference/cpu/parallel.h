// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/base/job_context.h"

namespace halftone::cpu {

/// Multiplications below which waking other threads costs more than it gains.
inline constexpr int64_t kSerialWork = 1 << 17;

/// Runs body(task) for [0, tasks), on all threads if `work` (about one per multiplication) makes it worth while.
template <class Body>
void runTasks(const JobContext& context, int64_t tasks, int64_t work, const Body& body) {
    if (work < kSerialWork || tasks == 1) {
        for (int64_t task = 0; task < tasks; ++task) body(task);
        return;
    }
    context.pool.parallelFor(tasks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t task = begin; task < end; ++task) body(task);
    });
}

}  // namespace halftone::cpu
