// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/quant/formats/level_family.h"
#include "core/quant/methods/integer_fit.h"
#include "core/quant/methods/row_encoder.h"

namespace halftone {

/// Methods of the level family that fit the scale of a group and then take the nearest level.

/// The scale of least squared error, weighted by `weights` (null or one per value), among the format's own and those
/// that fit `steps` + 1 ranges between the full and the smallest one. The first of equals.
GroupScale searchLevelScale(const LevelFormat& format, std::span<const float> values, const float* weights,
                            const MseSettings& settings);

/// Ready-made encoders; `weights`: one per column, or empty. Preconditions: methodObstacle() is empty.
std::shared_ptr<const RowEncoder> createLevelMseEncoder(const MseSettings& settings, std::vector<float> weights);
std::shared_ptr<const RowEncoder> createLevelPercentileEncoder(double percent);

}  // namespace halftone
