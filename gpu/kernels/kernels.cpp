// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/kernels/kernels.h"

#include <algorithm>

#include "gpu/kernels/packed_call.h"

namespace halftone::kernel {
namespace {

using vk::Access;
using vk::BufferUse;
using vk::MatrixSize;
using vk::PipelineKey;

constexpr uint32_t kMatrixSums = 4;  // independent products of a measurement

/// The part of a buffer that holds tokens [first, first + count).
Activations tokensOf(const Activations& all, int64_t first, int64_t count) {
    Activations part = all;
    part.slice =
        all.slice.part(static_cast<uint64_t>(first * all.stride) * 4, static_cast<uint64_t>(count * all.stride) * 4);
    return part;
}

}  // namespace

Status Kernels::embed(const EmbedCall& call) {
    PipelineKey key{.family = "embed",
                    .option = shaderOption(call.weights.layout->format),
                    .localSize = m_plan->elementwiseLocalSize,
                    .constants = {{2, call.addPosition ? 1u : 0u}}};
    addFormatConstants(call.weights.layout->format, key);
    PackedParameters parameters = packedParameters(call.weights);
    parameters.tokens = u32(call.tokens);
    parameters.inputStride = u32(call.input.stride);
    parameters.outputStride = u32(call.output.stride);
    parameters.firstPosition = u32(call.firstPosition);
    const auto units = static_cast<uint64_t>(call.tokens * ceilDiv(call.weights.layout->cols, 16));
    return run(key,
               {{call.weights.slice, Access::kConstant},
                {orElse(call.ids, call.weights.slice), Access::kConstant},
                {orElse(call.input.slice, call.weights.slice), call.addPosition ? Access::kRead : Access::kConstant},
                {call.output.slice, Access::kWrite}},
               parameters, elementwiseGroups(units), static_cast<double>(units) * 64);
}

Status Kernels::norm(const NormCall& call) {
    const uint32_t local = m_plan->reduceLocalSize;
    const PipelineKey key{.family = "norm",
                          .option = {},
                          .localSize = local,
                          .constants = {{1, severalSubgroups(local)}, {2, call.layerNorm ? 1u : 0u}}};
    const int64_t width = call.input.width / call.vectors;
    const NormParameters parameters{.tokens = u32(call.tokens),
                                    .vectors = u32(call.vectors),
                                    .width = u32(width),
                                    .inputStride = u32(call.input.stride),
                                    .outputStride = u32(call.output.stride),
                                    .hasBias = call.bias.buffer != VK_NULL_HANDLE ? 1u : 0u,
                                    .epsilon = call.epsilon};
    return run(key,
               {{call.input.slice, Access::kRead},
                {call.weight, Access::kConstant},
                {orElse(call.bias, call.weight), Access::kConstant},
                {call.output.slice, Access::kWrite}},
               parameters, static_cast<uint64_t>(call.tokens * call.vectors),
               static_cast<double>(call.tokens * call.input.width) * 16);
}

Status Kernels::rope(const RopeCall& call) {
    const PipelineKey key{.family = "rope",
                          .option = {},
                          .localSize = m_plan->elementwiseLocalSize,
                          .constants = {{2, call.style == RopeStyle::kInterleaved ? 1u : 0u}}};
    const RopeParameters parameters{.tokens = u32(call.tokens),
                                    .heads = u32(call.heads),
                                    .headDim = u32(call.headDim),
                                    .rotaryDim = u32(call.rotaryDim),
                                    .inputStride = u32(call.input.stride),
                                    .outputStride = u32(call.output.stride),
                                    .firstPosition = u32(call.firstPosition)};
    const auto items = static_cast<uint64_t>(call.tokens * call.heads * (call.headDim - call.rotaryDim / 2));
    return run(
        key, {{call.input.slice, Access::kRead}, {call.table, Access::kConstant}, {call.output.slice, Access::kWrite}},
        parameters, elementwiseGroups(items), static_cast<double>(items) * 16);
}

Status Kernels::binary(const BinaryCall& call) {
    uint32_t activation = 0;
    if (call.activation)
        activation = *call.activation == Activation::kSilu ? 1 : *call.activation == Activation::kGeluErf ? 2 : 3;
    const PipelineKey key{.family = "binary",
                          .option = {},
                          .localSize = m_plan->elementwiseLocalSize,
                          .constants = {{2, activation}, {3, static_cast<uint32_t>(call.combine)}}};
    HT_CHECK(call.first.stride == call.output.stride);
    const auto quads = static_cast<uint64_t>(call.tokens * call.first.stride / 4);
    const bool second = call.combine != BinaryCall::Combine::kFirst;
    return run(key,
               {{call.first.slice, Access::kRead},
                {second ? call.second.slice : call.first.slice, Access::kRead},
                {call.output.slice, Access::kWrite}},
               BinaryParameters{.quads = u32(static_cast<int64_t>(quads))}, elementwiseGroups(quads),
               static_cast<double>(quads) * 64);
}

Status Kernels::copy(const CopyCall& call) {
    const PipelineKey key{.family = "copy", .option = {}, .localSize = m_plan->elementwiseLocalSize, .constants = {}};
    const CopyParameters parameters{.tokens = u32(call.tokens),
                                    .width = u32(call.output.width),
                                    .inputOffset = u32(call.inputOffset),
                                    .inputStride = u32(call.input.stride),
                                    .outputStride = u32(call.output.stride)};
    const auto items = static_cast<uint64_t>(call.tokens * call.output.width);
    return run(key, {{call.input.slice, Access::kRead}, {call.output.slice, Access::kWrite}}, parameters,
               elementwiseGroups(items), static_cast<double>(items) * 8);
}

Status Kernels::addOutliers(const OutlierCall& call) {
    const bool isLookup = call.ids.buffer != VK_NULL_HANDLE;
    const PipelineKey key{.family = "outliers",
                          .option = {},
                          .localSize = m_plan->elementwiseLocalSize,
                          .constants = {{2, isLookup ? 1u : 0u}, {3, call.isWide ? 1u : 0u}}};
    const OutlierParameters parameters{.rows = u32(call.rows),
                                       .tokens = u32(call.tokens),
                                       .inputStride = u32(call.input.stride),
                                       .outputStride = u32(call.output.stride)};
    const auto items = static_cast<uint64_t>(isLookup ? call.tokens : call.rows * ceilDiv(call.tokens, 4));
    const double entries = static_cast<double>(call.words.sizeBytes) / 4;
    return run(key,
               {{call.words, Access::kConstant},
                {isLookup ? call.ids : call.input.slice, isLookup ? Access::kConstant : Access::kRead},
                {call.output.slice, Access::kReadWrite}},
               parameters, elementwiseGroups(items), (isLookup ? 16 : 8 * static_cast<double>(call.tokens)) * entries);
}

Status Kernels::addLowRank(const LowRankCall& call) {
    const PipelineKey key{
        .family = "low_rank", .option = {}, .localSize = m_plan->elementwiseLocalSize, .constants = {}};
    const int64_t rows = call.output.width, rank = call.input.width;
    const LowRankParameters parameters{.rows = u32(rows),
                                       .rank = u32(rank),
                                       .rowStep = u32(call.isTransposed ? 1 : rank),
                                       .rankStep = u32(call.isTransposed ? rows : 1),
                                       .tokens = u32(call.tokens),
                                       .inputStride = u32(call.input.stride),
                                       .outputStride = u32(call.output.stride)};
    return run(
        key,
        {{call.factor, Access::kConstant}, {call.input.slice, Access::kRead}, {call.output.slice, Access::kReadWrite}},
        parameters, elementwiseGroups(static_cast<uint64_t>(rows * ceilDiv(call.tokens, 4))),
        4.0 * static_cast<double>(rows * rank * call.tokens));
}

Status Kernels::multiplyAdds(const MultiplyAddCall& call) {
    const PipelineKey key{
        .family = "multiply_adds", .option = {}, .localSize = m_plan->elementwiseLocalSize, .constants = {}};
    // A factor near one: the chains neither overflow nor become subnormal.
    const MultiplyAddParameters parameters{.rounds = call.rounds, .factor = 0.999999f, .summand = 1e-7f};
    const double operations = static_cast<double>(call.invocations) * call.rounds * kMultiplyAddOperations;
    return run(key, {{call.output, Access::kWrite}}, parameters, call.invocations / key.localSize, operations);
}

uint64_t Kernels::matrixValues() const {
    return uint64_t{kMatrixSums} * m_plan->units.unit.rows * m_plan->units.unit.columns;
}

double Kernels::matrixOperations() const {
    return 2 * static_cast<double>(matrixValues()) * m_plan->units.unit.depth;
}

Status Kernels::multiplyMatrices(const MultiplyAddCall& call) {
    const MatrixSize& unit = m_plan->units.unit;
    const PipelineKey key{.family = "multiply_matrices",
                          .option = {},
                          .localSize = m_plan->subgroupSize,
                          .constants = {{40, unit.rows}, {41, unit.columns}, {42, unit.depth}, {43, kMatrixSums}}};
    const MultiplyAddParameters parameters{.rounds = call.rounds};
    const uint64_t subgroups = call.invocations / m_plan->subgroupSize;
    return run(key, {{call.output, Access::kWrite}}, parameters, subgroups,
               static_cast<double>(subgroups) * call.rounds * matrixOperations());
}

Status Kernels::storeCache(const CacheStoreCall& call) {
    const PipelineKey key{.family = "cache_store",
                          .option = {},
                          .localSize = m_plan->elementwiseLocalSize,
                          .constants = {{2, call.shape.cells()}}};
    const CacheStoreParameters parameters{.tokens = u32(call.tokens),
                                          .heads = u32(call.shape.heads),
                                          .headDim = u32(call.shape.headDim),
                                          .headQuads = u32(call.shape.headQuads()),
                                          .inputStride = u32(call.input.stride),
                                          .firstPosition = u32(call.firstPosition)};
    // An invocation takes a quad, or two blocks.
    const int64_t items = call.tokens * (call.shape.isPacked() ? ceilDiv(call.shape.blocks(), 2)
                                                               : call.shape.heads * call.shape.headQuads());
    return run(key, {{call.input.slice, Access::kRead}, {call.cache, Access::kWrite}}, parameters,
               elementwiseGroups(static_cast<uint64_t>(items)),
               static_cast<double>(items) * (call.shape.isPacked() ? 1024 : 16));
}

Status Kernels::attention(const AttentionCall& call) {
    const uint32_t local = m_plan->attention.localSize;
    const CacheShape& shape = call.keyShape;
    const auto quads = u32(shape.headQuads());
    const bool several = severalSubgroups(local) != 0;
    const uint32_t subgroups = several ? local / m_plan->minSubgroupSize : 1;
    uint32_t queries = call.tokens == 1 ? 1 : m_plan->attention.promptQueries;
    // The subgroups' partial sums and their maxima and normalizers meet in shared memory.
    while (queries > 1 && subgroups * queries * (quads * 16 + 8) > m_plan->maxSharedMemoryBytes) queries /= 2;
    const PipelineKey key{.family = "attention",
                          .option = {},
                          .localSize = local,
                          .constants = {{1, several ? 1u : 0u},
                                        {2, queries},
                                        {3, (quads + m_plan->minSubgroupSize - 1) / m_plan->minSubgroupSize},
                                        {4, subgroups},
                                        {5, quads},
                                        {6, shape.headDim % 4 == 0 ? 1u : 0u},
                                        {7, shape.cells()},
                                        {8, call.valueShape.cells()}}};
    const double flopsPerToken =
        4.0 * static_cast<double>(call.heads * shape.headDim) * static_cast<double>(call.firstPosition + call.tokens);
    // Token ranges that start at multiples of 64 keep their bindings aligned.
    const int64_t atOnce =
        std::max<int64_t>(static_cast<int64_t>(m_stream->flopsPerSubmission() / flopsPerToken) / 64 * 64, 64);
    for (int64_t first = 0; first < call.tokens; first += atOnce) {
        const int64_t count = std::min(atOnce, call.tokens - first);
        const AttentionParameters parameters{.tokens = u32(count),
                                             .heads = u32(call.heads),
                                             .headsPerCache = u32(call.heads / shape.heads),
                                             .cacheHeads = u32(shape.heads),
                                             .headDim = u32(shape.headDim),
                                             .inputStride = u32(call.query.stride),
                                             .outputStride = u32(call.output.stride),
                                             .firstPosition = u32(call.firstPosition + first),
                                             .window = u32(call.window),
                                             .scale = call.scale};
        HT_TRY(run(key,
                   {{tokensOf(call.query, first, count).slice, Access::kRead},
                    {call.keys, Access::kRead},
                    {call.values, Access::kRead},
                    {tokensOf(call.output, first, count).slice, Access::kWrite}},
                   parameters, static_cast<uint64_t>(call.heads * ceilDiv(count, queries)),
                   flopsPerToken * static_cast<double>(count)));
    }
    return {};
}

Status Kernels::summarizeRows(const RowSummaryCall& call) {
    const uint32_t local = m_plan->reduceLocalSize;
    const PipelineKey key{
        .family = "row_summary", .option = {}, .localSize = local, .constants = {{1, severalSubgroups(local)}}};
    const RowSummaryParameters parameters{.rows = u32(call.rows),
                                          .width = u32(call.logits.width),
                                          .inputStride = u32(call.logits.stride),
                                          .firstTarget = u32(call.firstTarget)};
    return run(
        key, {{call.logits.slice, Access::kRead}, {call.targets, Access::kConstant}, {call.output, Access::kReadWrite}},
        parameters, static_cast<uint64_t>(call.rows), static_cast<double>(call.rows * call.logits.width) * 48);
}

Status Kernels::divergeRows(const RowDivergenceCall& call) {
    const uint32_t local = m_plan->reduceLocalSize;
    const PipelineKey key{
        .family = "row_divergence", .option = {}, .localSize = local, .constants = {{1, severalSubgroups(local)}}};
    const RowDivergenceParameters parameters{.rows = u32(call.rows),
                                             .width = u32(call.own.width),
                                             .referenceStride = u32(call.reference.stride),
                                             .ownStride = u32(call.own.stride),
                                             .firstReference = u32(call.firstReference),
                                             .firstOwn = u32(call.firstOwn)};
    return run(key,
               {{call.reference.slice, Access::kConstant},
                {call.own.slice, Access::kRead},
                {call.referenceSummaries, Access::kConstant},
                {call.ownSummaries, Access::kReadWrite}},
               parameters, static_cast<uint64_t>(call.rows), static_cast<double>(call.rows * call.own.width) * 32);
}

Status Kernels::gather(const GatherCall& call) {
    const PipelineKey key{
        .family = "gather_logits", .option = {}, .localSize = m_plan->elementwiseLocalSize, .constants = {}};
    const GatherParameters parameters{.rows = u32(call.rows),
                                      .width = u32(call.logits.width),
                                      .inputStride = u32(call.logits.stride),
                                      .idsPerRow = u32(call.idsPerRow),
                                      .firstItem = u32(call.firstItem)};
    const auto items = static_cast<uint64_t>(call.rows * call.idsPerRow);
    return run(key,
               {{call.logits.slice, Access::kRead}, {call.ids, Access::kConstant}, {call.output, Access::kReadWrite}},
               parameters, elementwiseGroups(items), static_cast<double>(items) * 8);
}

Status Kernels::channelStats(const StatsCall& call) {
    const uint32_t local = m_plan->elementwiseLocalSize;
    const PipelineKey key{.family = "channels", .option = {}, .localSize = local, .constants = {}};
    const StatsParameters parameters{
        .tokens = u32(call.tokens), .width = u32(call.input.width), .inputStride = u32(call.input.stride)};
    return run(key, {{call.input.slice, Access::kRead}, {call.output, Access::kWrite}}, parameters,
               static_cast<uint64_t>(ceilDiv(call.input.width, local)),
               static_cast<double>(call.tokens * call.input.width) * 32);
}

Status Kernels::histogram(const StatsCall& call) {
    const PipelineKey key{
        .family = "histogram", .option = {}, .localSize = m_plan->elementwiseLocalSize, .constants = {}};
    const StatsParameters parameters{
        .tokens = u32(call.tokens), .width = u32(call.input.width), .inputStride = u32(call.input.stride)};
    const auto items = static_cast<uint64_t>(call.tokens * call.input.width);
    return run(key, {{call.input.slice, Access::kRead}, {call.output, Access::kReadWrite}}, parameters,
               elementwiseGroups(items), static_cast<double>(items) * 32);
}

}  // namespace halftone::kernel
