// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/kernels/encode_kernels.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/base/checked.h"
#include "core/quant/formats/level_tables.h"
#include "core/quant/formats/nested_scale.h"
#include "gpu/kernels/kernel_parameters.h"
#include "gpu/kernels/kernel_runner.h"

namespace halftone::kernel {
namespace {

using vk::Access;
using vk::PipelineKey;

/// Places in the scratch memory (shaders/include/encode.glsl).
constexpr size_t kLevels = 256, kParts = 512, kNestedThresholds = kParts + kMostRanges,
                 kNestedMap = kNestedThresholds + 256, kGrids = kNestedMap + 256;
constexpr uint64_t kGridWords = 4;
/// Operations for a value, roughly: for the length of submissions.
constexpr double kFlopsOfCode = 60, kFlopsOfCandidate = 24, kFlopsOfRange = 16, kFlopsOfSearch = 1500,
                 kFlopsOfSettling = 200;
constexpr uint64_t kFewestWorkgroups = 64;

/// The shader of a block type and its constants.
struct BlockShader {
    std::string_view family;  ///< empty: there is none
    int64_t blocks = 2;       ///< that fill whole words
    std::vector<std::pair<uint32_t, uint32_t>> constants;
    int64_t invocations = 0;  ///< that share a block; 0: one makes `blocks` blocks

    [[nodiscard]] int64_t blocksOfWorkgroup(uint32_t localSize) const {
        return invocations > 0 ? localSize / invocations : localSize * blocks;
    }
    [[nodiscard]] double flopsOfValue() const { return invocations > 0 ? kFlopsOfSearch : kFlopsOfCode; }
};

/// Types whose encoders search, in the order of their numbers in the shader.
struct SearchedType {
    DType type;
    int64_t subBlocks;
    bool onlyWeighted = false;  ///< searches where an importance of the columns asks for it
};
constexpr std::array<SearchedType, 11> kSearchedTypes{{{DType::kQ2_K, 16},
                                                       {DType::kQ3_K, 16},
                                                       {DType::kQ4_K, 8},
                                                       {DType::kQ5_K, 8},
                                                       {DType::kQ6_K, 16},
                                                       {DType::kIQ4_NL, 1},
                                                       {DType::kIQ4_XS, 8},
                                                       {DType::kQ4_0, 1, true},
                                                       {DType::kQ4_1, 1, true},
                                                       {DType::kQ5_0, 1, true},
                                                       {DType::kQ5_1, 1, true}}};

BlockShader searchShader(const EncodeTask& task) {
    const bool isWeighted = !task.importance.empty();
    const auto found = std::ranges::find(kSearchedTypes, task.layout.format.storage(), &SearchedType::type);
    if (found == kSearchedTypes.end() || (found->onlyWeighted && !isWeighted)) return {};
    const auto number = static_cast<uint32_t>(found - kSearchedTypes.begin());
    return {"encode_search", 2, {{8, number}, {9, isWeighted ? 1 : 0}}, found->subBlocks};
}

BlockShader nearestShader(DType type) {
    // Bits of a code; whether there is a minimum.
    const auto legacy = [](uint32_t bits, uint32_t hasMinimum) {
        return BlockShader{"encode_blocks", 2, {{8, bits}, {9, hasMinimum}}};
    };
    switch (type) {
        case DType::kQ8_0:
            return legacy(8, 0);
        case DType::kQ4_0:
            return legacy(4, 0);
        case DType::kQ4_1:
            return legacy(4, 1);
        case DType::kQ5_0:
            return legacy(5, 0);
        case DType::kQ5_1:
            return legacy(5, 1);
        case DType::kMXFP4:
            return {"encode_fp4", 4, {{8, 0}}};
        case DType::kNVFP4:
            return {"encode_fp4", 2, {{8, 1}}};
        case DType::kTQ1_0:
            return {"encode_ternary", 2, {{8, 0}}};
        case DType::kTQ2_0:
            return {"encode_ternary", 2, {{8, 1}}};
        case DType::kQ1_0:
            return {"encode_ternary", 2, {{8, 2}}};
        case DType::kQ2_0:
            return {"encode_ternary", 2, {{8, 3}}};
        default:
            return {};
    }
}

BlockShader blockShader(const EncodeTask& task) {
    BlockShader shader = searchShader(task);
    if (shader.family.empty() && task.importance.empty()) shader = nearestShader(task.layout.format.storage());
    return shader;
}

uint32_t zeroKind(const Format& format) {
    if (format.isLevel()) return 3;
    if (format.integer().symmetric) return 0;
    return format.integer().floatZero ? 2 : 1;
}

/// Candidates that a search measures for a group.
int64_t candidateCount(const EncodeTask& task) {
    if (!task.search) return 0;
    const int64_t ranges = task.search->steps + 1;
    const Format& format = task.layout.format;
    if (format.isLevel()) return ranges + (format.scaleType() == ScaleType::kE8M0 ? 2 : 1);
    return format.integer().symmetric || format.integer().floatZero ? 2 * ranges : ranges;
}

/// Blocks, or places of grids: of every row, though several share a scale.
int64_t blockCount(const EncodeTask& task, int64_t rows) {
    return rows * ceilDiv(task.layout.cols, task.layout.groupSize);
}
bool isNested(const Format& format) {
    return !format.isStorage() && format.scaleType() == ScaleType::kNested;
}
bool usesMean(const Format& format) {
    return format.isLevel() && levelTable(format.level().table).rule == ScaleRule::kMeanMagnitude;
}
uint32_t levelCount(const Format& format) {
    return format.isLevel() ? static_cast<uint32_t>(levelTable(format.level().table).levels.size()) : 0;
}

void addGroupConstants(const Format& format, PipelineKey& key) {
    key.constants.emplace_back(8, static_cast<uint32_t>(format.codeBits()));
    key.constants.emplace_back(9, zeroKind(format));
    key.constants.emplace_back(11, static_cast<uint32_t>(format.scaleType()));
}

}  // namespace

bool EncodeKernels::has(const EncodeTask& task) {
    const Format& format = task.layout.format;
    if (task.search && (task.search->steps < 1 || task.search->steps >= kMostRanges)) return false;
    if (format.isStorage()) return !blockShader(task).family.empty() && !task.search;
    return !format.isCodebook();
}

/// Super-blocks that a workgroup shares must fill whole words: 32 invocations are two of them.
uint32_t EncodeKernels::blockLocalSize(const EncodeTask& task) const {
    constexpr uint32_t kFewestShared = 32;
    const uint32_t local = m_plan->encode.elementLocalSize;
    return blockShader(task).invocations > 0 ? std::max(local, kFewestShared) : local;
}

uint64_t EncodeKernels::figureWorkgroups(const EncodeTask& task, int64_t rows) const {
    const Format& format = task.layout.format;
    if (format.isStorage()) {
        const BlockShader shader = blockShader(task);
        return static_cast<uint64_t>(ceilDiv(blockCount(task, rows), shader.blocksOfWorkgroup(blockLocalSize(task))));
    }
    const int64_t items = rows * ceilDiv(task.layout.cols, int64_t{32});
    return static_cast<uint64_t>(ceilDiv(items, int64_t{m_plan->encode.elementLocalSize}));
}

uint64_t EncodeKernels::noteBytes(const EncodeTask& task, int64_t rows) const {
    return (kFiguresBegin + figureWorkgroups(task, rows) * kFigureWords) * sizeof(uint32_t);
}

uint64_t EncodeKernels::scratchBytes(const EncodeTask& task, int64_t rows) {
    return importancePlace(task, rows) + task.importance.size() * sizeof(uint32_t);
}

uint64_t EncodeKernels::packedBytes(const EncodeTask& task, int64_t rows) {
    const int64_t exact = rows * task.layout.rowBytes;
    if (!task.layout.format.isStorage()) return static_cast<uint64_t>(exact);
    const int64_t blockBytes = task.layout.rowBytes / task.groupsPerRow();
    return static_cast<uint64_t>(roundUp(exact, blockShader(task).blocks * blockBytes));
}

std::vector<uint32_t> EncodeKernels::tables(const EncodeTask& task) {
    std::vector<uint32_t> words(kGrids);
    const auto toBits = [](float value) { return std::bit_cast<uint32_t>(value); };
    if (task.layout.format.isLevel()) {
        const LevelTableInfo& table = levelTable(task.layout.format.level().table);
        std::ranges::transform(table.thresholds, words.begin(), toBits);
        std::ranges::transform(table.byCode, words.begin() + kLevels, toBits);
    }
    if (isNested(task.layout.format)) {
        std::ranges::transform(dynamicThresholds(), words.begin() + kNestedThresholds, toBits);
        std::ranges::transform(dynamicMap(), words.begin() + kNestedMap, toBits);
    }
    for (int step = 0; task.search && step <= task.search->steps; ++step)
        words[kParts + static_cast<size_t>(step)] = toBits(task.search->part(step));
    return words;
}

uint64_t EncodeKernels::importancePlace(const EncodeTask& task, int64_t rows) {
    const uint64_t grids = task.layout.format.isStorage() ? 0 : static_cast<uint64_t>(blockCount(task, rows));
    return (kGrids + grids * kGridWords) * sizeof(uint32_t);
}

PipelineKey EncodeKernels::key(std::string_view family, uint32_t localSize, const EncodeBuffers& buffers) const {
    const bool isOneSubgroup = m_plan->oneSubgroupGroups && localSize == m_plan->subgroupSize;
    const uint32_t source = buffers.sourceType == DType::kF32 ? 0 : buffers.sourceType == DType::kBF16 ? 1 : 2;
    return {.family = family,
            .option = {},
            .localSize = localSize,
            .constants = {{1, isOneSubgroup ? 0u : 1u}, {2, source}}};
}

/// In dispatches that are shorter than a submission, so that a cancel is noticed between them.
template <typename Parameters>
Status EncodeKernels::run(const Work& work, const EncodeBuffers& buffers, Parameters parameters,
                          const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const VkPipeline pipeline, m_pipelines->get(work.key));
    bool isFirst = true;
    for (uint64_t begin = 0; begin < work.workgroups;) {
        HT_TRY(context.checkpoint());
        const auto most = static_cast<uint64_t>(m_stream->flopsPerSubmission() / std::max(work.flops, 1.0));
        const uint64_t end = std::min(work.workgroups, begin + std::max(most, kFewestWorkgroups));
        parameters.workgroups.first = static_cast<uint32_t>(begin);
        parameters.workgroups.end = static_cast<uint32_t>(end);
        const Access write = isFirst ? Access::kReadWrite : Access::kContinueWrite;
        const std::array<vk::BufferUse, 4> uses{{{buffers.source, Access::kConstant},
                                                 {buffers.packed, write},
                                                 {buffers.notes, write},
                                                 {buffers.scratch, write}}};
        HT_TRY(m_stream->dispatch({.pipeline = pipeline,
                                   .buffers = uses,
                                   .pushConstants = std::as_bytes(std::span(&parameters, 1)),
                                   .groups = end - begin,
                                   .flops = work.flops * static_cast<double>(end - begin)}));
        isFirst = false;
        begin = end;
    }
    return {};
}

Status EncodeKernels::encode(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers,
                             const JobContext& context) {
    if (task.layout.format.isStorage()) return blocks(task, rows, buffers, context);
    HT_TRY(grids(task, rows, buffers, context));
    if (isNested(task.layout.format)) HT_TRY(settle(task, rows, buffers, context));
    HT_TRY(codes(task, rows, buffers, context));
    return scales(task, rows, buffers, context);
}

uint64_t EncodeKernels::rangeNoteBytes(int64_t values) {
    return (kFiguresBegin + static_cast<uint64_t>(ceilDiv(values, kRangeValues)) * kFigureWords) * sizeof(uint32_t);
}

Status EncodeKernels::range(int64_t values, const EncodeBuffers& buffers, const JobContext& context) {
    const Work work{key("encode_range", m_plan->encode.groupLocalSize, buffers),
                    static_cast<uint64_t>(ceilDiv(values, kRangeValues)), 4.0 * kRangeValues};
    return run(work, buffers,
               EncodeRangeParameters{.workgroups = {}, .values = u32(values), .valuesOfWorkgroup = u32(kRangeValues)},
               context);
}

std::optional<ValueRange> EncodeKernels::rangeOf(std::span<const std::byte> notes) {
    const auto keyAt = [&](uint64_t word) {
        int32_t value = 0;
        std::memcpy(&value, notes.data() + word * sizeof(int32_t), sizeof(int32_t));
        return value;
    };
    int32_t least = INT32_MAX, most = INT32_MIN;
    for (uint64_t at = kFiguresBegin; at < notes.size() / sizeof(int32_t); at += kFigureWords) {
        least = std::min(least, keyAt(at));
        most = std::max(most, keyAt(at + 1));
    }
    // The inverse of what the shader makes of a value's bits.
    const auto valueOf = [](int32_t key) { return std::bit_cast<float>(key < 0 ? key ^ INT32_MAX : key); };
    const ValueRange range{valueOf(least), valueOf(most)};
    if (!std::isfinite(range.minimum) || !std::isfinite(range.maximum)) return std::nullopt;
    return range;
}

Status EncodeKernels::blocks(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers,
                             const JobContext& context) {
    const uint32_t local = blockLocalSize(task);
    const BlockShader shader = blockShader(task);
    const auto values = static_cast<double>(shader.blocksOfWorkgroup(local) * task.layout.groupSize);
    Work work{key(shader.family, local, buffers), figureWorkgroups(task, rows), shader.flopsOfValue() * values};
    work.key.constants.insert(work.key.constants.end(), shader.constants.begin(), shader.constants.end());
    return run(
        work, buffers,
        EncodeBlocksParameters{.workgroups = {}, .blocks = u32(blockCount(task, rows)), .cols = u32(task.layout.cols)},
        context);
}

Status EncodeKernels::grids(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers,
                            const JobContext& context) {
    const PackedLayout& layout = task.layout;
    const Format& format = layout.format;
    const double flops = kFlopsOfRange + kFlopsOfCandidate * static_cast<double>(candidateCount(task));
    Work work{key("encode_grids", m_plan->encode.groupLocalSize, buffers),
              static_cast<uint64_t>(layout.groupsPerRow * ceilDiv(rows, task.bandRows())),
              flops * static_cast<double>(layout.groupSize * task.bandRows())};
    addGroupConstants(format, work.key);
    work.key.constants.emplace_back(12, usesMean(format) ? 1 : 0);
    work.key.constants.emplace_back(13, task.search && !task.importance.empty() ? 1 : 0);
    EncodeGridsParameters parameters{.workgroups = {},
                                     .cols = u32(layout.cols),
                                     .groupsPerRow = u32(layout.groupsPerRow),
                                     .groupSize = u32(layout.groupSize),
                                     .ranges = task.search ? static_cast<uint32_t>(task.search->steps + 1) : 0,
                                     .levels = levelCount(format),
                                     .rows = u32(rows),
                                     .bandRows = u32(task.bandRows())};
    if (task.range) {
        parameters.isWholeRange = 1;
        parameters.wholeLeast = task.range->minimum;
        parameters.wholeMost = task.range->maximum;
    }
    if (format.isLevel()) {
        const LevelTableInfo& table = levelTable(format.level().table);
        parameters.largestLevel = table.largest();
        parameters.isFloatTable = table.fields.mantissaBits > 0 ? 1 : 0;
        parameters.zeroCode = table.zeroCode;
        parameters.levelExponent = static_cast<int32_t>((std::bit_cast<uint32_t>(table.largest()) >> 23) & 0xFFu) - 127;
    }
    return run(work, buffers, parameters, context);
}

/// A workgroup a row.
Status EncodeKernels::settle(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers,
                             const JobContext& context) {
    const PackedLayout& layout = task.layout;
    Work work{key("encode_settle", m_plan->encode.groupLocalSize, buffers), static_cast<uint64_t>(rows),
              kFlopsOfSettling * static_cast<double>(layout.groupsPerRow)};
    addGroupConstants(layout.format, work.key);
    return run(work, buffers,
               EncodeSettleParameters{.workgroups = {},
                                      .groupsPerRow = u32(layout.groupsPerRow),
                                      .rowWords = u32(layout.rowBytes / 4),
                                      .scaleWord = u32(layout.scaleOffset / 4),
                                      .zeroWord = u32(layout.zeroOffset / 4)},
               context);
}

Status EncodeKernels::codes(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers,
                            const JobContext& context) {
    const PackedLayout& layout = task.layout;
    const uint32_t local = m_plan->encode.elementLocalSize;
    Work work{key("encode_codes", local, buffers), figureWorkgroups(task, rows), kFlopsOfCode * 32 * local};
    addGroupConstants(layout.format, work.key);
    return run(work, buffers,
               EncodeCodesParameters{.workgroups = {},
                                     .rows = u32(rows),
                                     .cols = u32(layout.cols),
                                     .groupsPerRow = u32(layout.groupsPerRow),
                                     .groupSize = u32(layout.groupSize),
                                     .rowWords = u32(layout.rowBytes / 4),
                                     .codeWords = u32(layout.scaleOffset / 4),
                                     .levels = levelCount(layout.format)},
               context);
}

Status EncodeKernels::scales(const EncodeTask& task, int64_t rows, const EncodeBuffers& buffers,
                             const JobContext& context) {
    const PackedLayout& layout = task.layout;
    const uint32_t local = m_plan->encode.elementLocalSize;
    const int64_t words = rows * (layout.rowBytes - layout.scaleOffset) / 4;
    Work work{key("encode_scales", local, buffers), static_cast<uint64_t>(ceilDiv(words, int64_t{local})),
              16.0 * local};
    addGroupConstants(layout.format, work.key);
    const int64_t zeroOffset = layout.zeroOffset > 0 ? layout.zeroOffset : layout.rowBytes;
    return run(work, buffers,
               EncodeScalesParameters{.workgroups = {},
                                      .rows = u32(rows),
                                      .groupsPerRow = u32(layout.groupsPerRow),
                                      .rowWords = u32(layout.rowBytes / 4),
                                      .scaleWord = u32(layout.scaleOffset / 4),
                                      .zeroWord = u32(zeroOffset / 4)},
               context);
}

}  // namespace halftone::kernel
