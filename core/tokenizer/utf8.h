// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace halftone::tokenization {

/// One step of decoding UTF-8 (Unicode 15, table 3-7). A malformed step covers the longest prefix that could have begun
/// a character ("maximal subpart"), so that replacing each one by U+FFFD gives the same text however the bytes arrive.
struct Utf8Step {
    char32_t codePoint = 0xFFFD;
    uint32_t length = 1;
    bool valid = false;
    bool unfinished = false;  ///< malformed only because the text ends here
};

/// Decodes at `position`, which must be inside the text.
[[nodiscard]] Utf8Step decodeUtf8(std::string_view text, size_t position);
void appendUtf8(std::string& text, char32_t codePoint);
[[nodiscard]] bool isWellFormedUtf8(std::string_view text);
/// The text with every malformed step replaced by U+FFFD.
[[nodiscard]] std::string replaceMalformedUtf8(std::string_view text);
/// Length of `text` without the unfinished character at its end, if there is one.
[[nodiscard]] size_t finishedUtf8Length(std::string_view text);

/// The beginning of a text from a file, short enough for a message, and well-formed.
[[nodiscard]] std::string clipText(std::string_view text, size_t maxBytes = 64);

}  // namespace halftone::tokenization
