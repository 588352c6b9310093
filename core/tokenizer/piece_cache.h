// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/tokenizer/tokenizer.h"

namespace halftone::tokenization {

/// Remembers the ids of short pieces. Any thread; sharded, so that threads seldom wait for each other. When a shard is
/// full it keeps what it has: the frequent pieces come early.
class PieceCache {
  public:
    static constexpr size_t kMaxPieceBytes = 64;

    /// Appends the ids of `piece` if it is known.
    bool find(std::string_view piece, std::vector<TokenId>& out) const;
    void insert(std::string_view piece, const TokenId* ids, size_t count);

  private:
    static constexpr size_t kShardCount = 16;
    static constexpr size_t kMaxShardEntries = 8192;
    struct TextHash {
        using is_transparent = void;
        size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<std::string, std::vector<TokenId>, TextHash, std::equal_to<>> entries;
    };
    [[nodiscard]] static size_t shardOf(std::string_view piece) { return (TextHash()(piece) >> 7) % kShardCount; }

    std::array<Shard, kShardCount> m_shards;
};

}  // namespace halftone::tokenization
