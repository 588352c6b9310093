// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include "core/tokenizer/vocabulary.h"

namespace halftone::tokenization {

/// Ids of the tokens that have a role.
struct SpecialTokens {
    std::optional<TokenId> bos, eos, unknown, padding, separator, classification, mask;
    std::optional<TokenId> endOfTurn;  ///< eot in GGUF
};

/// Tokens that end a generation: eos, end of turn, `further` (generation_config.json), and tokens of control or
/// user-defined type with a text that is known to mean it ("<|im_end|>", "<end_of_turn>", ...). Sorted.
[[nodiscard]] std::vector<TokenId> endOfGenerationTokens(const Vocabulary& vocabulary, const SpecialTokens& special,
                                                         const std::vector<TokenId>& further);
/// The end-of-turn token by its well-known text, if it is not `eos`.
[[nodiscard]] std::optional<TokenId> findEndOfTurn(const Vocabulary& vocabulary, std::optional<TokenId> eos);

}  // namespace halftone::tokenization
