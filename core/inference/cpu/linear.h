// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/inference/cpu/scratch_pool.h"
#include "core/inference/op_kernels.h"

namespace halftone::cpu {

/// Matrix products of several weights with the same input, cut into tiles of rows that run on all threads.
Status runLinear(std::span<const LinearCall> calls, ScratchPool& scratch, const JobContext& context);

}  // namespace halftone::cpu
