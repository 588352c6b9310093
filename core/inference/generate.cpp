// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/generate.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace halftone {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

Status checkPrompt(std::span<const TokenId> ids, const ModelConfig& config) {
    if (ids.empty()) {
        return makeError(
            ErrorCode::kInvalidArgument,
            "The prompt is empty, and this model has no token that begins a text; write at least one character.");
    }
    if (static_cast<int64_t>(ids.size()) > config.contextLength) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The prompt has {} tokens, but the model's context holds {}; shorten it.",
                                     ids.size(), config.contextLength));
    }
    return {};
}

bool endsGeneration(const Tokenizer& tokenizer, TokenId id) {
    return std::ranges::find(tokenizer.endOfGeneration(), id) != tokenizer.endOfGeneration().end();
}

/// Draws tokens until something stops it. Errors other than a cancel end the whole generation.
class Generation {
  public:
    Generation(Executable& executable, std::shared_ptr<const Tokenizer> tokenizer, const GenerateOptions& options)
        : m_executable(executable),
          m_tokenizer(tokenizer),
          m_options(options),
          m_sampler(options.sampling),
          m_text(tokenizer) {}

    Status run(GenerateResult& result, const std::function<void(const GeneratedToken&)>& onToken,
               const JobContext& context);

  private:
    Status continueText(GenerateResult& result, const std::function<void(const GeneratedToken&)>& onToken,
                        const JobContext& context);
    Status runTokens(std::span<const TokenId> tokens, const JobContext& context);
    void append(GenerateResult& result, TokenId id, const std::function<void(const GeneratedToken&)>& onToken);

    Executable& m_executable;
    std::shared_ptr<const Tokenizer> m_tokenizer;
    const GenerateOptions& m_options;
    Sampler m_sampler;
    TextStream m_text;
    std::unique_ptr<Sequence> m_sequence;
    std::vector<float> m_logits;
    std::vector<TokenId> m_history;
};

/// Runs the model and keeps the logits of its last position.
Status Generation::runTokens(std::span<const TokenId> tokens, const JobContext& context) {
    ForwardOptions options;
    options.arithmetic = m_options.arithmetic;
    options.logitsEnd = static_cast<int64_t>(tokens.size());
    options.logitsBegin = options.logitsEnd - 1;
    options.logitsSink = [this](int64_t, int64_t, std::span<const float> row) -> Status {
        m_logits.assign(row.begin(), row.end());
        return {};
    };
    return m_executable.forward(*m_sequence, tokens, options, context);
}

void Generation::append(GenerateResult& result, TokenId id, const std::function<void(const GeneratedToken&)>& onToken) {
    GeneratedToken token{id, m_text.push(id), predictionOf(m_logits, id)};
    result.text += token.text;
    result.tokens.push_back(token);
    m_history.push_back(id);
    if (onToken) onToken(token);
}

Status Generation::continueText(GenerateResult& result, const std::function<void(const GeneratedToken&)>& onToken,
                                const JobContext& context) {
    result.reason = StopReason::kMaxTokens;
    while (static_cast<int64_t>(result.tokens.size()) < m_options.maxTokens) {
        if (context.cancelled()) {
            result.reason = StopReason::kCancelled;
            return {};
        }
        const TokenId id = m_sampler.sample(m_logits, m_history);
        if (m_options.stopAtEnd && endsGeneration(*m_tokenizer, id)) {
            result.reason = StopReason::kEndToken;
            return {};
        }
        append(result, id, onToken);
        context.advance(1);
        if (static_cast<int64_t>(result.tokens.size()) == m_options.maxTokens) return {};
        if (m_sequence->position() == m_sequence->capacity()) {
            result.reason = StopReason::kContextFull;
            return {};
        }
        const Status status = runTokens({&id, 1}, context);
        if (!status && status.error().code != ErrorCode::kCancelled) return status;
    }
    return {};
}

Status Generation::run(GenerateResult& result, const std::function<void(const GeneratedToken&)>& onToken,
                       const JobContext& context) {
    const ModelConfig& config = m_executable.graph().config;
    const int64_t wanted = static_cast<int64_t>(result.promptIds.size()) +
                           std::clamp<int64_t>(m_options.maxTokens, 0, config.contextLength);
    HT_ASSIGN_OR_RETURN(m_sequence,
                        m_executable.createSequence(std::min(config.contextLength, wanted), m_options.format));
    m_history = result.promptIds;
    context.start("Generating text", m_options.maxTokens, "tokens");
    const auto promptStart = Clock::now();
    const Status prompt = runTokens(result.promptIds, context);
    result.promptSeconds = secondsSince(promptStart);
    if (!prompt && prompt.error().code == ErrorCode::kCancelled) {
        result.reason = StopReason::kCancelled;
        return {};
    }
    HT_TRY(prompt);
    const auto generateStart = Clock::now();
    HT_TRY(continueText(result, onToken, context));
    result.generateSeconds = secondsSince(generateStart);
    const std::string rest = m_text.finish();
    result.text += rest;
    if (!result.tokens.empty()) result.tokens.back().text += rest;
    return {};
}

}  // namespace

Result<GenerateResult> generateText(Executable& executable, std::shared_ptr<const Tokenizer> tokenizer,
                                    const std::string& prompt, const GenerateOptions& options,
                                    const std::function<void(const GeneratedToken&)>& onToken,
                                    const JobContext& context) {
    GenerateResult result;
    HT_ASSIGN_OR_RETURN(result.promptIds, tokenizer->encode(prompt, {.addSpecial = true, .parseSpecial = true}));
    HT_TRY(checkPrompt(result.promptIds, executable.graph().config));
    HT_TRY(Generation(executable, tokenizer, options).run(result, onToken, context));
    return result;
}

}  // namespace halftone
