// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "core/base/job_context.h"
#include "core/checkpoint/checkpoint.h"
#include "core/quant/methods/calibration.h"
#include "core/quant/methods/quantize.h"

namespace halftone {

/// What one format would cost a tensor and do to it.
struct Candidate {
    Format format;
    int64_t bytes = 0;         ///< of the whole tensor
    double bitsPerWeight = 0;  ///< of this tensor, scales included
    Distortion distortion;     ///< on the rows that were tried
    int64_t triedRows = 0;     ///< of `rows`, evenly spread
    int64_t rows = 0;
};

struct CandidateRequest {
    std::shared_ptr<const Checkpoint> checkpoint;
    int tensor = -1;
    std::shared_ptr<const Calibration> calibration;  ///< null: none
    std::span<const Format> formats = offeredFormats();
};

/// Rounds the tensor to nearest in every one of the formats that its row length allows and hands each result to `sink`
/// as it comes. Of a large tensor evenly spread rows are tried, so that the answer takes a second and not a minute.
/// Worker threads.
Status tryFormats(const CandidateRequest& request, const std::function<void(const Candidate&)>& sink,
                  const JobContext& context);

}  // namespace halftone
