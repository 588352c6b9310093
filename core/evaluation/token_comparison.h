// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/inference/backend.h"
#include "core/inference/token_prediction.h"

namespace halftone {

/// What two models expected at one place of a text, given the same tokens before it.
struct TokenComparison {
    TokenId token = 0;  ///< that stands there
    TokenPrediction reference, own;
    double kld = 0;  ///< KL(reference || own), nats

    /// Both would say the same.
    [[nodiscard]] bool topAgrees() const { return reference.likeliest.front().id == own.likeliest.front().id; }
};

/// Called with the comparisons of consecutive tokens, in order; the first is of tokens[first]. On the thread that
/// called compareTokens().
using TokenComparisonSink = std::function<void(int64_t first, std::span<const TokenComparison> comparisons)>;

/// Feeds `tokens` to both models (teacher forcing) and compares their predictions of tokens[begin] and all that follow;
/// 1 <= begin < tokens.size(). Memory: TokenPrediction::kMostLikely entries per token and model, and the logits of one
/// segment. Cancelled within 100 ms with kCancelled. kInvalidArgument where `begin` is outside, the text exceeds the
/// models' context or the vocabularies differ in size; kInvalidData where logits are not finite.
Result<std::vector<TokenComparison>> compareTokens(Executable& reference, const ModelRun& own,
                                                   std::span<const TokenId> tokens, int64_t begin,
                                                   const TokenComparisonSink& sink, const JobContext& context);

}  // namespace halftone
