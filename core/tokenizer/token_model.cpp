// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/token_model.h"

#include <algorithm>

#include "core/tokenizer/vocabulary.h"

namespace halftone::tokenization {

void UnknownWriter::unknown(std::string_view text) {
    const auto hasByteToken = [this](char c) { return m_vocabulary.byteTokenId(static_cast<uint8_t>(c)) >= 0; };
    if (m_policy.byteFallback && std::ranges::all_of(text, hasByteToken)) {
        for (char c : text) known(m_vocabulary.byteTokenId(static_cast<uint8_t>(c)));
        return;
    }
    if (m_policy.unknown < 0 || (m_policy.fuse && m_afterUnknown)) return;
    m_out.push_back(m_policy.unknown);
    m_afterUnknown = true;
}

}  // namespace halftone::tokenization
