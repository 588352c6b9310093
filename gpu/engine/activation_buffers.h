// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/model/model_graph.h"
#include "gpu/kernels/kernels.h"
#include "gpu/vk/command_stream.h"
#include "gpu/vk/memory_allocator.h"

namespace halftone {

/// Tokens [begin, begin + count) of a call and where the residual stream of these tokens lies.
struct TokenChunk {
    int64_t begin = 0;
    int64_t count = 0;
    kernel::Activations hidden;
};

/// The activation buffers of one executable on the device: the residual stream for all tokens of a call, everything
/// else for a chunk of them, logits for a tile. They grow and never shrink. Not thread-safe.
class ActivationBuffers {
  public:
    ActivationBuffers(const ModelGraph& graph, const vk::DevicePlan& plan, vk::MemoryAllocator& allocator);
    /// The stream that clears new buffers; before the first reserve().
    void use(vk::CommandStream& stream) { m_stream = &stream; }

    /// Rows of the residual stream begin at multiples of this for every sequence of a call.
    static constexpr int64_t kChunkStep = 64;

    /// What a call needs.
    struct Need {
        int64_t rows = 0;         ///< of the residual stream, for all sequences
        int64_t tokens = 0;       ///< of the longest sequence
        int64_t logitTokens = 0;  ///< that want logits together
        int64_t rank = 0;         ///< the largest of the weights' corrections
        bool rounded = false;     ///< inputs of linear layers are rounded
        bool quantized = false;   ///< ... or become bytes
        bool halved = false;      ///< ... or binary16
    };
    Status reserve(const Need& need);
    /// About what reserve() takes for long inputs, in bytes.
    [[nodiscard]] uint64_t typicalBytes() const;

    [[nodiscard]] int64_t chunkTokens() const { return m_chunkTokens; }
    /// Positions whose logits are computed together.
    [[nodiscard]] int64_t logitRows() const { return m_logitRows; }
    /// Rows [begin, begin + count) of the residual stream; begin is a multiple of kChunkStep.
    [[nodiscard]] kernel::Activations hidden(int64_t begin, int64_t count) const;
    /// Hidden rows gathered for the epilogue.
    [[nodiscard]] kernel::Activations gathered(int64_t count) const;
    /// Room for a value of a chunk, rounded; one at a time.
    [[nodiscard]] kernel::Activations rounded(ValueId id, const TokenChunk& chunk) const;
    /// Room for `count` rows of `width` values as bytes; one at a time.
    [[nodiscard]] kernel::QuantizedRows quantized(int64_t width, int64_t count) const;
    /// The same as halves.
    [[nodiscard]] kernel::QuantizedRows halved(int64_t width, int64_t count) const;
    /// A value of a chunk; the chunk says where `hidden` is.
    [[nodiscard]] kernel::Activations value(ValueId id, const TokenChunk& chunk) const;
    /// What stands between the two factors of a correction of rank `rank`.
    [[nodiscard]] kernel::Activations inner(int64_t rank, int64_t count) const;
    [[nodiscard]] int64_t width(ValueId id) const { return m_graph->values[static_cast<size_t>(id)].width; }
    [[nodiscard]] int64_t stride(ValueId id) const { return (width(id) + 15) / 16 * 16; }

  private:
    Status grow(vk::Buffer& buffer, int64_t floats, const std::string& name);
    [[nodiscard]] int64_t largestChunk() const;
    [[nodiscard]] int64_t widestStride() const;  ///< of all values but the logits

    const ModelGraph* m_graph;
    const vk::DevicePlan* m_plan;
    vk::MemoryAllocator* m_allocator;
    vk::CommandStream* m_stream = nullptr;
    std::vector<vk::Buffer> m_values;
    vk::Buffer m_gathered, m_inner, m_rounded, m_quantized, m_halved;
    int64_t m_chunkTokens = 0;
    int64_t m_logitRows = 0;
};

}  // namespace halftone
