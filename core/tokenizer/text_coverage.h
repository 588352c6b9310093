// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/tokenizer/tokenizer.h"

namespace halftone {

/// How much of a text its tokens carry. Characters that a vocabulary lacks become unknown tokens or vanish, and a
/// perplexity over what is left says nothing about the text. White space is not counted: tokenizers may fold it.
struct TextCoverage {
    int64_t characters = 0;  ///< code points of the text
    int64_t carried = 0;     ///< code points that the tokens spell
    /// Between 0 (nothing lost) and 1. A normalizer that makes two characters of one does not make it negative.
    [[nodiscard]] double lostShare() const;
};

/// `ids` are the tokens of `text`. Any thread.
TextCoverage textCoverage(const Tokenizer& tokenizer, std::string_view text, std::span<const TokenId> ids);

/// A sentence for people where more than 1 % of the text is lost; empty otherwise. `modelName` is how the checkpoint
/// is called.
std::string coverageNote(const TextCoverage& coverage, std::string_view modelName);

}  // namespace halftone
