// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/token_prediction.h"

#include <algorithm>
#include <cmath>

namespace halftone {
namespace {

/// The largest logits, largest first. Insertion keeps its hold on rows that are not finite, where sorting would not.
std::vector<LikelyToken> largestOf(std::span<const float> logits) {
    std::vector<LikelyToken> best;
    best.reserve(TokenPrediction::kMostLikely + 1);
    for (size_t i = 0; i < logits.size(); ++i) {
        if (best.size() == TokenPrediction::kMostLikely && !(logits[i] > best.back().logProb)) continue;
        auto at = best.end();
        while (at != best.begin() && logits[i] > std::prev(at)->logProb) --at;
        best.insert(at, {static_cast<TokenId>(i), logits[i]});
        if (best.size() > TokenPrediction::kMostLikely) best.pop_back();
    }
    return best;
}

}  // namespace

TokenPrediction predictionOf(std::span<const float> logits, TokenId id) {
    TokenPrediction prediction;
    prediction.likeliest = largestOf(logits);
    const double largest = double(prediction.likeliest.front().logProb);
    const float own = logits[static_cast<size_t>(id)];
    // The logits are shifted by the largest, so that no exponential overflows.
    double sum = 0, weighted = 0;
    for (size_t i = 0; i < logits.size(); ++i) {
        const double shifted = double(logits[i]) - largest;
        const double mass = std::exp(shifted);
        sum += mass;
        weighted += mass * shifted;
        if (logits[i] > own || (logits[i] == own && i < static_cast<size_t>(id))) ++prediction.rank;
    }
    const double logSum = std::log(sum);
    prediction.logProb = static_cast<float>(double(own) - largest - logSum);
    prediction.entropy = static_cast<float>(std::max(0.0, logSum - weighted / sum));
    for (LikelyToken& token : prediction.likeliest)
        token.logProb = static_cast<float>(double(token.logProb) - largest - logSum);
    return prediction;
}

}  // namespace halftone
