// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/methods/calibration.h"
#include "core/quant/methods/row_encoder.h"
#include "core/tensor/row_source.h"

namespace halftone {

/// AWQ (arXiv 2306.00978). Source of the steps: the reference page on algorithms, section 4. What the reference
/// measures by running the block, the error of its outputs, is here the error of the linear layers' outputs on the
/// second moments of their input, tr(D H D^T): the same for a single layer, and the sum over the layers that share
/// the input for q, k, v and for gate, up.
struct AwqSettings {
    int grid = 20;    ///< exponents 0, 1/grid, ..., (grid - 1)/grid
    bool duo = true;  ///< s = x^r / w^(1-r) instead of x^r
    bool clip = true;
    bool scale = true;
};

/// A layer whose input is to be scaled, and what it will be stored as.
struct AwqLayer {
    const RowSource* rows = nullptr;
    Format format;
};

/// Factors of the channels, one per input channel, by which the columns of all layers are to be multiplied and the
/// producer of the input divided. Ones where no exponent does better. Rows of large matrices are sampled evenly.
/// Needs `statistics.hessian`; every format must be one that can be encoded.
Result<std::vector<float>> searchAwqScales(std::span<const AwqLayer> layers, const InputStatistics& statistics,
                                           const AwqSettings& settings, const JobContext& context);

/// Clip search: for every group of every row the range among full, 19/20, ..., 11/20 of it that leaves the least
/// output error of that group, d H_gg d^T. Integer family, channel or group granularity. `inverseScale` (empty: ones)
/// are the factors by which the inputs were divided. Groups of more than 256 values use the diagonal of H.
std::shared_ptr<const RowEncoder> createAwqClipEncoder(const PackedLayout& layout, const Hessian& hessian,
                                                       std::span<const float> scale);

/// The default encoder with importance weights of its own: for block types behind scaled channels.
std::shared_ptr<const RowEncoder> createWeightedEncoder(std::vector<float> importance);

}  // namespace halftone
