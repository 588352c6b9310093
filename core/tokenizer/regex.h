// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace halftone::tokenization {

/// Bytes [begin, end) of a text.
struct TextRange {
    size_t begin = 0;
    size_t end = 0;
    [[nodiscard]] size_t size() const { return end - begin; }
};

/// A compiled pattern (PCRE2, Unicode, JIT). Immutable; any thread. Match with a RegexMatcher.
class Regex {
  public:
    /// `pattern` in the Oniguruma syntax of tokenizer.json.
    static Result<Regex> compile(std::string_view pattern);
    /// A pattern that matches `text` itself.
    static Result<Regex> literal(std::string_view text);

    /// The pattern as it was given.
    [[nodiscard]] const std::string& pattern() const { return m_pattern; }

  private:
    friend class RegexMatcher;
    static Result<Regex> compilePcre(const std::string& translated, std::string_view original);

    std::string m_pattern;
    std::shared_ptr<const void> m_code;
};

/// Finds matches for one thread. A pattern from a file may be hostile, so each match is limited in steps and memory,
/// and all matches of one matcher together in time.
class RegexMatcher {
  public:
    /// `textBytes`: size of all the text that will be matched; more text is given more time.
    RegexMatcher(const Regex& regex, size_t textBytes);

    /// First match that begins at or after `from`. `subject` must be well-formed UTF-8 and `from` a character boundary.
    Result<std::optional<TextRange>> next(std::string_view subject, size_t from);

  private:
    [[nodiscard]] tl::unexpected<Error> failure(int code) const;

    const Regex& m_regex;
    std::shared_ptr<void> m_matchData;
    std::shared_ptr<void> m_matchContext;
    std::chrono::steady_clock::time_point m_deadline;
    unsigned m_calls = 0;
};

}  // namespace halftone::tokenization
