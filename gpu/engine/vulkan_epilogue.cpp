// SPDX-License-Identifier: GPL-3.0-or-later
// The last part of VulkanExecutable::forward(): logits and log-probabilities of the positions that were asked for.
#include <algorithm>
#include <cstring>

#include "core/inference/forward_request.h"
#include "gpu/engine/vulkan_executable.h"

namespace halftone {
namespace {

constexpr uint32_t kNoTarget = 0xFFFFFFFFu;

}  // namespace

/// Neighbouring positions that want the same go together; positions that want nothing are left out.
std::vector<VulkanExecutable::EpilogueRange> VulkanExecutable::epilogueRanges(const ForwardOptions& options) {
    std::vector<EpilogueRange> ranges;
    const auto targetCount = static_cast<int64_t>(options.targets.size());
    for (int64_t position = 0; position < std::max(options.logitsEnd, targetCount); ++position) {
        const bool handOut = position >= options.logitsBegin && position < options.logitsEnd;
        const bool scored = position < targetCount && options.targets[static_cast<size_t>(position)] >= 0;
        if (!handOut && !scored) continue;
        if (!ranges.empty() && ranges.back().end == position && ranges.back().handOut == handOut) {
            ++ranges.back().end;
        } else {
            ranges.push_back({position, position + 1, handOut});
        }
    }
    return ranges;
}

/// The targets of all sequences, one behind the other.
Status VulkanExecutable::loadTargets(std::span<const ForwardRun> runs) {
    uint64_t bytes = 0;
    for (const ForwardRun& run : runs) bytes += run.options.targets.size_bytes();
    if (bytes == 0) return {};
    HT_TRY(growInput(m_targets, bytes, "target tokens"));
    for (const ForwardRun& run : runs) {
        auto* words = reinterpret_cast<uint32_t*>(m_targets.mapped()) + run.firstTarget;
        std::ranges::transform(run.options.targets, words,
                               [](TokenId id) { return id < 0 ? kNoTarget : static_cast<uint32_t>(id); });
    }
    if (m_logProbs.sizeBytes() < bytes) {
        m_logProbs = {};
        HT_ASSIGN_OR_RETURN(m_logProbs,
                            m_context->allocator->createBuffer(bytes, vk::MemoryUse::kDevice, "log-probabilities"));
    }
    return m_stream->fill(vk::BufferSlice(m_logProbs), 0);
}

Status VulkanExecutable::runEpilogue(const ForwardRun& run) {
    for (const EpilogueRange& range : epilogueRanges(run.options)) {
        for (int64_t first = range.begin; first < range.end; first += m_buffers.logitRows()) {
            HT_TRY(runEpilogueTile(run, first, std::min(m_buffers.logitRows(), range.end - first), range.handOut));
        }
    }
    return run.options.targets.empty() ? Status() : handOutLogProbs(run);
}

Status VulkanExecutable::runEpilogueTile(const ForwardRun& run, int64_t begin, int64_t count, bool handOut) {
    // Bindings begin at multiples of 64 tokens; the rest of the offset goes to the kernel.
    const int64_t aligned = begin / ActivationBuffers::kChunkStep * ActivationBuffers::kChunkStep;
    const kernel::Activations hidden = m_buffers.hidden(run.firstRow + aligned, begin - aligned + count);
    const TokenChunk chunk{begin, count, m_buffers.gathered(count)};
    HT_TRY(m_kernels->copy(
        {.input = hidden, .inputOffset = (begin - aligned) * hidden.stride, .output = chunk.hidden, .tokens = count}));
    HT_TRY(m_recorder->record(run, chunk, epilogueBegin(*m_graph), static_cast<int32_t>(m_graph->ops.size())));
    const kernel::Activations logits = m_buffers.value(m_graph->logits, chunk);
    const auto targetCount = static_cast<int64_t>(run.options.targets.size());
    if (begin < targetCount) {
        HT_TRY(m_kernels->logProb({.logits = logits,
                                   .targets = vk::BufferSlice(m_targets),
                                   .output = vk::BufferSlice(m_logProbs),
                                   .rows = std::min(count, targetCount - begin),
                                   .firstTarget = run.firstTarget + begin}));
    }
    return handOut ? handOutLogits(run, begin, count, logits) : Status();
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

Status VulkanExecutable::handOutLogProbs(const ForwardRun& run) {
    const vk::BufferSlice all =
        vk::BufferSlice(m_logProbs).part(static_cast<uint64_t>(run.firstTarget) * 4, run.options.targets.size_bytes());
    return m_readback->enqueue({&all, 1}, [&run](std::span<const std::byte> bytes) -> Status {
        const auto* logProbs = reinterpret_cast<const float*>(bytes.data());
        for (size_t i = 0; i < run.options.targets.size(); ++i) {
            if (run.options.targets[i] >= 0) run.options.logProbs[i] = logProbs[i];
        }
        return {};
    });
}

}  // namespace halftone
