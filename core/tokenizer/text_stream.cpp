// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer.h"

namespace halftone {

TextStream::TextStream(std::shared_ptr<const Tokenizer> tokenizer)
    : m_tokenizer(std::move(tokenizer)), m_assembler(m_tokenizer->textTrim()) {}

std::string TextStream::push(TokenId id) {
    return m_assembler.push(m_tokenizer->tokenBytes(id));
}

std::string TextStream::finish() {
    return m_assembler.finish();
}

}  // namespace halftone
