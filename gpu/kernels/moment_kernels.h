// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/base/job_context.h"
#include "gpu/kernels/kernels.h"
#include "gpu/vk/command_stream.h"
#include "gpu/vk/pipeline_store.h"

namespace halftone::kernel {

/// Channels of a tile of second moments, and the floats of one: sums, then what they have lost to rounding
/// (shaders/include/moments.glsl).
inline constexpr int64_t kMomentTile = 64;
inline constexpr uint64_t kMomentTileBytes = 2 * kMomentTile * kMomentTile * sizeof(float);
/// Rows are summed up in multiples of this; what is missing must be zeros.
inline constexpr int64_t kMomentRowStep = 4;

/// Floats from row to row of rows that wait to be summed up.
[[nodiscard]] int64_t momentStride(int64_t channels);
/// Tiles of the upper triangle, numbered column after column: 0; 1 2; 3 4 5; ...
[[nodiscard]] int64_t momentTiles(int64_t channels);

/// What the channel_sums kernel keeps of one channel; sums are pairs.
struct ChannelSums {
    float squares = 0, squaresRest = 0;
    float magnitudes = 0, magnitudesRest = 0;
    float largest = 0;
};
static_assert(sizeof(ChannelSums) == 20);

/// Copies rows behind those that wait already; rows with NaN or infinity become zeros, the others are counted.
struct KeepRowsCall {
    Activations input;
    int64_t firstToken = 0;  ///< of the input
    int64_t tokens = 0;
    vk::BufferSlice rows;  ///< all rows that wait
    int64_t firstRow = 0;
    vk::BufferSlice count;  ///< one uint32
};

struct ChannelSumsCall {
    vk::BufferSlice rows;
    int64_t channels = 0;
    int64_t tokens = 0;
    vk::BufferSlice sums;  ///< one ChannelSums a channel
};

struct MomentsCall {
    vk::BufferSlice rows;
    int64_t channels = 0;
    int64_t tokens = 0;     ///< a multiple of kMomentRowStep
    vk::BufferSlice tiles;  ///< tiles [firstTile, firstTile + tileCount)
    int64_t firstTile = 0;
    int64_t tileCount = 0;
};

/// The kernels that sum up the inputs of linear layers. Not thread-safe.
class MomentKernels : private KernelRunner {
  public:
    MomentKernels(const vk::DevicePlan& plan, vk::PipelineStore& pipelines, vk::CommandStream& stream)
        : KernelRunner(plan, pipelines, stream) {}

    Status keepRows(const KeepRowsCall& call);
    Status sumChannels(const ChannelSumsCall& call);
    /// Adds X^T X; cut into submissions of the plan's length. kCancelled between them.
    Status addMoments(const MomentsCall& call, const JobContext& context);

  private:
    struct MomentsPlan {
        vk::PipelineKey key;
        uint64_t groupsPerTile = 1;
        double costOfOperation = 1;  ///< beside those of other kernels: for the length of submissions
    };
    [[nodiscard]] bool isDirect() const;
    [[nodiscard]] MomentsPlan planMoments() const;
};

}  // namespace halftone::kernel
