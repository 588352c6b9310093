// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace halftone {

/// What a whole text loses at its ends compared with its tokens' bytes put together: up to `leading` / `trailing` times
/// `content` (SentencePiece's first space, for example).
struct TextTrim {
    std::string content = " ";
    size_t leading = 0;
    size_t trailing = 0;
};

/// Puts bytes that arrive in parts together to well-formed UTF-8. Holds back what could still change: an unfinished
/// character, and text that would be trimmed if the end came now. Malformed bytes become U+FFFD. Not thread-safe.
class Utf8Assembler {
  public:
    explicit Utf8Assembler(TextTrim trim) : m_trim(std::move(trim)) {}
    /// Text that became certain with these bytes; may be empty.
    [[nodiscard]] std::string push(std::string_view bytes);
    /// The rest. Call once, at the end.
    [[nodiscard]] std::string finish();

  private:
    void trimStart();
    /// Length of what would be trimmed from the end of `text`.
    [[nodiscard]] size_t trailingLength(std::string_view text) const;

    TextTrim m_trim;
    std::string m_pending;
};

}  // namespace halftone
