// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <semaphore>
#include <vector>

#include "core/inference/model_weights.h"
#include "gpu/engine/block_streamer.h"
#include "gpu/engine/device_weight.h"
#include "gpu/engine/residency_list.h"
#include "gpu/engine/vulkan_context.h"
#include "gpu/vk/weight_plan.h"

namespace halftone {

using DeviceWeights = std::vector<std::shared_ptr<const DeviceWeight>>;  ///< by WeightId

/// The weights of one executable on the device. Embedding, head and vectors always stay there; of the blocks, those
/// that the plan found room for, and the others pass through slots whenever the model runs. Blocks give up their place
/// when memory is needed later: for a longer attention cache, a larger edit, another executable. Not thread-safe, but
/// for giveUpBlockIfIdle().
class WeightResidency {
  public:
    /// `workBytes`: what this executable needs beside its weights, for the plan.
    WeightResidency(std::shared_ptr<VulkanContext> context, std::shared_ptr<const ModelGraph> graph,
                    uint64_t workBytes);
    ~WeightResidency();
    WeightResidency(const WeightResidency&) = delete;
    WeightResidency& operator=(const WeightResidency&) = delete;

    /// Takes these weights: plans the first time, afterwards uploads what differs. On error the former ones stay.
    /// kOutOfMemory as a sentence where not even one block fits.
    Status assign(const ModelWeights& weights, const JobContext& job);

    /// Every weight that operations of resident or entered blocks read.
    [[nodiscard]] const DeviceWeights& weights() const { return m_weights; }
    [[nodiscard]] const vk::WeightPlan& plan() const { return m_plan; }
    /// What the executable needs beside its weights, with what slabs leave empty.
    [[nodiscard]] uint64_t workBytes() const;
    /// Of the corrections of these weights; 0: there are none of low rank.
    [[nodiscard]] int64_t largestRank() const { return m_largestRank; }
    /// Of the blocks that stream, as they lie on the device.
    [[nodiscard]] int64_t streamedBytes() const;
    /// Tensors uploaded to stay so far.
    [[nodiscard]] int64_t uploadCount() const { return m_uploadCount; }
    /// Times that a block has passed through a slot so far.
    [[nodiscard]] int64_t passCount() const { return m_passCount; }

    /// A run that begins with `firstBlock`: the first blocks that stream set out.
    void begin(int64_t firstBlock);
    /// Work of the block may be recorded on `stream` from now on. Waits until its weights have come.
    Status enter(int64_t block, vk::CommandStream& stream, const JobContext& job);
    /// All work of the block is recorded.
    Status leave(int64_t block, vk::CommandStream& stream);
    /// The run is over; nothing of it is left to do for the device.
    void end();

    /// Makes a block stream that was resident, in this executable or another; false: there is none to move. The device
    /// must not be working for this executable.
    bool makeRoom();
    /// The same for another executable that needs memory; false as well while this one is in use.
    bool giveUpBlockIfIdle();

    /// Keeps others from taking blocks while it lives.
    class Use {
      public:
        explicit Use(WeightResidency& residency) : m_residency(residency) { m_residency.m_idle.acquire(); }
        ~Use() { m_residency.m_idle.release(); }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

      private:
        WeightResidency& m_residency;
    };

  private:
    struct StreamedBlock {
        BlockStreamer::Block pieces;
        std::vector<WeightId> ids;
        std::vector<DeviceWeights> views;  ///< by slot: the weights of `ids` as they lie in it
    };

    Status makePlan(const vk::WeightDemand& demand);
    [[nodiscard]] Result<uint64_t> sizeOnDevice(size_t id, const PackedTensor& tensor) const;
    Result<vk::WeightDemand> demandOf(const ModelWeights& weights) const;
    Status acquireResident(const ModelWeights& weights, DeviceWeights& next, const JobContext& job);
    Status acquireOne(const ModelWeights& weights, size_t id, DeviceWeights& next, const JobContext& job);
    void forgetStreamed(DeviceWeights& weights) const;
    /// Slots for every block that streams, as large as `m_blockBytes` says.
    Status ensureSlots();
    Status createSlots(int slots, uint64_t slotBytes);
    Status layOut(const ModelWeights& weights);
    Result<StreamedBlock> layOutBlock(const ModelWeights& weights, size_t block) const;
    [[nodiscard]] bool isStreamed(size_t id) const { return m_blockOf[id] >= 0 && streams(m_blockOf[id]); }
    [[nodiscard]] bool streams(int64_t block) const { return m_plan.streamed[static_cast<size_t>(block)]; }
    bool giveUpBlock();
    bool beginStreaming();
    void moveOut(size_t block);

    std::shared_ptr<VulkanContext> m_context;
    std::shared_ptr<const ModelGraph> m_graph;
    uint64_t m_workBytes;
    std::vector<int64_t> m_blockOf;  ///< by WeightId: the one block that uses it, -1: it always stays
    ModelWeights m_source;
    vk::WeightPlan m_plan;
    DeviceWeights m_weights;
    std::unique_ptr<BlockStreamer> m_streamer;
    std::vector<uint64_t> m_blockBytes;    ///< by block, on the device: of the weights now, and of those being assigned
    std::vector<StreamedBlock> m_layouts;  ///< by block; empty for those that stay
    int64_t m_uploadCount = 0;
    int64_t m_passCount = 0;
    int64_t m_largestRank = 0;
    std::binary_semaphore m_idle{1};
};

}  // namespace halftone
