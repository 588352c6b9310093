// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/vocabulary.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/tokenizer/byte_alphabet.h"
#include "core/tokenizer/utf8.h"

namespace halftone::tokenization {
namespace {

constexpr int64_t kMaxGap = 1'000'000;

}  // namespace

Status Vocabulary::set(int64_t id, VocabularyEntry entry) {
    if (id < 0 || id >= kMaxSize || id > m_setCount + kMaxGap) {
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("The vocabulary gives the token \"{}\" the id {}, which is outside the possible range.",
                        clipText(entry.text), id));
    }
    if (id >= size()) m_entries.resize(static_cast<size_t>(id) + 1);
    m_entries[static_cast<size_t>(id)] = std::move(entry);
    ++m_setCount;
    return {};
}

void Vocabulary::finish() {
    m_ids.clear();
    m_ids.reserve(m_entries.size());
    for (size_t id = 0; id < m_entries.size(); ++id) {
        const std::string& text = m_entries[id].text;
        if (!text.empty()) m_ids.emplace(text, static_cast<TokenId>(id));
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
        m_byteTokens[byte] = find(byteToken(static_cast<uint8_t>(byte))).value_or(-1);
    }
    m_hasAllByteTokens = std::ranges::none_of(m_byteTokens, [](TokenId id) { return id < 0; });
}

std::optional<TokenId> Vocabulary::find(std::string_view text) const {
    const auto found = m_ids.find(text);
    if (found == m_ids.end()) return std::nullopt;
    return found->second;
}

}  // namespace halftone::tokenization
