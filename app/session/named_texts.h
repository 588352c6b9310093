// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/inference/sampler.h"

namespace halftone::app {

/// Which texts a person has seen with the name of the model that wrote them: a vote on one of them would not be blind.
/// The original writes the same text to the same prompt whatever the recipe is, so recipes do not count. GUI thread.
class NamedTexts {
  public:
    /// Whether a seed changes the text.
    [[nodiscard]] static bool isGreedy(const SamplingOptions& sampling);

    /// Texts of this prompt are shown with their names.
    void add(const std::string& prompt, const SamplingOptions& sampling);
    void add(const std::string& prompt, std::span<const TokenId> text);
    /// The seed, or the next one whose texts have not been shown; nullopt: every seed gives texts that have been.
    [[nodiscard]] std::optional<uint64_t> freshSeed(const std::string& prompt, SamplingOptions sampling) const;
    /// Whether a text, or the beginning of one, has been shown.
    [[nodiscard]] bool contains(const std::string& prompt, std::span<const TokenId> text) const;
    void clear();

  private:
    static std::string keyOf(const std::string& prompt, const SamplingOptions& sampling);

    std::set<std::string> m_settings;
    std::map<std::string, std::set<std::vector<TokenId>>> m_texts;  ///< by prompt
};

}  // namespace halftone::app
