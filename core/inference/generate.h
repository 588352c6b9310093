// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/inference/backend.h"
#include "core/inference/sampler.h"
#include "core/inference/token_prediction.h"

namespace halftone {

struct GenerateOptions {
    int64_t maxTokens = 128;
    SamplingOptions sampling;
    bool stopAtEnd = true;  ///< stop at an end-of-generation token
    /// Integer products where the device has them: what other runtimes do, and several times as fast. The choice of
    /// evaluations is theirs (ForwardOptions), so figures are not touched by it.
    Arithmetic arithmetic = Arithmetic::kInteger;
    RunFormat format{};  ///< of the cache and the activations
};

/// One generated token as it appears.
struct GeneratedToken {
    TokenId id = 0;
    std::string text;            ///< text completed by this token (may be empty)
    TokenPrediction prediction;  ///< of the token, under the untempered distribution
};

enum class StopReason { kMaxTokens, kEndToken, kContextFull, kCancelled };

struct GenerateResult {
    std::vector<TokenId> promptIds;
    std::vector<GeneratedToken> tokens;
    std::string text;
    StopReason reason = StopReason::kMaxTokens;
    double promptSeconds = 0;
    double generateSeconds = 0;
};

/// Runs a prompt and streams the continuation to `onToken` (may be empty) on the calling thread. Cancel keeps what
/// there is. A prompt longer than the context is kInvalidArgument with both lengths in the message.
Result<GenerateResult> generateText(Executable& executable, std::shared_ptr<const Tokenizer> tokenizer,
                                    const std::string& prompt, const GenerateOptions& options,
                                    const std::function<void(const GeneratedToken&)>& onToken,
                                    const JobContext& context);

}  // namespace halftone
