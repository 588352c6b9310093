// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

#include "core/inference/backend.h"

namespace halftone {

/// How fast a model reads and writes text. Both parts begin with an empty cache, as other programs measure it: a prompt
/// of `promptTokens` in one go, and `generateTokens` one after the other with the logits of each.
struct SpeedOptions {
    int64_t promptTokens = 512;                    ///< 0: not measured
    int64_t generateTokens = 128;                  ///< 0: not measured
    int repeats = 5;                               ///< that are counted
    bool warmUp = true;                            ///< one run before them that is not
    Arithmetic arithmetic = Arithmetic::kInteger;  ///< what text generation uses
    RunFormat format{};                            ///< of the cache and the activations
};

struct SpeedResult {
    std::vector<double> promptRates, generateRates;  ///< tokens a second, one for each repeat, in order
    /// Of the matrices that a token meets (not the embedding's rows): what bounds generation by memory ...
    int64_t matrixBytes = 0;
    /// ... and prompts by arithmetic: two operations for each weight of the blocks. Attention is not counted, nor the
    /// head, which a prompt meets once.
    double operationsPerPromptToken = 0;
};

/// The middle value (the mean of the two middle ones); 0 for none.
double medianOf(std::vector<double> values);

/// kInvalidArgument where both counts are zero or one exceeds the context. Progress in tokens.
Result<SpeedResult> measureSpeed(Executable& executable, const ModelWeights& weights, const SpeedOptions& options,
                                 const JobContext& context);

}  // namespace halftone
