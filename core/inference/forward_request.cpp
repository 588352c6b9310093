// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/forward_request.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace halftone {
namespace {

// Rotary positions have no end; evaluations run windows longer than the model was trained on and say so.
constexpr int64_t kLongestRotarySequence = 131072;

Status checkTokens(const ModelGraph& graph, std::span<const TokenId> tokens, const ForwardOptions& options) {
    if (!options.hiddenIn.empty()) return {};
    for (size_t index = 0; index < tokens.size(); ++index) {
        if (tokens[index] >= 0 && tokens[index] < graph.config.vocabSize) continue;
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format(
                "Token {} of the input is {}, but the model's vocabulary has {} entries; the tokenizer does not "
                "belong to this model.",
                index, tokens[index], graph.config.vocabSize));
    }
    return {};
}

Status checkStart(const ModelGraph& graph, int64_t tokenCount, const ForwardOptions& options) {
    if (options.firstBlock < 0 || options.firstBlock > graph.config.blockCount) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The run was to start at block {}, but the model has {} blocks.",
                                     options.firstBlock, graph.config.blockCount));
    }
    if (options.hiddenIn.empty() && options.firstBlock == 0) return {};
    const int64_t needed = tokenCount * graph.values[static_cast<size_t>(graph.hidden)].width;
    if (static_cast<int64_t>(options.hiddenIn.size()) == needed) return {};
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("The run was to start at block {} with {} hidden values, but {} tokens need {}.",
                                 options.firstBlock, options.hiddenIn.size(), tokenCount, needed));
}

Status checkReduction(const ForwardOptions& options) {
    if (!options.reduction) return {};
    const RowReduction& reduction = *options.reduction;
    const auto rows = std::ranges::count_if(options.targets, [](TokenId target) { return target >= 0; });
    const auto fits = [&](const LogitRows* kept) {
        return !kept || (reduction.firstKept >= 0 && rows <= kept->capacity() - reduction.firstKept);
    };
    const bool wantsLogits = options.logitsBegin != options.logitsEnd;
    const auto picked = static_cast<size_t>(rows * reduction.idsPerRow);
    if (!wantsLogits && reduction.figures.size() >= options.targets.size() && fits(reduction.keep) &&
        fits(reduction.compareWith) && reduction.ids.size() == picked && reduction.logits.size() >= picked)
        return {};
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("Figures of {} rows of logits were asked for without room for them, or together with "
                                 "the logits.",
                                 rows));
}

Status checkOutputs(const ModelGraph& graph, int64_t tokenCount, const ForwardOptions& options) {
    const bool wantsLogits = options.logitsBegin != options.logitsEnd;
    if (wantsLogits &&
        (options.logitsBegin < 0 || options.logitsEnd < options.logitsBegin || options.logitsEnd > tokenCount)) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("Logits of the positions {} to {} were asked for, but the call has {} tokens.",
                                     options.logitsBegin, options.logitsEnd, tokenCount));
    }
    if (wantsLogits && !options.logitsSink) {
        return makeError(ErrorCode::kInvalidArgument, "Logits were asked for without a receiver for them.");
    }
    const bool wantsLogProbs = !options.targets.empty();
    const bool needsLogProbs = wantsLogProbs && !options.reduction;
    if (wantsLogProbs && (static_cast<int64_t>(options.targets.size()) > tokenCount ||
                          (needsLogProbs && options.logProbs.size() < options.targets.size()))) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format(
                "Probabilities of {} targets were asked for, but the call has {} tokens and room for {} results.",
                options.targets.size(), tokenCount, options.logProbs.size()));
    }
    for (const TokenId target : options.targets) {
        if (target < graph.config.vocabSize) continue;
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The target token {} is outside the vocabulary of {} entries.", target,
                                     graph.config.vocabSize));
    }
    HT_TRY(checkReduction(options));
    if ((wantsLogits || wantsLogProbs) && graph.logits < 0) {
        return makeError(ErrorCode::kInvalidArgument, "Logits were asked for, but this graph computes none.");
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<LogitRows>> Executable::createLogitRows(int64_t) {
    return makeError(ErrorCode::kUnsupported, "Rows of logits are not kept on this device.");
}

Status Executable::profileInto(OpProfile* profile) {
    if (!profile) return {};
    return makeError(ErrorCode::kUnsupported, "This engine cannot tell how long its operations take.");
}

Status Executable::forwardTogether(std::span<const SequenceInput> inputs, const JobContext& context) {
    HT_TRY(checkDistinctSequences(inputs));
    std::vector<int64_t> before;
    for (const SequenceInput& input : inputs) before.push_back(input.sequence->position());
    for (const SequenceInput& input : inputs) {
        Status status = forward(*input.sequence, input.tokens, input.options, context);
        if (status) continue;
        for (size_t i = 0; i < inputs.size(); ++i) inputs[i].sequence->truncate(before[i]);
        return status;
    }
    return {};
}

Status checkDistinctSequences(std::span<const SequenceInput> inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            if (inputs[i].sequence != inputs[j].sequence) continue;
            return makeError(ErrorCode::kInvalidArgument,
                             fmt::format("Inputs {} and {} of one call name the same sequence.", j, i));
        }
    }
    return {};
}

Status checkForwardArguments(const ModelGraph& graph, const Sequence& sequence, std::span<const TokenId> tokens,
                             const ForwardOptions& options) {
    const auto tokenCount = static_cast<int64_t>(tokens.size());
    if (tokenCount == 0) return makeError(ErrorCode::kInvalidArgument, "There are no tokens to run.");
    if (tokenCount > sequence.capacity() - sequence.position()) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("{} more tokens do not fit: the sequence holds {} of at most {}.", tokenCount,
                                     sequence.position(), sequence.capacity()));
    }
    HT_TRY(checkTokens(graph, tokens, options));
    HT_TRY(checkStart(graph, tokenCount, options));
    return checkOutputs(graph, tokenCount, options);
}

Status checkSequenceCapacity(const ModelGraph& graph, int64_t capacity) {
    const ModelConfig& config = graph.config;
    const bool isRotary = config.ropeStyle != RopeStyle::kNone;
    const int64_t longest = isRotary ? std::max(config.contextLength, kLongestRotarySequence) : config.contextLength;
    if (capacity >= 1 && capacity <= longest) return {};
    return makeError(
        ErrorCode::kInvalidArgument,
        fmt::format("A sequence of {} tokens was asked for; the model's context allows 1 to {}.", capacity, longest));
}

int32_t epilogueBegin(const ModelGraph& graph) {
    return graph.blockBegin.empty() ? static_cast<int32_t>(graph.ops.size()) : graph.blockBegin.back();
}

}  // namespace halftone
