// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/inference/run_format.h"
#include "core/model/model_graph.h"

namespace halftone {

/// A matrix as an executable holds it.
struct StoredMatrix {
    int64_t rows = 0, cols = 0;
    int64_t bytes = 0;
    std::string format;  ///< as lists show it: "Q4_K"
};

/// What some operations have to do at least, whoever does it: every matrix and every cell of a cache is read once a
/// call, every activation read or written once.
struct OpWork {
    double bytes = 0;
    double multiplyAdds = 0;
    OpWork operator*(double share) const { return {bytes * share, multiplyAdds * share}; }
};

/// Work of one kind: all calls of what is alike in the blocks of a model.
struct ProfileLine {
    std::string op{};       ///< "linear", "attention"
    std::string tensors{};  ///< "attn_q + attn_k + attn_v" where they ran together; empty without a matrix
    std::string shape{};    ///< "2304 x 768"; of vectors the width
    std::string format{};   ///< of the matrices or of the cache; empty without
    int64_t calls = 0;
    double seconds = 0;
    OpWork work{};
};

/// A stretch of time on one lane of a trace.
struct ProfileEvent {
    int32_t line = -1;  ///< of OpProfile::lines(); -1: a whole call of forward()
    int block = -1;     ///< as Op::block
    int lane = 0;
    int64_t tokens = 0;
    double begin = 0;  ///< seconds on profileClock()
    double seconds = 0;
};

/// Seconds of a clock that never goes back.
[[nodiscard]] double profileClock();

/// Whether single events are kept for a trace beside the sums.
enum class ProfileDetail : uint8_t { kSums, kEvents };

/// Collects what the operations of one executable take (Executable::profileInto). Lane 0 is the thread that calls
/// forward(); the executable names others: threads of the processor, the device. Not thread-safe, and not to be read
/// while forward() runs.
class OpProfile {
  public:
    static constexpr int kCallerLane = 0;
    /// Events beyond are left out of the trace and counted; the sums hold them.
    static constexpr size_t kMostEvents = size_t{1} << 22;

    explicit OpProfile(ProfileDetail detail = ProfileDetail::kSums) : m_detail(detail) {}

    [[nodiscard]] const std::vector<ProfileLine>& lines() const { return m_lines; }
    [[nodiscard]] const std::vector<ProfileEvent>& events() const { return m_events; }
    [[nodiscard]] const std::vector<std::string>& lanes() const { return m_lanes; }
    [[nodiscard]] bool keepsEvents() const { return m_detail == ProfileDetail::kEvents; }
    [[nodiscard]] int64_t eventsLeftOut() const { return m_eventsLeftOut; }
    [[nodiscard]] int64_t forwardCalls() const { return m_forwardCalls; }
    /// Passed on the wall inside forward().
    [[nodiscard]] double forwardSeconds() const { return m_forwardSeconds; }
    /// Sum over all lines.
    [[nodiscard]] double opSeconds() const;

    /// For executables from here on. The line of operations that run as one; `ops` lie in graph.ops. `cache`: what
    /// attention is said to read.
    int32_t lineOf(const ModelGraph& graph, std::span<const Op> ops, const CacheFormat& cache,
                   const std::function<StoredMatrix(WeightId)>& matrixOf);
    /// The line of something that is no operation of a graph.
    int32_t lineNamed(std::string_view name);
    /// Forgets which operations belong to which line: weights have changed.
    void forgetOps() { m_lineOfOps.clear(); }
    /// What the operations of a line have to do for `tokens` tokens. Of attention see attentionWork().
    [[nodiscard]] OpWork workOf(int32_t line, int64_t tokens) const;

    /// `isNew`: false for a piece of a call that has been counted already.
    void add(const ProfileEvent& event, const OpWork& work, bool isNew = true);
    /// An event that is no time of its own: a thread's part of an operation.
    void addPart(const ProfileEvent& event);
    void addForward(double begin, double seconds, int64_t tokens);
    /// The number of the lane of this name.
    int laneNamed(const std::string& name);

  private:
    struct Costs {
        double bytes = 0, bytesPerToken = 0, multiplyAddsPerToken = 0;
    };
    int32_t findOrAdd(ProfileLine line, const Costs& costs);
    static Costs describe(const ModelGraph& graph, std::span<const Op> ops,
                          const std::function<StoredMatrix(WeightId)>& matrixOf, ProfileLine& line);
    void keep(const ProfileEvent& event);

    ProfileDetail m_detail;
    std::vector<ProfileLine> m_lines;
    std::vector<Costs> m_costs;  // of each line
    std::map<std::pair<const Op*, size_t>, int32_t> m_lineOfOps;
    std::vector<ProfileEvent> m_events;
    std::vector<std::string> m_lanes{"forward"};
    int64_t m_eventsLeftOut = 0, m_forwardCalls = 0;
    double m_forwardSeconds = 0;
};

/// What attention has to do for tokens at [firstPosition, firstPosition + tokens) of a block.
[[nodiscard]] OpWork attentionWork(const ModelConfig& config, const CacheFormat& cache, int block,
                                   int64_t firstPosition, int64_t tokens);

}  // namespace halftone
