// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/utf8_assembler.h"

#include "core/tokenizer/utf8.h"

namespace halftone {

std::string Utf8Assembler::push(std::string_view bytes) {
    m_pending += bytes;
    trimStart();
    size_t certain = tokenization::finishedUtf8Length(m_pending);
    if (certain == m_pending.size()) certain -= trailingLength(m_pending);
    std::string result = tokenization::replaceMalformedUtf8(std::string_view(m_pending).substr(0, certain));
    m_pending.erase(0, certain);
    return result;
}

std::string Utf8Assembler::finish() {
    m_pending.resize(m_pending.size() - trailingLength(m_pending));
    std::string result = tokenization::replaceMalformedUtf8(m_pending);
    m_pending.clear();
    return result;
}

void Utf8Assembler::trimStart() {
    while (m_trim.leading > 0 && !m_trim.content.empty() && m_pending.starts_with(m_trim.content)) {
        m_pending.erase(0, m_trim.content.size());
        --m_trim.leading;
    }
    if (!m_pending.empty()) m_trim.leading = 0;
}

size_t Utf8Assembler::trailingLength(std::string_view text) const {
    size_t length = 0;
    if (m_trim.content.empty()) return 0;
    for (size_t i = 0; i < m_trim.trailing && text.ends_with(m_trim.content); ++i) {
        text.remove_suffix(m_trim.content.size());
        length += m_trim.content.size();
    }
    return length;
}

}  // namespace halftone
