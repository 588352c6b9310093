// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace halftone::tokenization {

// Character classes and case mappings as tokenizers use them; data from ICU.
[[nodiscard]] bool isWhitespace(char32_t c);        ///< property White_Space
[[nodiscard]] bool isNumber(char32_t c);            ///< general category N*
[[nodiscard]] bool isWordCharacter(char32_t c);     ///< regex \w: Alphabetic, M, Nd, Pc
[[nodiscard]] bool isPunctuation(char32_t c);       ///< ASCII non-alphanumeric printables, and P*
[[nodiscard]] bool isControlCharacter(char32_t c);  ///< Cc, Cf, Cn, Co without tab and line ends
[[nodiscard]] bool isMark(char32_t c);              ///< M*
[[nodiscard]] bool isNonSpacingMark(char32_t c);    ///< Mn
/// The ideograph ranges that BERT surrounds with spaces.
[[nodiscard]] bool isBertIdeograph(char32_t c);

/// Lower case, character by character, without context or language.
[[nodiscard]] std::string toLowerCase(std::string_view text);

enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };
/// Unicode normalization form of well-formed UTF-8.
[[nodiscard]] std::string normalizeUnicode(std::string_view text, UnicodeForm form);

}  // namespace halftone::tokenization
