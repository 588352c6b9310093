// SPDX-License-Identifier: GPL-3.0-or-later
#include "gpu/engine/activation_buffers.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/checked.h"

namespace halftone {
namespace {

// kChunkStep keeps bindings aligned: 64 rows of a multiple of 16 floats are 4096 bytes.
constexpr int64_t kChunkTokens = 512;
constexpr int64_t kSoftwareChunkTokens = 128;
constexpr int64_t kLogitBytes = int64_t{32} << 20;
}  // namespace

ActivationBuffers::ActivationBuffers(const ModelGraph& graph, const vk::DevicePlan& plan,
                                     vk::MemoryAllocator& allocator)
    : m_graph(&graph), m_plan(&plan), m_allocator(&allocator), m_values(graph.values.size()) {}

int64_t ActivationBuffers::widestStride() const {
    int64_t widest = 4;
    for (ValueId id = 0; id < static_cast<ValueId>(m_values.size()); ++id) {
        if (id != m_graph->logits) widest = std::max(widest, stride(id));
    }
    return widest;
}

int64_t ActivationBuffers::largestChunk() const {
    const auto fitting = static_cast<int64_t>(m_plan->maxBindingBytes) / (widestStride() * 4) / kChunkStep * kChunkStep;
    return std::min(fitting, m_plan->isSoftware ? kSoftwareChunkTokens : kChunkTokens);
}

Status ActivationBuffers::grow(vk::Buffer& buffer, int64_t floats, const std::string& name) {
    const uint64_t bytes = static_cast<uint64_t>(floats) * 4;
    if (buffer.sizeBytes() >= bytes) return {};
    buffer = {};
    HT_ASSIGN_OR_RETURN(auto fresh, m_allocator->createBuffer(bytes, vk::MemoryUse::kDevice, "activations: " + name));
    // Kernels rely on zeros between the tokens' values and keep them. Submitted at once: a cancel drops what is only
    // recorded.
    HT_TRY(m_stream->fill(vk::BufferSlice(fresh), 0));
    HT_TRY(m_stream->flush());
    buffer = std::move(fresh);
    return {};
}

uint64_t ActivationBuffers::typicalBytes() const {
    const int64_t chunk = largestChunk();
    int64_t floats = std::max(chunk, m_plan->streamBatchTokens) * stride(m_graph->hidden);
    for (ValueId id = 0; id < static_cast<ValueId>(m_values.size()); ++id) {
        if (id != m_graph->logits && id != m_graph->hidden) floats += chunk * stride(id);
    }
    floats += chunk * stride(m_graph->hidden);  // gathered for the epilogue
    const int64_t logits = m_graph->logits >= 0 ? chunk * stride(m_graph->logits) * 4 : 0;
    return static_cast<uint64_t>(floats * 4 + std::min(logits, kLogitBytes));
}

Status ActivationBuffers::reserve(const Need& need) {
    const int64_t largest = largestChunk();
    if (largest < kChunkStep) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("{} binds at most {} bytes, too few for this model's activations.",
                                     m_plan->deviceName, m_plan->maxBindingBytes));
    }
    const int64_t wanted = need.tokens <= 8 ? 8 : std::min(roundUp(need.tokens, kChunkStep), largest);
    m_chunkTokens = std::max(m_chunkTokens, wanted);
    for (ValueId id = 0; id < static_cast<ValueId>(m_values.size()); ++id) {
        if (id == m_graph->logits) continue;
        const int64_t rows = id == m_graph->hidden ? need.rows : m_chunkTokens;
        HT_TRY(
            grow(m_values[static_cast<size_t>(id)], rows * stride(id), m_graph->values[static_cast<size_t>(id)].name));
    }
    if (need.rank > 0) HT_TRY(grow(m_inner, m_chunkTokens * roundUp(need.rank, 16), "inputs of low-rank factors"));
    if (need.rounded) HT_TRY(grow(m_rounded, m_chunkTokens * widestStride(), "rounded"));
    if (need.quantized) HT_TRY(grow(m_quantized, m_chunkTokens * kernel::quantizedStride(widestStride()), "bytes"));
    if (need.halved) HT_TRY(grow(m_halved, m_chunkTokens * kernel::halvedStride(widestStride()), "halves"));
    if (need.logitTokens == 0) return {};
    const int64_t logitStride = stride(m_graph->logits);
    const int64_t bytes = std::min(kLogitBytes, static_cast<int64_t>(m_plan->maxBindingBytes));
    const int64_t fitting = bytes / (logitStride * 4);
    if (fitting < 1) {
        return makeError(ErrorCode::kUnsupported,
                         fmt::format("{} binds at most {} bytes, too few for the logits of one token.",
                                     m_plan->deviceName, m_plan->maxBindingBytes));
    }
    m_logitRows = std::max(m_logitRows, std::min({fitting, need.logitTokens, m_chunkTokens}));
    HT_TRY(grow(m_gathered, m_chunkTokens * stride(m_graph->hidden), "gathered hidden states"));
    return grow(m_values[static_cast<size_t>(m_graph->logits)], m_logitRows * logitStride, "logits");
}

kernel::Activations ActivationBuffers::hidden(int64_t begin, int64_t count) const {
    HT_CHECK(begin % kChunkStep == 0);
    const int64_t step = stride(m_graph->hidden);
    const vk::BufferSlice whole(m_values[static_cast<size_t>(m_graph->hidden)]);
    return {whole.part(static_cast<uint64_t>(begin * step) * 4, static_cast<uint64_t>(count * step) * 4),
            width(m_graph->hidden), step};
}

kernel::Activations ActivationBuffers::gathered(int64_t count) const {
    const int64_t step = stride(m_graph->hidden);
    return {vk::BufferSlice(m_gathered).part(0, static_cast<uint64_t>(count * step) * 4), width(m_graph->hidden), step};
}

kernel::Activations ActivationBuffers::inner(int64_t rank, int64_t count) const {
    const int64_t step = roundUp(rank, 16);
    return {vk::BufferSlice(m_inner).part(0, static_cast<uint64_t>(count * step) * 4), rank, step};
}

kernel::Activations ActivationBuffers::rounded(ValueId id, const TokenChunk& chunk) const {
    const vk::BufferSlice whole(m_rounded);
    return {whole.part(0, static_cast<uint64_t>(chunk.count * stride(id)) * 4), width(id), stride(id)};
}

kernel::QuantizedRows ActivationBuffers::quantized(int64_t width, int64_t count) const {
    const int64_t step = kernel::quantizedStride(width);
    return {vk::BufferSlice(m_quantized).part(0, static_cast<uint64_t>(count * step) * 4), step};
}

kernel::QuantizedRows ActivationBuffers::halved(int64_t width, int64_t count) const {
    const int64_t step = kernel::halvedStride(width);
    return {vk::BufferSlice(m_halved).part(0, static_cast<uint64_t>(count * step) * 4), step};
}

kernel::Activations ActivationBuffers::value(ValueId id, const TokenChunk& chunk) const {
    if (id == m_graph->hidden) return chunk.hidden;
    const vk::BufferSlice whole(m_values[static_cast<size_t>(id)]);
    return {whole.part(0, static_cast<uint64_t>(chunk.count * stride(id)) * 4), width(id), stride(id)};
}

}  // namespace halftone
