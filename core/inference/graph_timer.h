// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "core/base/job_context.h"
#include "core/inference/model_weights.h"
#include "core/inference/op_profile.h"

namespace halftone {

/// Times the operations of a GraphExecutable into a profile. For a trace it also sees which threads worked when. Not
/// thread-safe, but for worked(). Private to core/inference.
class GraphTimer final : public ThreadPool::Observer {
  public:
    /// Borrows both.
    GraphTimer(OpProfile& profile, const ModelGraph& graph) : m_profile(&profile), m_graph(&graph) {}

    /// Operations that ran as one, or a piece of them.
    struct Call {
        std::span<const Op> ops;
        int64_t tokens = 0;
        int64_t firstPosition = 0;
        const CacheFormat& cache;
        double share = 1;   ///< of their work
        bool isNew = true;  ///< false for the later pieces of a call
    };
    /// A context whose threads are seen where the profile keeps events.
    [[nodiscard]] JobContext watched(const JobContext& context);
    /// `call` began at `begin` and ends now.
    void note(const Call& call, const ModelWeights& weights, double begin);
    void noteNamed(std::string_view name, int64_t tokens, double begin);
    void noteForward(int64_t tokens, double begin);
    void forgetWeights() { m_profile->forgetOps(); }

    void worked(int thread, double begin, double end) override;

  private:
    struct Stretch {
        double begin = 0, end = 0;
    };
    void add(const ProfileEvent& event, const OpWork& work, bool isNew);

    OpProfile* m_profile;
    const ModelGraph* m_graph;
    std::vector<std::vector<Stretch>> m_stretches;  // of each thread since the last operation
    std::vector<int> m_lanes;
};

}  // namespace halftone
