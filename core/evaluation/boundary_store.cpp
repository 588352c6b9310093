// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/boundary_store.h"

#include <algorithm>
#include <new>
#include <numeric>

#include <fmt/format.h>

#include "core/tensor/float16.h"

namespace halftone {

BoundaryStore::BoundaryStore(std::vector<int64_t> windowTokens, int blockCount, int64_t hiddenWidth,
                             BoundaryPrecision precision, int64_t budgetBytes)
    : m_precision(precision), m_windows(windowTokens.size()) {
    const int64_t tokens = std::accumulate(windowTokens.begin(), windowTokens.end(), int64_t{0});
    const int64_t valueBytes = precision == BoundaryPrecision::kFull ? sizeof(float) : sizeof(uint16_t);
    m_bytesPerBoundary = std::max<int64_t>(1, tokens * hiddenWidth * valueBytes);
    const auto affordable =
        static_cast<int>(std::clamp<int64_t>(budgetBytes / m_bytesPerBoundary, 0, int64_t{blockCount}));
    if (affordable == 0) return;
    // One of the affordable ones may move where that leaves the others some spacing.
    const bool hasMovable = affordable < blockCount && affordable >= 3;
    const int fixed = affordable - (hasMovable ? 1 : 0);
    for (int i = 1; i <= fixed; ++i) m_kept[blockCount * i / fixed].resize(m_windows);
    if (hasMovable) m_movable = 0;
}

std::vector<int> BoundaryStore::boundaries() const {
    std::vector<int> kept;
    for (const auto& entry : m_kept) kept.push_back(entry.first);
    return kept;
}

bool BoundaryStore::keeps(int boundary) const {
    return m_kept.contains(boundary);
}

bool BoundaryStore::keepsAfter(int boundary) const {
    return m_kept.upper_bound(boundary) != m_kept.end();
}

void BoundaryStore::moveTo(int boundary) {
    if (m_movable < 0 || boundary <= 0 || keeps(boundary)) return;
    if (const auto old = m_kept.find(m_movable); old != m_kept.end()) {
        for (const State& state : old->second) {
            m_bytesHeld -=
                static_cast<int64_t>(state.full.size() * sizeof(float) + state.half.size() * sizeof(uint16_t));
        }
        m_kept.erase(old);
    }
    m_kept[boundary].resize(m_windows);
    m_movable = boundary;
}

int BoundaryStore::latest(size_t window, std::span<const uint64_t> signatures) const {
    for (auto entry = m_kept.rbegin(); entry != m_kept.rend(); ++entry) {
        const State& state = entry->second[window];
        if (!state.isEmpty() && state.signature == signatures[static_cast<size_t>(entry->first)]) return entry->first;
    }
    return 0;
}

std::span<const float> BoundaryStore::get(size_t window, int boundary) {
    const State& state = m_kept.at(boundary)[window];
    if (m_precision == BoundaryPrecision::kFull) return state.full;
    m_expanded.resize(state.half.size());
    std::ranges::transform(state.half, m_expanded.begin(), [](uint16_t bits) { return halfToFloat(bits); });
    return m_expanded;
}

Status BoundaryStore::put(size_t window, int boundary, uint64_t signature, std::span<const float> hidden) {
    const auto found = m_kept.find(boundary);
    if (found == m_kept.end()) return {};
    State& state = found->second[window];
    const auto bytesOf = [&] {
        return static_cast<int64_t>(state.full.size() * sizeof(float) + state.half.size() * sizeof(uint16_t));
    };
    m_bytesHeld -= bytesOf();
    try {
        if (m_precision == BoundaryPrecision::kFull) {
            state.full.assign(hidden.begin(), hidden.end());
        } else {
            state.half.resize(hidden.size());
            std::ranges::transform(hidden, state.half.begin(), [](float value) { return floatToHalf(value); });
        }
    } catch (const std::bad_alloc&) {
        state = {};
        return makeError(
            ErrorCode::kOutOfMemory,
            fmt::format("There is not enough memory to keep the states at block {} of {} values; lower the "
                        "memory that the evaluation may take.",
                        boundary, hidden.size()));
    }
    m_bytesHeld += bytesOf();
    state.signature = signature;
    return {};
}

}  // namespace halftone
