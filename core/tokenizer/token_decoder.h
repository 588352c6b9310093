// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/tokenizer/tokenizer.h"

namespace halftone::tokenization {

/// From the spelling of one token to the bytes it stands for: steps in order, then what whole texts lose at their ends.
/// Every decoder in use works token by token, which is what makes text appear as it is generated. Immutable; any
/// thread.
class TokenDecoder {
  public:
    using Step = std::function<std::string(std::string)>;

    void addStep(Step step) { m_steps.push_back(std::move(step)); }
    void setTrim(TextTrim trim) { m_trim = std::move(trim); }

    [[nodiscard]] std::string decode(std::string_view tokenText) const;
    [[nodiscard]] const TextTrim& trim() const { return m_trim; }

    // Steps.
    static Step byteLevel();
    static Step byteFallback();
    static Step replaceText(std::string from, std::string to);
    /// WordPiece: `prefix` continues a word, anything else begins one and gets a space in front.
    static Step wordPiece(std::string prefix, bool cleanup);
    /// WordPiece as GGUF spells it: `mark` begins a word and becomes a space, anything else continues one.
    static Step wordStarts(std::string mark);
    /// Drops up to `start` / `stop` times `content` at the ends of the token.
    static Step strip(std::string content, size_t start, size_t stop);

  private:
    std::vector<Step> m_steps;
    TextTrim m_trim;
};

}  // namespace halftone::tokenization
