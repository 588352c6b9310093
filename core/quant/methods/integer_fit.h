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

/// How far the range search goes down, and in how many steps.
struct MseSettings {
    float shrink = 0.2f;
    int steps = 80;
};

/// The grid of least squared error, weighted by `weights` (null or one per value), among the full range and `steps`
/// smaller ones; symmetric formats try both signs of the scale. The first of equals, so the full range unless another
/// is better.
IntegerGrid searchGrid(const IntegerFormat& format, std::span<const float> values, const float* weights,
                       const MseSettings& settings);

/// The magnitude below which `percent` of the magnitudes lie (linear interpolation between order statistics).
float percentileLimit(std::span<const float> values, double percent, std::vector<float>& scratch);
/// The grid of the range that ends there.
IntegerGrid percentileGrid(const IntegerFormat& format, std::span<const float> values, double percent,
                           std::vector<float>& scratch);

/// Writes codes (one byte each) and grids (one per group) as a packed row.
void packIntegerRow(const PackedLayout& layout, std::span<const uint8_t> codes, std::span<const IntegerGrid> grids,
                    uint8_t* row);
/// The same with the nearest codes for `values`.
void packNearestRow(const PackedLayout& layout, const float* values, std::span<const IntegerGrid> grids, uint8_t* row);

/// Ready-made encoders. `weights`: one per column, or empty.
std::shared_ptr<const RowEncoder> createMseEncoder(const MseSettings& settings, std::vector<float> weights);
std::shared_ptr<const RowEncoder> createPercentileEncoder(double percent);
/// Zero points are whole numbers in these formats, and rounding undoes much of what HQQ finds; so the search is run for
/// `scales` ranges between the full and half of it, and the grid of least squared error is taken.
std::shared_ptr<const RowEncoder> createHqqEncoder(const HqqSettings& settings);

}  // namespace halftone
