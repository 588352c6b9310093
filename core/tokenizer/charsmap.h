// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace halftone::tokenization {

/// SentencePiece's precompiled normalization table: a double-array trie over UTF-8 bytes whose values point at
/// NUL-terminated replacements. The longest stored prefix at each position is replaced. Immutable; any thread.
/// Layout: u32 L (little endian), L bytes of u32 trie units, replacements. All indices are checked while walking.
class Charsmap {
  public:
    static Result<Charsmap> parse(std::string bytes);

    /// One replacement step at a position inside well-formed UTF-8.
    struct Step {
        std::string_view replacement;
        size_t consumedBytes = 0;  ///< 0: nothing stored begins here
    };
    [[nodiscard]] Step match(std::string_view text) const;
    /// Whole text normalized.
    [[nodiscard]] std::string apply(std::string_view text) const;
    /// The table as it is stored in files.
    [[nodiscard]] const std::string& bytes() const { return m_bytes; }

  private:
    [[nodiscard]] uint32_t unit(size_t index) const { return index < m_units.size() ? m_units[index] : 0; }

    std::string m_bytes;
    std::vector<uint32_t> m_units;
    size_t m_replacementsBegin = 0;
};

}  // namespace halftone::tokenization
