// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>
#include <vector>

#include "core/inference/op_profile.h"
#include "gpu/engine/weight_residency.h"
#include "gpu/vk/command_stream.h"

namespace halftone {

/// Puts the times of operations on the device into a profile. What lies between begin() and end() is one operation;
/// times come when the stream has waited for the device. Does nothing while there is no profile. Not thread-safe.
class DeviceOpTimer {
  public:
    DeviceOpTimer(const ModelGraph& graph, const DeviceWeights& weights, vk::CommandStream& stream)
        : m_graph(&graph), m_weights(&weights), m_stream(&stream) {}

    /// Null: no more. kUnsupported on a device that tells no times.
    Status use(OpProfile* profile);
    [[nodiscard]] bool isOn() const { return m_profile != nullptr; }
    void forgetWeights();

    Status begin(const Op& op, int64_t tokens, int64_t firstPosition, const CacheFormat& cache);
    /// Something that is no operation of the graph.
    Status begin(std::string_view name, int64_t tokens);
    void end() { m_stream->endScope(); }
    /// A call of forward() that began at `begin` (profileClock()) is over, and the device is done with it.
    void finishForward(double begin, int64_t tokens);

  private:
    struct Call {
        int32_t line = -1;
        int block = -1;
        int64_t tokens = 0;
        OpWork work;
    };
    Status begin(const Call& call);
    void add(const vk::TimedScope& scope);

    const ModelGraph* m_graph;
    const DeviceWeights* m_weights;
    vk::CommandStream* m_stream;
    OpProfile* m_profile = nullptr;
    int m_lane = 0;
    std::vector<Call> m_calls;  // by tag
};

}  // namespace halftone
