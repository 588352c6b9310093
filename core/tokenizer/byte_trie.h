// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/tokenizer/flat_map.h"

namespace halftone::tokenization {

/// Prefix tree over bytes with one int32 value per stored text. Texts longer than kMaxTextBytes are left out, which
/// bounds the time of a walk whatever a file says.
class ByteTrie {
  public:
    static constexpr size_t kMaxTextBytes = 1024;
    static constexpr uint32_t kNoNode = 0;
    static constexpr uint32_t kRoot = 1;

    /// Later values replace earlier ones. Empty and overlong texts are ignored.
    void insert(std::string_view text, int32_t value) {
        if (text.empty() || text.size() > kMaxTextBytes) return;
        uint32_t node = kRoot;
        for (char c : text) {
            const uint64_t key = edge(node, c);
            const auto next = static_cast<uint32_t>(m_values.size());
            if (m_edges.insert(key, next)) m_values.push_back(-1);
            node = *m_edges.find(key);
        }
        m_values[node] = value;
    }

    /// The node one byte further down, or kNoNode.
    [[nodiscard]] uint32_t step(uint32_t node, char byte) const {
        const uint32_t* next = m_edges.find(edge(node, byte));
        return next ? *next : kNoNode;
    }
    /// The value of the text that ends at `node`, or -1.
    [[nodiscard]] int32_t value(uint32_t node) const { return m_values[node]; }
    [[nodiscard]] bool empty() const { return m_values.size() <= 2; }

  private:
    static uint64_t edge(uint32_t node, char byte) { return (uint64_t{node} << 8) | static_cast<unsigned char>(byte); }

    FlatMap<uint32_t> m_edges;
    std::vector<int32_t> m_values = std::vector<int32_t>(2, -1);
};

}  // namespace halftone::tokenization
