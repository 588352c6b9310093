// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizer/byte_trie.h"
#include "core/tokenizer/regex.h"
#include "core/tokenizer/tokenizer.h"

namespace halftone::tokenization {

/// A token that is found in the text itself, before the model sees what lies between such tokens.
struct AddedToken {
    TokenId id = 0;
    std::string content;
    bool singleWord = false;  ///< only where no word character touches it
    bool stripLeft = false;   ///< swallows white space in front of it
    bool stripRight = false;  ///< and behind it
    bool normalized = false;  ///< looked for after normalization
    bool special = false;     ///< control token: found only on request
};

/// A stretch of text: an added token, or text between them.
struct TextSegment {
    TextRange range;
    std::optional<TokenId> token;
    bool special = false;
};

/// Splits text at added tokens: leftmost first, of several at one place the longest. Immutable once filled; any thread.
class AddedTokenFinder {
  public:
    void add(AddedToken token);
    [[nodiscard]] std::vector<TextSegment> split(std::string_view text, bool withSpecial) const;
    [[nodiscard]] bool empty() const { return m_tokens.empty(); }

  private:
    [[nodiscard]] const AddedToken* longestAt(std::string_view text, size_t position, bool withSpecial) const;

    std::vector<AddedToken> m_tokens;
    ByteTrie m_plain;    // tokens that are always found
    ByteTrie m_special;  // those found on request
};

}  // namespace halftone::tokenization
