// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/job_context.h"
#include "core/checkpoint/checkpoint.h"

namespace halftone::app {

struct DraggedRange {
    double low = 0, high = 0;  ///< both inside
    bool operator==(const DraggedRange&) const = default;
};

struct ChannelsOfRangeRequest {
    std::shared_ptr<const Checkpoint> checkpoint;
    int tensor = -1;
    DraggedRange range;
    int64_t streamWidth = 0;  ///< 0: not known
};

/// Which channels of a tensor the values of a range stand in.
struct ChannelsOfRange {
    bool areOutputs = false;  ///< rows, of a tensor that adds to the residual stream; else columns
    bool areOfStream = false;
    int64_t channels = 0;                          ///< that the tensor has
    int64_t values = 0;                            ///< in the range
    std::vector<std::pair<int, int64_t>> byCount;  ///< channel and values, the most first; none without values
};

/// Counts a tensor's values in a range by channel: rows of a tensor that adds to the residual stream (streamPlaceOf),
/// of experts each at its place; else columns. Memory: one tile of rows. Worker threads; notices a cancel between
/// tiles.
[[nodiscard]] Result<ChannelsOfRange> channelsOfRange(const ChannelsOfRangeRequest& request, const JobContext& context);

}  // namespace halftone::app
