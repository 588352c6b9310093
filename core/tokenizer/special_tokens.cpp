// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/special_tokens.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace halftone::tokenization {
namespace {

constexpr std::array<std::string_view, 7> kEndOfTurnTexts = {
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|end_of_turn|>", "<|eot|>", "<|return|>"};
constexpr std::array<std::string_view, 12> kOtherEndTexts = {"<|endoftext|>",
                                                             "<|end_of_text|>",
                                                             "<EOT>",
                                                             "_<EOT>",
                                                             "<eos>",
                                                             "</s>",
                                                             "<|eom_id|>",
                                                             "<|call|>",
                                                             "<|eos|>",
                                                             "<EOS>",
                                                             "[EOS]",
                                                             "<\xEF\xBD\x9C"
                                                             "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>"};

bool isMarker(TokenType type) {
    return type == TokenType::kControl || type == TokenType::kUserDefined;
}

std::optional<TokenId> findMarker(const Vocabulary& vocabulary, std::string_view text) {
    const auto id = vocabulary.find(text);
    return id && isMarker(vocabulary.at(*id).type) ? id : std::nullopt;
}

}  // namespace

std::optional<TokenId> findEndOfTurn(const Vocabulary& vocabulary, std::optional<TokenId> eos) {
    for (const std::string_view text : kEndOfTurnTexts) {
        const auto id = findMarker(vocabulary, text);
        if (id && id != eos) return id;
    }
    return std::nullopt;
}

std::vector<TokenId> endOfGenerationTokens(const Vocabulary& vocabulary, const SpecialTokens& special,
                                           const std::vector<TokenId>& further) {
    std::vector<TokenId> result;
    const auto add = [&](std::optional<TokenId> id) {
        if (id && vocabulary.contains(*id)) result.push_back(*id);
    };
    add(special.eos);
    add(special.endOfTurn);
    for (const TokenId id : further) add(id);
    for (const std::string_view text : kEndOfTurnTexts) add(findMarker(vocabulary, text));
    for (const std::string_view text : kOtherEndTexts) add(findMarker(vocabulary, text));
    std::ranges::sort(result);
    const auto repeated = std::ranges::unique(result);
    result.erase(repeated.begin(), repeated.end());
    return result;
}

}  // namespace halftone::tokenization
