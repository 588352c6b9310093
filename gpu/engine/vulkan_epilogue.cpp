// SPDX-License-Identifier: GPL-3.0-or-later
// The last part of VulkanExecutable::forward(): logits and log-probabilities of the positions that were asked for.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/inference/forward_request.h"
#include "gpu/engine/vulkan_executable.h"

namespace halftone {
namespace {

constexpr uint32_t kNoTarget = 0xFFFFFFFFu;

}  // namespace

Result<std::unique_ptr<LogitRows>> VulkanExecutable::createLogitRows(int64_t rows) {
    if (!sumsUpRows()) return Executable::createLogitRows(rows);
    // Blocks stay where they are: without this room the caller takes the logits.
    HT_ASSIGN_OR_RETURN(auto kept, VulkanLogitRows::create(m_context, rows, m_buffers.width(m_graph->logits)));
    return std::unique_ptr<LogitRows>(std::move(kept));
}

bool VulkanExecutable::canCompareWith(const LogitRows& rows) const {
    const auto* own = dynamic_cast<const VulkanLogitRows*>(&rows);
    return own && sumsUpRows() && own->context() == m_context.get() && own->width() == m_buffers.width(m_graph->logits);
}

Status VulkanExecutable::checkRows(const ForwardOptions& options) const {
    if (!options.reduction) return {};
    for (const LogitRows* rows :
         {static_cast<const LogitRows*>(options.reduction->keep), options.reduction->compareWith}) {
        if (rows && !canCompareWith(*rows))
            return makeError(ErrorCode::kInvalidArgument,
                             "The rows of logits to compare with belong to another device or vocabulary.");
    }
    return {};
}

/// Neighbouring positions that want the same go together; positions that want nothing are left out.
std::vector<VulkanExecutable::EpilogueRange> VulkanExecutable::epilogueRanges(const ForwardOptions& options) {
    std::vector<EpilogueRange> ranges;
    const auto targetCount = static_cast<int64_t>(options.targets.size());
    int64_t rows = 0;
    for (int64_t position = 0; position < std::max(options.logitsEnd, targetCount); ++position) {
        const bool handOut = position >= options.logitsBegin && position < options.logitsEnd;
        const bool scored = position < targetCount && options.targets[static_cast<size_t>(position)] >= 0;
        if (!handOut && !scored) continue;
        if (!ranges.empty() && ranges.back().end == position && ranges.back().handOut == handOut) {
            ++ranges.back().end;
        } else {
            ranges.push_back({position, position + 1, handOut, rows});
        }
        if (scored) ++rows;
    }
    return ranges;
}

/// The targets of all sequences, one behind the other, and the ids whose logits come back.
Status VulkanExecutable::loadTargets(std::span<const ForwardRun> runs) {
    uint64_t targets = 0, picked = 0;
    for (const ForwardRun& run : runs) {
        targets += run.options.targets.size();
        if (run.options.reduction) picked += run.options.reduction->ids.size();
    }
    if (targets == 0) return {};
    HT_TRY(growInput(m_targets, targets * 4, "target tokens"));
    if (picked > 0) HT_TRY(growInput(m_pickedIds, picked * 4, "tokens whose logits are wanted"));
    for (const ForwardRun& run : runs) {
        auto* words = reinterpret_cast<uint32_t*>(m_targets.mapped()) + run.firstTarget;
        std::ranges::transform(run.options.targets, words,
                               [](TokenId id) { return id < 0 ? kNoTarget : static_cast<uint32_t>(id); });
        if (!run.options.reduction) continue;
        std::ranges::copy(run.options.reduction->ids,
                          reinterpret_cast<uint32_t*>(m_pickedIds.mapped()) + run.firstPicked);
    }
    HT_TRY(growOutput(m_summaries, targets * sizeof(kernel::RowSummary), "summaries of logits"));
    return picked > 0 ? growOutput(m_picked, picked * 4, "chosen logits") : Status();
}

Status VulkanExecutable::growOutput(vk::Buffer& buffer, uint64_t bytes, std::string_view name) {
    if (buffer.sizeBytes() >= bytes) return {};
    buffer = {};
    HT_ASSIGN_OR_RETURN(buffer, m_context->allocator->createBuffer(bytes, vk::MemoryUse::kDevice, name));
    // Positions without a target stay as they are and are read back with the others.
    return m_stream->fill(vk::BufferSlice(buffer), 0);
}

Status VulkanExecutable::runEpilogue(const ForwardRun& run) {
    for (const EpilogueRange& range : epilogueRanges(run.options)) {
        for (int64_t first = range.begin; first < range.end; first += m_buffers.logitRows()) {
            const int64_t end = std::min(first + m_buffers.logitRows(), range.end);
            HT_TRY(runEpilogueTile(run, {first, end, range.handOut, range.firstRow + first - range.begin}));
        }
    }
    if (run.options.targets.empty()) return {};
    if (run.options.reduction && !run.options.reduction->ids.empty()) HT_TRY(handOutPicked(run));
    return handOutFigures(run);
}

Status VulkanExecutable::runEpilogueTile(const ForwardRun& run, const EpilogueRange& tile) {
    // Bindings begin at multiples of 64 tokens; the rest of the offset goes to the kernel.
    const int64_t aligned = tile.begin / ActivationBuffers::kChunkStep * ActivationBuffers::kChunkStep;
    const int64_t count = tile.end - tile.begin;
    const kernel::Activations hidden = m_buffers.hidden(run.firstRow + aligned, tile.end - aligned);
    const TokenChunk chunk{tile.begin, count, m_buffers.gathered(count)};
    HT_TRY(m_kernels->copy({.input = hidden,
                            .inputOffset = (tile.begin - aligned) * hidden.stride,
                            .output = chunk.hidden,
                            .tokens = count}));
    HT_TRY(m_recorder->record(run, chunk, epilogueBegin(*m_graph), static_cast<int32_t>(m_graph->ops.size())));
    const kernel::Activations logits = m_buffers.value(m_graph->logits, chunk);
    const auto targetCount = static_cast<int64_t>(run.options.targets.size());
    HT_TRY(m_timer->begin("reduction of logits", count));
    if (tile.begin < targetCount) {
        HT_TRY(m_kernels->summarizeRows({.logits = logits,
                                         .targets = vk::BufferSlice(m_targets),
                                         .output = vk::BufferSlice(m_summaries),
                                         .rows = std::min(count, targetCount - tile.begin),
                                         .firstTarget = run.firstTarget + tile.begin}));
    }
    if (run.options.reduction) HT_TRY(reduceTile(run, tile, logits));
    m_timer->end();
    return tile.handOut ? handOutLogits(run, tile.begin, count, logits) : Status();
}

/// What needs whole rows of logits while they are there. Every position of the tile has a target.
Status VulkanExecutable::reduceTile(const ForwardRun& run, const EpilogueRange& tile,
                                    const kernel::Activations& logits) {
    const RowReduction& reduction = *run.options.reduction;
    const int64_t count = tile.end - tile.begin, firstSummary = run.firstTarget + tile.begin;
    const int64_t firstKept = reduction.firstKept + tile.firstRow;
    if (const auto* other = static_cast<const VulkanLogitRows*>(reduction.compareWith)) {
        HT_TRY(m_kernels->divergeRows({.reference = other->rows(firstKept, count),
                                       .own = logits,
                                       .referenceSummaries = other->summaries(),
                                       .ownSummaries = vk::BufferSlice(m_summaries),
                                       .rows = count,
                                       .firstReference = firstKept,
                                       .firstOwn = firstSummary}));
    }
    if (const auto* kept = static_cast<const VulkanLogitRows*>(reduction.keep)) {
        constexpr uint64_t kSummary = sizeof(kernel::RowSummary);
        const auto rows = static_cast<uint64_t>(count);
        HT_TRY(m_kernels->copy({.input = logits, .output = kept->rows(firstKept, count), .tokens = count}));
        HT_TRY(m_stream->copy(
            vk::BufferSlice(m_summaries).part(static_cast<uint64_t>(firstSummary) * kSummary, rows * kSummary),
            kept->summaries().part(static_cast<uint64_t>(firstKept) * kSummary, rows * kSummary)));
    }
    if (reduction.idsPerRow == 0) return {};
    return m_kernels->gather({.logits = logits,
                              .ids = vk::BufferSlice(m_pickedIds),
                              .output = vk::BufferSlice(m_picked),
                              .rows = count,
                              .idsPerRow = reduction.idsPerRow,
                              .firstItem = run.firstPicked + tile.firstRow * reduction.idsPerRow});
}

Status VulkanExecutable::handOutLogits(const ForwardRun& run, int64_t begin, int64_t count,
                                       const kernel::Activations& logits) {
    return m_readback->enqueue(
        {&logits.slice, 1}, [this, &run, logits, begin, count](std::span<const std::byte> bytes) -> Status {
            HT_TRY(run.context.checkpoint());
            return deliverRows(bytes, logits, count,
                               [&](std::span<const float> rows) { return run.options.logitsSink(begin, count, rows); });
        });
}

Status VulkanExecutable::handOutFigures(const ForwardRun& run) {
    constexpr uint64_t kSummary = sizeof(kernel::RowSummary);
    const vk::BufferSlice own =
        vk::BufferSlice(m_summaries)
            .part(static_cast<uint64_t>(run.firstTarget) * kSummary, run.options.targets.size() * kSummary);
    return m_readback->enqueue({&own, 1}, [&run](std::span<const std::byte> bytes) -> Status {
        const auto* summaries = reinterpret_cast<const kernel::RowSummary*>(bytes.data());
        for (size_t i = 0; i < run.options.targets.size(); ++i) {
            if (run.options.targets[i] < 0) continue;
            const RowFigures figures = figuresFrom(summaries[i]);
            if (i < run.options.logProbs.size())
                run.options.logProbs[i] = figures.isFinite ? static_cast<float>(figures.logProb()) : NAN;
            if (run.options.reduction) run.options.reduction->figures[i] = figures;
        }
        return {};
    });
}

Status VulkanExecutable::handOutPicked(const ForwardRun& run) {
    const std::span<float> target = run.options.reduction->logits;
    const vk::BufferSlice own = vk::BufferSlice(m_picked).part(static_cast<uint64_t>(run.firstPicked) * 4,
                                                               run.options.reduction->ids.size_bytes());
    return m_readback->enqueue({&own, 1}, [target](std::span<const std::byte> bytes) -> Status {
        std::memcpy(target.data(), bytes.data(), bytes.size());
        return {};
    });
}

}  // namespace halftone
