// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/quant/formats/integer_family.h"
#include "core/quant/methods/fit_kernels.h"
#include "core/quant/methods/row_encoder.h"

namespace halftone {

/// Methods of the integer family that fit the range of a group and then take the nearest value.

/// The grid of least squared error, weighted by `weights` (null or one per value), among the full range and `steps`
/// smaller ones; symmetric formats try both signs of the scale, those with a float zero point also the scale and the
/// minimum of least squared error for the codes that come out. The first of equals, so the full range unless another is
/// better.
IntegerGrid searchGrid(const IntegerFormat& format, std::span<const float> values, const float* weights,
                       const MseSettings& settings);

/// The magnitude below which `percent` of the magnitudes lie (linear interpolation between order statistics).
float percentileLimit(std::span<const float> values, double percent, std::vector<float>& scratch);
/// The grid of the range that ends there.
IntegerGrid percentileGrid(const IntegerFormat& format, std::span<const float> values, double percent,
                           std::vector<float>& scratch);

/// Settles the grids of a row (one per group) and writes it with the nearest codes for `values`.
void packNearestRow(const PackedLayout& layout, const float* values, IntegerGrids& grids, uint8_t* row);

/// Ready-made encoders. `weights`: one per column, or empty.
std::shared_ptr<const RowEncoder> createMseEncoder(const MseSettings& settings, std::vector<float> weights);
std::shared_ptr<const RowEncoder> createPercentileEncoder(double percent);
/// Rounding zero points to whole numbers undoes much of what HQQ finds; so the search is run for `scales` ranges
/// between the full and half of it, and the grid of least squared error is taken. Float zero points are kept as they
/// are found.
std::shared_ptr<const RowEncoder> createHqqEncoder(const HqqSettings& settings);

}  // namespace halftone
