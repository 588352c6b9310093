// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/piece_cache.h"

namespace halftone::tokenization {

bool PieceCache::find(std::string_view piece, std::vector<TokenId>& out) const {
    const Shard& shard = m_shards[shardOf(piece)];
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(piece);
    if (found == shard.entries.end()) return false;
    out.insert(out.end(), found->second.begin(), found->second.end());
    return true;
}

void PieceCache::insert(std::string_view piece, const TokenId* ids, size_t count) {
    Shard& shard = m_shards[shardOf(piece)];
    const std::lock_guard lock(shard.mutex);
    if (shard.entries.size() >= kMaxShardEntries) return;
    shard.entries.emplace(piece, std::vector<TokenId>(ids, ids + count));
}

}  // namespace halftone::tokenization
