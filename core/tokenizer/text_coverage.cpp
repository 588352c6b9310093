// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/text_coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace halftone {

namespace {

constexpr double kWorthSaying = 0.01;  // rare symbols are lost by many vocabularies and move no figure

/// The first bytes of characters. Tokens may hold parts of characters, so bytes are looked at one by one.
int64_t countCharacters(std::string_view bytes) {
    return std::ranges::count_if(bytes, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > 0x20 && (byte & 0xC0) != 0x80;
    });
}

}  // namespace

double TextCoverage::lostShare() const {
    if (characters <= 0) return 0;
    return std::max(0.0, 1.0 - static_cast<double>(carried) / static_cast<double>(characters));
}

TextCoverage textCoverage(const Tokenizer& tokenizer, std::string_view text, std::span<const TokenId> ids) {
    TextCoverage coverage{.characters = countCharacters(text)};
    for (const TokenId id : ids) coverage.carried += countCharacters(tokenizer.tokenBytes(id));
    return coverage;
}

std::string coverageNote(const TextCoverage& coverage, std::string_view modelName) {
    const double lost = coverage.lostShare();
    if (lost <= kWorthSaying) return {};
    return fmt::format(
        "The vocabulary of {} lacks {:.3g} % of this text's characters, so its figures say little; choose a text of "
        "the kind that the model was made for.",
        modelName, 100 * lost);
}

}  // namespace halftone
