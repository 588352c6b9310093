// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace halftone {

/// Progress of one job, written by workers and read by whoever shows it. Any thread may call anything.
/// Work is counted in units of the job's choice (bytes, tokens, tensors); `unit` says which.
class Progress {
  public:
    struct Snapshot {
        std::string stage;  ///< what happens now ("encoding blk.3.ffn_down")
        std::string unit;   ///< unit of done and total ("tokens"); empty: dimensionless
        int64_t done = 0;
        int64_t total = 0;  ///< 0: not known yet
        [[nodiscard]] double fraction() const { return total > 0 ? double(done) / double(total) : 0.0; }
    };

    void start(std::string stage, int64_t total, std::string unit = {});
    void setStage(std::string stage);
    void add(int64_t amount) { m_done.fetch_add(amount, std::memory_order_relaxed); }
    [[nodiscard]] Snapshot snapshot() const;

  private:
    mutable std::mutex m_mutex;  // guards the strings only
    std::string m_stage;
    std::string m_unit;
    std::atomic<int64_t> m_done{0};
    std::atomic<int64_t> m_total{0};
};

}  // namespace halftone
