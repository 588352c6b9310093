// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

#include <memory>

#include "core/base/job_context.h"
#include "core/checkpoint/checkpoint.h"
#include "core/stats/float_histogram.h"

namespace halftone::app {

struct ChannelValuesRequest {
    std::shared_ptr<const Checkpoint> checkpoint;
    int tensor = -1;      ///< one that meets the residual stream (streamPlaceOf)
    QList<int> channels;  ///< of the residual stream, ascending
    int64_t streamWidth = 0;
};

/// The weights of these channels: columns of a tensor that reads the residual stream, rows of one that adds to it.
/// Memory: one tile of rows. Worker threads; notices a cancel between tiles.
Result<std::shared_ptr<const FloatHistogram>> valuesOfChannels(const ChannelValuesRequest& request,
                                                               const JobContext& context);

}  // namespace halftone::app
