// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/word_models.h"

#include <algorithm>

#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr size_t kMaxTokenBytes = 512;  // bounds the search for the longest prefix

size_t characterCount(std::string_view text) {
    return static_cast<size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

}  // namespace

WordPieceModel::WordPieceModel(const Vocabulary& vocabulary, WordPieceOptions options) : m_options(std::move(options)) {
    for (TokenId id = 0; id < vocabulary.size(); ++id) {
        std::string_view text = vocabulary.at(id).text;
        if (text.empty() || text.size() > kMaxTokenBytes) continue;
        m_longestToken = std::max(m_longestToken, text.size());
        const bool starts = m_options.startPrefix.empty() || text.starts_with(m_options.startPrefix);
        const bool continues =
            text.starts_with(m_options.continuingPrefix) && (!starts || m_options.startPrefix.empty());
        if (starts) m_starting.emplace(text.substr(m_options.startPrefix.size()), id);
        if (continues) m_continuing.emplace(text.substr(m_options.continuingPrefix.size()), id);
    }
}

TokenId WordPieceModel::longestPrefix(const Index& index, std::string_view text, size_t& length) const {
    for (length = std::min(text.size(), m_longestToken); length > 0; --length) {
        const bool cutsCharacter = length < text.size() && (static_cast<uint8_t>(text[length]) & 0xC0) == 0x80;
        if (cutsCharacter) continue;
        const auto found = index.find(text.substr(0, length));
        if (found != index.end()) return found->second;
    }
    return -1;
}

void WordPieceModel::tokenize(std::string_view piece, std::vector<TokenId>& out) const {
    const size_t before = out.size();
    const auto giveUp = [&] {
        out.resize(before);
        if (m_options.unknown >= 0) out.push_back(m_options.unknown);
    };
    if (characterCount(piece) > m_options.maxWordCharacters) return giveUp();
    for (size_t position = 0; position < piece.size();) {
        size_t length = 0;
        const TokenId id = longestPrefix(position == 0 ? m_starting : m_continuing, piece.substr(position), length);
        if (id < 0) return giveUp();
        out.push_back(id);
        position += length;
    }
}

}  // namespace halftone::tokenization
