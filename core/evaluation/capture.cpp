// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/evaluation/evaluate.h"

namespace halftone {

Result<ActivationCapture> captureActivations(Executable& executable, std::span<const TokenId> textTokens,
                                             int64_t contextLength, std::optional<TokenId> bos,
                                             const JobContext& context) {
    if (textTokens.empty()) {
        return makeError(ErrorCode::kInvalidArgument,
                         "The calibration text is empty: there is nothing to collect activations from.");
    }
    const int64_t overhead = bos ? 1 : 0;
    if (contextLength <= overhead)
        return makeError(ErrorCode::kInvalidArgument, "A calibration window needs at least one token of text.");
    HT_TRY(checkContextLength(executable.graph().config, contextLength));
    const auto length = static_cast<int64_t>(textTokens.size());
    const int64_t piece = std::min(contextLength - overhead, length);
    HT_ASSIGN_OR_RETURN(const auto sequence, executable.createSequence(piece + overhead));
    context.start("Collecting activations", length, "tokens");
    ActivationCapture capture;
    std::vector<TokenId> tokens;
    std::vector<float> logProbs;
    for (int64_t begin = 0; begin < length; begin += piece) {
        HT_TRY(context.checkpoint());
        const int64_t count = std::min(piece, length - begin);
        tokens.clear();
        if (bos) tokens.push_back(*bos);
        tokens.insert(tokens.end(), textTokens.begin() + begin, textTokens.begin() + begin + count);
        // Asking for a probability at every position is what makes the head run, whose input belongs to the capture
        // too.
        logProbs.resize(tokens.size());
        ForwardOptions options;
        options.capture = &capture;
        options.targets = tokens;
        options.logProbs = logProbs;
        sequence->truncate(0);
        HT_TRY(executable.forward(*sequence, tokens, options, context));
        context.advance(count);
    }
    return capture;
}

}  // namespace halftone
