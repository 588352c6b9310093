// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/tokenizer/tokenizer.h"

namespace halftone {

struct LikelyToken {
    TokenId id = 0;
    float logProb = 0;  ///< natural log
    bool operator==(const LikelyToken&) const = default;
};

/// What a model expected at a place where a token stands. Its size does not depend on the vocabulary's.
struct TokenPrediction {
    static constexpr size_t kMostLikely = 10;

    float logProb = 0;  ///< natural-log probability of the token that stands there
    int64_t rank = 1;   ///< of that token: 1 is the likeliest; of equals the one of the smaller id is first
    float entropy = 0;  ///< of the whole distribution, nats
    std::vector<LikelyToken> likeliest;  ///< most probable first, kMostLikely of them or the whole vocabulary
};

/// The prediction that a row of logits makes of `id`, which is an index into it. Sums in binary64; the distribution is
/// the untempered one. Logits that are not finite give figures without meaning.
[[nodiscard]] TokenPrediction predictionOf(std::span<const float> logits, TokenId id);

}  // namespace halftone
