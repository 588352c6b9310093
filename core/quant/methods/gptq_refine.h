// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/quant/methods/gptq_row.h"

namespace halftone {

/// Rows that were rounded, columns in the order of the matrix.
struct RoundedTile {
    const GptqUnits& units;
    int64_t rows = 0;
    std::span<const float> values;   ///< before rounding
    std::span<float> levels;         ///< what the codes stand for; kept up to date
    std::span<const uint8_t> fixed;  ///< 1: stays as it is (left out by a pattern); empty: none
};

/// Coordinate descent on the output error D H D^T (D: the change of a row, H: damped): goes over the columns `passes`
/// times and moves each code to the level of its grid that is best as all others stand (QuantEase, arXiv 2309.01885).
/// Before each pass scales that are free (GptqRow::freeScale) take the value of least error for the codes as they are.
/// The error never grows; a pass that moves nothing is the last. `states`: one per row.
Status refineCodes(const RoundedTile& tile, const GptqFactor& factor, int passes, std::vector<GptqRow>& states,
                   const JobContext& context);

}  // namespace halftone
