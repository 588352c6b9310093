// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/kernels/moment_kernels.h"

#include <algorithm>

#include "core/base/checked.h"

namespace halftone::kernel {
namespace {

using vk::Access;
using vk::PipelineKey;

constexpr uint32_t kTiledLocalSize = 128;
/// Larger parts are a little faster and take the driver four times as long to compile.
constexpr uint32_t kPartRowQuads = 1;
constexpr uint32_t kTileQuads = kMomentTile / 4;
/// Operations for a value, roughly: for the length of submissions.
constexpr double kFlopsOfCopy = 8, kFlopsOfSum = 32;

}  // namespace

int64_t momentStride(int64_t channels) {
    return roundUp(channels, kMomentTile);
}

int64_t momentTiles(int64_t channels) {
    const int64_t edge = ceilDiv(channels, kMomentTile);
    return edge * (edge + 1) / 2;
}

Status MomentKernels::keepRows(const KeepRowsCall& call) {
    const uint32_t local = m_plan->reduceLocalSize;
    const PipelineKey key{
        .family = "keep_rows", .option = {}, .localSize = local, .constants = {{1, severalSubgroups(local)}}};
    const KeepRowsParameters parameters{.tokens = u32(call.tokens),
                                        .width = u32(call.input.width),
                                        .inputStride = u32(call.input.stride),
                                        .outputStride = u32(momentStride(call.input.width)),
                                        .firstToken = u32(call.firstToken),
                                        .firstRow = u32(call.firstRow)};
    return run(key, {{call.input.slice, Access::kRead}, {call.rows, Access::kWrite}, {call.count, Access::kReadWrite}},
               parameters, static_cast<uint64_t>(call.tokens),
               static_cast<double>(call.tokens * call.input.width) * kFlopsOfCopy);
}

Status MomentKernels::sumChannels(const ChannelSumsCall& call) {
    const uint32_t local = m_plan->elementwiseLocalSize;
    // No reductions in it; the constant is that of the include.
    const PipelineKey key{.family = "channel_sums", .option = {}, .localSize = local, .constants = {{1, 1}}};
    const StatsParameters parameters{
        .tokens = u32(call.tokens), .width = u32(call.channels), .inputStride = u32(momentStride(call.channels))};
    return run(key, {{call.rows, Access::kRead}, {call.sums, Access::kReadWrite}}, parameters,
               static_cast<uint64_t>(ceilDiv(call.channels, int64_t{local})),
               static_cast<double>(call.tokens * call.channels) * kFlopsOfSum);
}

/// Where a workgroup is one subgroup of a size that divides a tile, on a device that is the processor.
bool MomentKernels::isDirect() const {
    return m_plan->isSoftware && m_plan->oneSubgroupGroups && kTileQuads % m_plan->subgroupSize == 0;
}

MomentKernels::MomentsPlan MomentKernels::planMoments() const {
    MomentsPlan plan;
    if (!m_plan->matmul.tiled && isDirect()) {
        const uint32_t lanes = m_plan->subgroupSize, quads = kTileQuads / lanes;
        plan.key = {.family = "moments_direct",
                    .option = {},
                    .localSize = lanes,
                    .constants = {{2, kPartRowQuads}, {3, quads}}};
        plan.groupsPerTile = quads / kPartRowQuads;
        // Products of matrices with weights take twice as long there: a rate that was learned here would make their
        // submissions too long.
        plan.costOfOperation = 0.5;
        return plan;
    }
    plan.key = {.family = "moments_tiled",
                .option = {},
                .localSize = kTiledLocalSize,
                .constants = {{2, m_plan->matmul.depth}}};
    return plan;
}

Status MomentKernels::addMoments(const MomentsCall& call, const JobContext& context) {
    const MomentsPlan plan = planMoments();
    const double flopsOfTile =
        plan.costOfOperation * 2.0 * double(kMomentTile) * double(kMomentTile) * static_cast<double>(call.tokens);
    const auto fitting = static_cast<int64_t>(m_stream->flopsPerSubmission() / flopsOfTile);
    const int64_t atOnce = std::max<int64_t>(fitting, 1);
    for (int64_t first = 0; first < call.tileCount; first += atOnce) {
        HT_TRY(context.checkpoint());
        const int64_t count = std::min(atOnce, call.tileCount - first);
        const MomentsParameters parameters{.tokens = u32(call.tokens),
                                           .rowQuads = u32(momentStride(call.channels) / 4),
                                           .firstTile = u32(call.firstTile + first),
                                           .tiles = u32(count)};
        const auto part = call.tiles.part(static_cast<uint64_t>(first) * kMomentTileBytes,
                                          static_cast<uint64_t>(count) * kMomentTileBytes);
        HT_TRY(run(plan.key, {{call.rows, Access::kRead}, {part, Access::kReadWrite}}, parameters,
                   static_cast<uint64_t>(count) * plan.groupsPerTile, flopsOfTile * static_cast<double>(count)));
    }
    return {};
}

}  // namespace halftone::kernel
