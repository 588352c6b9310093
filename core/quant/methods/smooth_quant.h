// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/methods/calibration.h"
#include "core/tensor/row_source.h"

namespace halftone {

/// SmoothQuant (arXiv 2211.10438). Source: the reference page on algorithms, section 5. Factors of the channels of one
/// input, s_j = max|X_j|^alpha / max|W_j|^(1 - alpha) with the maximum over all `layers` that read it: the columns of
/// the layers are to be multiplied and the producer of the input divided. With alpha 0.5 inputs and weights end up with
/// the same largest magnitude in every channel. Channels without inputs or without weights have factor 1.
/// kInvalidArgument without `statistics.largest`.
Result<std::vector<float>> smoothingScales(std::span<const RowSource* const> layers, const InputStatistics& statistics,
                                           double alpha, const JobContext& context);

}  // namespace halftone
