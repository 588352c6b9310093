// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/error.h"
#include "core/tokenizer/tokenizer.h"

namespace halftone::tokenization {

struct VocabularyEntry {
    std::string text;
    float score = 0.0F;
    TokenType type = TokenType::kUnused;
};

/// Tokens by id and ids by text. Filled once by a reader, then immutable.
class Vocabulary {
  public:
    /// Largest vocabulary that is read; larger ones are errors of the file (the largest in use have some 262,000).
    static constexpr int64_t kMaxSize = 8'000'000;

    /// Sets an entry, growing the table; ids between are unused. Refuses negative ids, and ids far beyond the number of
    /// entries, which a damaged file could use to exhaust memory.
    Status set(int64_t id, VocabularyEntry entry);
    void setType(TokenId id, TokenType type) { m_entries[static_cast<size_t>(id)].type = type; }
    void setScore(TokenId id, float score) { m_entries[static_cast<size_t>(id)].score = score; }
    /// Builds the index by text; of equal texts the first id wins. Call once, after the last set().
    void finish();

    [[nodiscard]] int64_t size() const { return static_cast<int64_t>(m_entries.size()); }
    [[nodiscard]] bool contains(int64_t id) const { return id >= 0 && id < size(); }
    [[nodiscard]] const VocabularyEntry& at(TokenId id) const { return m_entries[static_cast<size_t>(id)]; }
    /// Text of `id`; empty outside the vocabulary.
    [[nodiscard]] std::string_view text(TokenId id) const { return contains(id) ? at(id).text : std::string_view(); }
    [[nodiscard]] std::optional<TokenId> find(std::string_view text) const;
    /// Ids of "<0x00>" ... "<0xFF>"; -1 where missing.
    [[nodiscard]] TokenId byteTokenId(uint8_t byte) const { return m_byteTokens[byte]; }
    [[nodiscard]] bool hasAllByteTokens() const { return m_hasAllByteTokens; }

  private:
    std::vector<VocabularyEntry> m_entries;
    std::unordered_map<std::string_view, TokenId> m_ids;
    std::vector<TokenId> m_byteTokens = std::vector<TokenId>(256, -1);
    bool m_hasAllByteTokens = false;
    int64_t m_setCount = 0;
};

}  // namespace halftone::tokenization
