// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/named_texts.h"

#include <algorithm>

#include <fmt/format.h>

namespace halftone::app {

namespace {
/// What the seed field takes.
constexpr uint64_t kHighestSeed = 2'000'000'000;
}  // namespace

bool NamedTexts::isGreedy(const SamplingOptions& sampling) {
    return sampling.temperature <= 0 || sampling.topK == 1;
}

std::string NamedTexts::keyOf(const std::string& prompt, const SamplingOptions& sampling) {
    if (isGreedy(sampling))
        return fmt::format("greedy/{}/{}/{}", sampling.repeatPenalty, sampling.repeatWindow, prompt);
    return fmt::format("{}/{}/{}/{}/{}/{}/{}/{}", sampling.temperature, sampling.topK, sampling.topP, sampling.minP,
                       sampling.repeatPenalty, sampling.repeatWindow, sampling.seed, prompt);
}

void NamedTexts::add(const std::string& prompt, const SamplingOptions& sampling) {
    m_settings.insert(keyOf(prompt, sampling));
}

void NamedTexts::add(const std::string& prompt, std::span<const TokenId> text) {
    if (!text.empty()) m_texts[prompt].insert({text.begin(), text.end()});
}

std::optional<uint64_t> NamedTexts::freshSeed(const std::string& prompt, SamplingOptions sampling) const {
    if (!m_settings.contains(keyOf(prompt, sampling))) return sampling.seed;
    if (isGreedy(sampling)) return std::nullopt;
    // Fewer texts have been shown than there are seeds.
    while (m_settings.contains(keyOf(prompt, sampling)))
        sampling.seed = sampling.seed < kHighestSeed ? sampling.seed + 1 : 0;
    return sampling.seed;
}

bool NamedTexts::contains(const std::string& prompt, std::span<const TokenId> text) const {
    const auto texts = m_texts.find(prompt);
    if (texts == m_texts.end() || text.empty()) return false;
    return std::ranges::any_of(texts->second, [&](const auto& shown) {
        const size_t common = std::min(shown.size(), text.size());
        return std::ranges::equal(std::span(shown).first(common), text.first(common));
    });
}

void NamedTexts::clear() {
    m_settings.clear();
    m_texts.clear();
}

}  // namespace halftone::app
