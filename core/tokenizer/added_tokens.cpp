// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/added_tokens.h"

#include "core/tokenizer/unicode_class.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

bool isContinuation(char c) {
    return (static_cast<uint8_t>(c) & 0xC0) == 0x80;
}

// Start of the character that ends at `end`; `end` > 0.
size_t previousCharacter(std::string_view text, size_t end) {
    size_t begin = end - 1;
    while (begin > 0 && end - begin < 4 && isContinuation(text[begin])) --begin;
    return begin;
}

bool touchesWord(std::string_view text, const TextRange& range) {
    if (range.begin > 0 && isWordCharacter(decodeUtf8(text, previousCharacter(text, range.begin)).codePoint))
        return true;
    return range.end < text.size() && isWordCharacter(decodeUtf8(text, range.end).codePoint);
}

size_t skipSpaceLeft(std::string_view text, size_t position, size_t limit) {
    while (position > limit) {
        const size_t begin = previousCharacter(text, position);
        if (begin < limit || !isWhitespace(decodeUtf8(text, begin).codePoint)) break;
        position = begin;
    }
    return position;
}

size_t skipSpaceRight(std::string_view text, size_t position) {
    while (position < text.size()) {
        const Utf8Step step = decodeUtf8(text, position);
        if (!isWhitespace(step.codePoint)) break;
        position += step.length;
    }
    return position;
}

// Index and length of the longest text of `trie` that begins at `position`; index -1: none.
std::pair<int32_t, size_t> longestMatch(const ByteTrie& trie, std::string_view text, size_t position) {
    std::pair<int32_t, size_t> best{-1, 0};
    uint32_t node = ByteTrie::kRoot;
    for (size_t end = position; end < text.size();) {
        node = trie.step(node, text[end++]);
        if (node == ByteTrie::kNoNode) break;
        if (trie.value(node) >= 0) best = {trie.value(node), end - position};
    }
    return best;
}

}  // namespace

void AddedTokenFinder::add(AddedToken token) {
    ByteTrie& trie = token.special ? m_special : m_plain;
    trie.insert(token.content, static_cast<int32_t>(m_tokens.size()));
    m_tokens.push_back(std::move(token));
}

const AddedToken* AddedTokenFinder::longestAt(std::string_view text, size_t position, bool withSpecial) const {
    std::pair<int32_t, size_t> best = longestMatch(m_plain, text, position);
    if (withSpecial) {
        const auto special = longestMatch(m_special, text, position);
        if (special.second > best.second) best = special;
    }
    return best.first < 0 ? nullptr : &m_tokens[static_cast<size_t>(best.first)];
}

std::vector<TextSegment> AddedTokenFinder::split(std::string_view text, bool withSpecial) const {
    std::vector<TextSegment> result;
    const bool anything = !m_plain.empty() || (withSpecial && !m_special.empty());
    size_t covered = 0;
    for (size_t position = 0; anything && position < text.size();) {
        const AddedToken* token = longestAt(text, position, withSpecial);
        if (token == nullptr) {
            ++position;
            continue;
        }
        TextRange range{position, position + token->content.size()};
        position = range.end;
        if (token->singleWord && touchesWord(text, range)) continue;
        if (token->stripLeft) range.begin = skipSpaceLeft(text, range.begin, covered);
        if (token->stripRight) range.end = skipSpaceRight(text, range.end);
        if (range.begin > covered) result.push_back({{covered, range.begin}, std::nullopt, false});
        result.push_back({range, token->id, token->special});
        covered = range.end;
        position = range.end;
    }
    if (covered < text.size()) result.push_back({{covered, text.size()}, std::nullopt, false});
    return result;
}

}  // namespace halftone::tokenization
