// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/speed.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace halftone {

namespace {

/// Ids all over the vocabulary: neighbours would find their embedding rows in the caches.
std::vector<TokenId> someTokens(int64_t count, int64_t vocabSize) {
    constexpr int64_t kStride = 7919;  // a prime
    std::vector<TokenId> tokens(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) tokens[static_cast<size_t>(i)] = static_cast<TokenId>(i * kStride % vocabSize);
    return tokens;
}

Status checkOptions(const SpeedOptions& options, const ModelConfig& config) {
    if (options.promptTokens < 0 || options.generateTokens < 0 || options.repeats < 1 ||
        options.promptTokens + options.generateTokens == 0) {
        return makeError(ErrorCode::kInvalidArgument,
                         "Measuring speed needs at least one token to read or to write, and one run.");
    }
    const int64_t longest = std::max(options.promptTokens, options.generateTokens);
    if (longest <= config.contextLength) return {};
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("{} tokens are longer than the model's context of {}; measure with fewer.", longest,
                                 config.contextLength));
}

/// Reads tokens into an empty cache, the logits of the last one of each piece included.
class SpeedRun {
  public:
    SpeedRun(Executable& executable, Sequence& sequence, Arithmetic arithmetic)
        : m_executable(executable), m_sequence(sequence), m_arithmetic(arithmetic) {}

    /// Tokens a second where `piece` tokens go in at once.
    Result<double> rate(std::span<const TokenId> tokens, int64_t piece, const JobContext& context) {
        m_sequence.truncate(0);
        const auto start = std::chrono::steady_clock::now();
        for (size_t at = 0; at < tokens.size(); at += static_cast<size_t>(piece)) {
            HT_TRY(context.checkpoint());
            HT_TRY(forward(tokens.subspan(at, std::min(static_cast<size_t>(piece), tokens.size() - at)), context));
        }
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        context.advance(std::ssize(tokens));
        return static_cast<double>(tokens.size()) / std::max(passed.count(), 1e-9);
    }

  private:
    Status forward(std::span<const TokenId> tokens, const JobContext& context) {
        ForwardOptions options;
        options.arithmetic = m_arithmetic;
        options.logitsEnd = std::ssize(tokens);
        options.logitsBegin = options.logitsEnd - 1;
        options.logitsSink = [](int64_t, int64_t, std::span<const float>) -> Status { return {}; };
        JobContext quiet = context;
        quiet.progress = nullptr;  // counted in whole runs
        return m_executable.forward(m_sequence, tokens, options, quiet);
    }

    Executable& m_executable;
    Sequence& m_sequence;
    Arithmetic m_arithmetic;
};

/// Matrices that tokens are multiplied by; one that several operations share counts once in bytes.
void countWork(const ModelGraph& graph, const ModelWeights& weights, SpeedResult& result) {
    std::set<WeightId> counted;
    for (const Op& op : graph.ops) {
        if (op.kind != OpKind::kLinear) continue;
        const WeightSlot& slot = graph.weights[static_cast<size_t>(op.weight)];
        if (op.out != graph.logits) {
            result.operationsPerPromptToken += 2.0 * static_cast<double>(slot.rows) * static_cast<double>(slot.cols);
        }
        if (counted.insert(op.weight).second) result.matrixBytes += std::ssize(weights.at(op.weight).bytes);
    }
}

}  // namespace

double medianOf(std::vector<double> values) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    const size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Result<DeviceRates> Backend::measureRates(const JobContext&) {
    return makeError(ErrorCode::kUnsupported, fmt::format("How fast {} could be at most is not known.", name()));
}

Result<SpeedResult> measureSpeed(Executable& executable, const ModelWeights& weights, const SpeedOptions& options,
                                 const JobContext& context) {
    const ModelGraph& graph = executable.graph();
    HT_TRY(checkOptions(options, graph.config));
    SpeedResult result;
    countWork(graph, weights, result);
    HT_ASSIGN_OR_RETURN(
        const auto sequence,
        executable.createSequence(std::max(options.promptTokens, options.generateTokens), options.format));
    const auto prompt = someTokens(options.promptTokens, graph.config.vocabSize);
    const auto generated = someTokens(options.generateTokens, graph.config.vocabSize);
    SpeedRun run(executable, *sequence, options.arithmetic);
    const int uncounted = options.warmUp ? 1 : 0;
    context.start("Measuring speed", (uncounted + options.repeats) * (std::ssize(prompt) + std::ssize(generated)),
                  "tokens");
    for (int repeat = 0; repeat < uncounted + options.repeats; ++repeat) {
        const bool counts = repeat >= uncounted;  // the first run finds cold caches and builds pipelines
        if (!prompt.empty()) {
            HT_ASSIGN_OR_RETURN(const double rate, run.rate(prompt, std::ssize(prompt), context));
            if (counts) result.promptRates.push_back(rate);
        }
        if (generated.empty()) continue;
        HT_ASSIGN_OR_RETURN(const double rate, run.rate(generated, 1, context));
        if (counts) result.generateRates.push_back(rate);
    }
    return result;
}

}  // namespace halftone
