// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include "core/inference/backend.h"
#include "gpu/engine/activation_buffers.h"
#include "gpu/engine/device_op_timer.h"
#include "gpu/engine/device_weight.h"
#include "gpu/engine/stats_capture.h"
#include "gpu/engine/vulkan_input_moments.h"
#include "gpu/engine/vulkan_sequence.h"
#include "gpu/engine/weight_residency.h"
#include "gpu/kernels/kernels.h"

namespace halftone {

/// What one sequence of a call works on.
struct ForwardRun {
    std::span<const TokenId> tokens;
    const ForwardOptions& options;
    const JobContext& context;
    const VulkanSequence& sequence;
    int64_t firstRow = 0;     ///< of its tokens in the residual stream of the call, a multiple of kChunkStep
    int64_t firstTarget = 0;  ///< of its targets among those of the call
    int64_t firstPicked = 0;  ///< of its chosen logits among those of the call
    vk::BufferSlice ids;      ///< token ids of this sequence
    vk::BufferSlice ropeTable;
    VulkanInputMoments* moments = nullptr;  ///< ForwardOptions::moments
    [[nodiscard]] int64_t tokenCount() const { return static_cast<int64_t>(tokens.size()); }
};

/// Records the operations of a graph for a chunk of tokens, kernel by kernel. Not thread-safe.
class OpRecorder {
  public:
    OpRecorder(const ModelGraph& graph, const DeviceWeights& weights, const ActivationBuffers& buffers,
               kernel::Kernels& kernels, StatsCapture& capture, DeviceOpTimer& timer)
        : m_graph(&graph),
          m_weights(&weights),
          m_buffers(&buffers),
          m_kernels(&kernels),
          m_capture(&capture),
          m_timer(&timer) {}

    /// Operations [begin, end) of the graph.
    Status record(const ForwardRun& run, const TokenChunk& chunk, int32_t begin, int32_t end);

  private:
    Status recordOp(const ForwardRun& run, const TokenChunk& chunk, const Op& op);
    Status recordTable(const ForwardRun& run, const TokenChunk& chunk, const Op& op);
    Status recordNorm(const TokenChunk& chunk, const Op& op);
    Status recordLinear(const ForwardRun& run, const TokenChunk& chunk, const Op& op);
    Status prepareInput(const ForwardRun& run, const TokenChunk& chunk, std::span<const Op> ops);
    [[nodiscard]] kernel::InputForm inputForm(const ForwardRun& run, const TokenChunk& chunk, const Op& op) const;
    /// The linear operations from `index` on that read one input one after the other.
    [[nodiscard]] std::span<const Op> opsThatShareInput(int32_t index, int32_t end) const;
    Status correctProduct(const DeviceWeight& weight, const kernel::LinearCall& product);
    Status correctTable(const DeviceWeight& weight, const kernel::EmbedCall& lookup);
    Status recordRope(const ForwardRun& run, const TokenChunk& chunk, const Op& op);
    Status recordAttention(const ForwardRun& run, const TokenChunk& chunk, const Op& op);
    Status recordElementwise(const TokenChunk& chunk, const Op& op);
    Status recordSplit(const TokenChunk& chunk, const Op& op);
    Status captureInput(const ForwardRun& run, const TokenChunk& chunk, std::span<const Op> ops);
    [[nodiscard]] vk::BufferSlice vector(WeightId id) const;

    const ModelGraph* m_graph;
    const DeviceWeights* m_weights;
    const ActivationBuffers* m_buffers;
    kernel::Kernels* m_kernels;
    StatsCapture* m_capture;
    DeviceOpTimer* m_timer;
};

}  // namespace halftone
