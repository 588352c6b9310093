// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "core/base/job_context.h"
#include "core/stats/tensor_stats.h"

namespace halftone {

/// Statistics of rows of activations (one per token, at least one), gathered on all threads and merged in a fixed
/// order, so that the result does not depend on the number of threads. Private to core/inference.
ActivationStats recordActivations(std::span<const float> rows, int64_t channels, const JobContext& context);

/// Merges into `target`, which may be empty.
void mergeActivations(ActivationStats& target, const ActivationStats& source);

}  // namespace halftone
