// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/inference/backend.h"
#include "gpu/engine/activation_buffers.h"
#include "gpu/engine/device_op_timer.h"
#include "gpu/engine/op_recorder.h"
#include "gpu/engine/readback_queue.h"
#include "gpu/engine/stats_capture.h"
#include "gpu/engine/vulkan_context.h"
#include "gpu/engine/vulkan_logit_rows.h"
#include "gpu/engine/vulkan_sequence.h"
#include "gpu/engine/weight_residency.h"

namespace halftone {

/// A graph on a Vulkan device. Block after block, each for all sequences of a call in chunks of tokens; only what the
/// caller asked for comes back.
/// forward() records while the device works and returns when everything has been delivered. Not thread-safe.
class VulkanExecutable final : public Executable {
  public:
    static Result<std::unique_ptr<VulkanExecutable>> create(std::shared_ptr<VulkanContext> context,
                                                            std::shared_ptr<const ModelGraph> graph,
                                                            const ModelWeights& weights, const JobContext& job);
    ~VulkanExecutable() override;

    [[nodiscard]] const ModelGraph& graph() const override { return *m_graph; }
    using Executable::createSequence;
    Result<std::unique_ptr<Sequence>> createSequence(int64_t capacity, const RunFormat& format) override;
    Status forward(Sequence& sequence, std::span<const TokenId> tokens, const ForwardOptions& options,
                   const JobContext& job) override;
    Status forwardTogether(std::span<const SequenceInput> inputs, const JobContext& job) override;
    [[nodiscard]] int64_t tokensWorthTogether() const override;
    [[nodiscard]] bool sumsUpRows() const override { return m_graph->logits >= 0; }
    Result<std::unique_ptr<LogitRows>> createLogitRows(int64_t rows) override;
    Result<std::unique_ptr<InputMoments>> createInputMoments(bool withHessians) override;
    [[nodiscard]] bool canCompareWith(const LogitRows& rows) const override;
    Status updateWeights(const ModelWeights& weights, const JobContext& job) override;
    Status profileInto(OpProfile* profile) override;
    [[nodiscard]] int64_t streamedWeightBytes() const override { return m_residency.streamedBytes(); }

    /// Tensors copied to the device to stay so far: what an edit really uploads.
    [[nodiscard]] int64_t uploadCount() const { return m_residency.uploadCount(); }
    /// Times that a block that streams has come to the device so far.
    [[nodiscard]] int64_t passCount() const { return m_residency.passCount(); }
    /// Which blocks stay on the device and which stream.
    [[nodiscard]] const vk::WeightPlan& weightPlan() const { return m_residency.plan(); }

  private:
    /// Positions [begin, end) of a call that go through the epilogue together; their logits are handed out or not.
    struct EpilogueRange {
        int64_t begin = 0;
        int64_t end = 0;
        bool handOut = false;
        int64_t firstRow = 0;  ///< number of positions with a target before
    };

    VulkanExecutable(std::shared_ptr<VulkanContext> context, std::shared_ptr<const ModelGraph> graph);
    Status ensureRopeTable(int64_t positions);
    Status growInput(vk::Buffer& buffer, uint64_t bytes, std::string_view name);
    Status growWithRoom(const std::function<Status()>& allocate);
    Status run(std::span<const SequenceInput> inputs, const JobContext& job);
    Status reserve(std::span<const SequenceInput> inputs);
    [[nodiscard]] std::vector<ForwardRun> runsOf(std::span<const SequenceInput> inputs, const JobContext& job);
    Status load(const ForwardRun& run);
    Status loadHidden(const ForwardRun& run);
    Status runOps(const ForwardRun& run, int32_t begin, int32_t end);
    Status runBlocks(std::span<const ForwardRun> runs, const JobContext& job);
    Status handOutBoundary(const ForwardRun& run, int block);
    Status loadTargets(std::span<const ForwardRun> runs);
    Status growOutput(vk::Buffer& buffer, uint64_t bytes, std::string_view name);
    Status runEpilogue(const ForwardRun& run);
    Status checkRows(const ForwardOptions& options) const;
    Status checkMoments(const ForwardOptions& options) const;
    Status runEpilogueTile(const ForwardRun& run, const EpilogueRange& tile);
    Status reduceTile(const ForwardRun& run, const EpilogueRange& tile, const kernel::Activations& logits);
    Status handOutLogits(const ForwardRun& run, int64_t begin, int64_t count, const kernel::Activations& logits);
    Status handOutFigures(const ForwardRun& run);
    Status handOutPicked(const ForwardRun& run);
    Status deliverRows(std::span<const std::byte> bytes, const kernel::Activations& rows, int64_t count,
                       const std::function<Status(std::span<const float>)>& receive);
    static std::vector<EpilogueRange> epilogueRanges(const ForwardOptions& options);

    std::shared_ptr<VulkanContext> m_context;
    std::shared_ptr<const ModelGraph> m_graph;
    ActivationBuffers m_buffers;
    WeightResidency m_residency;
    vk::Buffer m_ropeTable;
    int64_t m_ropePositions = 0;
    vk::Buffer m_ids, m_hiddenIn, m_targets, m_summaries;
    vk::Buffer m_pickedIds, m_picked;  ///< logits of chosen tokens
    std::vector<float> m_rows;         ///< rows without the stride's padding, for the caller
    std::unique_ptr<vk::CommandStream> m_stream;
    std::unique_ptr<kernel::Kernels> m_kernels;
    std::unique_ptr<ReadbackQueue> m_readback;
    std::unique_ptr<StatsCapture> m_capture;
    std::unique_ptr<DeviceOpTimer> m_timer;
    std::unique_ptr<OpRecorder> m_recorder;
};

}  // namespace halftone
