// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "core/base/error.h"

namespace halftone {

/// How hidden states are kept.
enum class BoundaryPrecision {
    kFull,  ///< F32: a run from a stored state gives the same bits as one from the tokens
    kHalf,  ///< F16: half the memory; values are rounded to 11 bits once per restart
};

/// The hidden states of some windows at some block boundaries, each with the signature of the weights that led to it.
/// Boundary b is the entry of block b; boundary blockCount is the exit of the last block. The embedding (boundary 0) is
/// never kept: it costs nothing to make. Where the budget does not reach for all of them, the last boundary and evenly
/// spaced ones before it are kept, and one that moves to where edits are made. Memory is taken as states come.
/// Not thread-safe. Private to core/evaluation.
class BoundaryStore {
  public:
    /// `windowTokens`: length of each window.
    BoundaryStore(std::vector<int64_t> windowTokens, int blockCount, int64_t hiddenWidth, BoundaryPrecision precision,
                  int64_t budgetBytes);

    /// Boundaries that are kept now, ascending.
    [[nodiscard]] std::vector<int> boundaries() const;
    [[nodiscard]] bool keeps(int boundary) const;
    /// Whether any boundary after `boundary` is kept.
    [[nodiscard]] bool keepsAfter(int boundary) const;
    /// Edits are made in block `boundary`: keep the state there if one may move.
    void moveTo(int boundary);

    /// The last kept boundary of the window whose state came from these weights; 0: none, begin with the tokens.
    [[nodiscard]] int latest(size_t window, std::span<const uint64_t> signatures) const;
    /// The state itself; valid until the next put() of the same place or moveTo(). Precondition: latest() named it.
    std::span<const float> get(size_t window, int boundary);
    /// kOutOfMemory as a sentence; what was kept at that place is gone then.
    Status put(size_t window, int boundary, uint64_t signature, std::span<const float> hidden);

    [[nodiscard]] int64_t bytesHeld() const { return m_bytesHeld; }
    [[nodiscard]] int64_t bytesPerBoundary() const { return m_bytesPerBoundary; }

  private:
    struct State {
        uint64_t signature = 0;
        std::vector<float> full;
        std::vector<uint16_t> half;
        [[nodiscard]] bool isEmpty() const { return full.empty() && half.empty(); }
    };
    using States = std::vector<State>;  // one per window

    BoundaryPrecision m_precision;
    size_t m_windows;
    int64_t m_bytesPerBoundary = 0;
    int64_t m_bytesHeld = 0;
    std::map<int, States> m_kept;
    int m_movable = -1;  // the key of m_kept that may move; 0: none has been placed yet; -1: there is none
    std::vector<float> m_expanded;
};

}  // namespace halftone
