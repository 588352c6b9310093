// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/base/job_context.h"
#include "core/inference/cpu/scratch_pool.h"
#include "core/inference/op_kernels.h"

namespace halftone::cpu {

/// Adds S x + A (B x) to the outputs of calls whose weights have a correction; runLinear() has written them. The calls
/// share their input. In F32 whatever the calls allow. Same numbers on any number of threads.
Status runCorrections(std::span<const LinearCall> calls, ScratchPool& scratch, const JobContext& context);

}  // namespace halftone::cpu
