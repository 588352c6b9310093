// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/inference/input_moments.h"
#include "gpu/engine/readback_queue.h"
#include "gpu/engine/vulkan_context.h"
#include "gpu/kernels/moment_kernels.h"

namespace halftone {

/// Sums over the inputs of linear layers on a Vulkan device. Rows wait in a buffer of their input until some hundred
/// are there; their sums are made in binary32 and added to what there is with compensation, so that the error does not
/// grow with the number of tokens: a Hessian's element (i, j) is within 2e-6 sqrt(H_ii H_jj) of the exact one. Of the
/// symmetric matrix the device keeps tiles of the upper triangle, in buffers that a binding holds, and as much again
/// for what the sums have lost. Inputs whose sums do not fit the device's memory are read back and summed up by the
/// processor. Not thread-safe.
class VulkanInputMoments final : public InputMoments {
  public:
    /// Of the executable that it belongs to.
    struct Engine {
        std::shared_ptr<VulkanContext> context;
        std::shared_ptr<const ModelGraph> graph;
        vk::CommandStream& stream;
        ReadbackQueue& readback;
    };
    /// What it may take of the device.
    struct Room {
        uint64_t keptFreeBytes = 0;      ///< for what the executable needs beside its weights
        std::function<bool()> makeRoom;  ///< false: no more can be had
    };
    static Result<std::unique_ptr<VulkanInputMoments>> create(Engine engine, bool withHessians, const Room& room);

    /// Records the addition of `tokens` rows of the input that these operations share. `context` must live until the
    /// queue is drained.
    Status record(std::span<const Op> readers, const kernel::Activations& input, int64_t tokens,
                  const JobContext& context);
    Result<std::map<std::string, InputStatistics>> take(const JobContext& context) override;
    [[nodiscard]] int64_t inputsLeftToProcessor() const override { return m_leftToProcessor; }
    [[nodiscard]] bool belongsTo(const ModelGraph& graph) const { return m_engine.graph.get() == &graph; }

  private:
    /// Tiles [firstTile, firstTile + tileCount) of a triangle.
    struct Panel {
        vk::Buffer buffer;
        int64_t firstTile = 0, tileCount = 0;
    };
    struct Input {
        std::vector<WeightId> readers;
        int64_t channels = 0;
        int64_t capacity = 0;  ///< rows that may wait
        int64_t waiting = 0;
        bool hasRun = false;
        vk::Buffer rows;
        vk::Buffer sums;            ///< number of finite rows, then one ChannelSums a channel
        std::vector<Panel> panels;  ///< empty without Hessians
    };

    VulkanInputMoments(Engine engine, bool withHessians);
    [[nodiscard]] int64_t rowCapacity(int64_t channels) const;
    [[nodiscard]] uint64_t deviceBytes(const Input& input) const;
    [[nodiscard]] bool fits(uint64_t bytes, uint64_t takenBytes) const;
    [[nodiscard]] bool findRoom(uint64_t bytes, const Room& room) const;
    Status allocate(Input& input);
    Status clear(Input& input);
    Status addWaiting(Input& input, const JobContext& context);
    Status recordForProcessor(std::span<const Op> readers, const kernel::Activations& input, int64_t tokens,
                              const JobContext& context);
    Result<InputStatistics> takeOne(Input& input, const JobContext& context);
    Status readChannels(const Input& input, InputStatistics& statistics);
    Status readHessian(const Input& input, InputStatistics& statistics, const JobContext& context);
    [[nodiscard]] vk::BufferSlice countOf(const Input& input) const;
    [[nodiscard]] vk::BufferSlice channelSumsOf(const Input& input) const;

    Engine m_engine;
    bool m_withHessians;
    kernel::MomentKernels m_kernels;
    HostInputMoments m_onHost;
    std::map<WeightId, Input> m_inputs;  ///< on the device, by the first weight that reads it
    int64_t m_leftToProcessor = 0;
};

}  // namespace halftone
