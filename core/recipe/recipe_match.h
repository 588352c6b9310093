// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

#include "core/recipe/recipe.h"

namespace halftone {

/// A rule's conditions made ready to be asked about many tensors; the regular expression is compiled once.
/// Not thread-safe (the match data is reused).
class CompiledMatch {
  public:
    explicit CompiledMatch(const RuleMatch& match);
    ~CompiledMatch();
    CompiledMatch(CompiledMatch&&) noexcept;
    CompiledMatch& operator=(CompiledMatch&&) noexcept;

    /// Why the rule can match nothing, as the rest of a sentence ("the regular expression ... "); empty where all is
    /// well. A limit that was hit while matching appears here afterwards.
    [[nodiscard]] const std::string& error() const { return m_error; }
    [[nodiscard]] bool matches(const TensorInfo& tensor);

  private:
    struct Regex;
    [[nodiscard]] bool regexMatches(const std::string& name);

    RuleMatch m_match;
    std::unique_ptr<Regex> m_regex;
    std::string m_error;
};

}  // namespace halftone
