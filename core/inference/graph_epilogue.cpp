// SPDX-License-Identifier: GPL-3.0-or-later
// The end of a forward pass: logits of some positions, probabilities of single tokens.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/inference/activation_recorder.h"
#include "core/inference/forward_request.h"
#include "core/inference/graph_run.h"

namespace halftone {
namespace {

/// Positions whose whole logits are computed together, and the most values that may take.
constexpr int64_t kLogitRows = 256;
constexpr int64_t kLogitValues = int64_t{1} << 22;
/// Vocabulary entries per step where only the probability of a target is wanted.
constexpr int64_t kVocabularyTile = 2048;

float logProbability(float logit, const LogSumExp& sum) {
    return static_cast<float>(double(logit) - sum.maximum - std::log(sum.sum));
}

}  // namespace

Status GraphExecutable::runEpilogue(const Run& run) {
    if (run.options.logitsEnd > run.options.logitsBegin)
        HT_TRY(runLogits(run, run.options.logitsBegin, run.options.logitsEnd));
    std::vector<int64_t> positions;
    for (size_t index = 0; index < run.options.targets.size(); ++index) {
        const auto position = static_cast<int64_t>(index);
        const bool done = position >= run.options.logitsBegin && position < run.options.logitsEnd;
        if (run.options.targets[index] >= 0 && !done) positions.push_back(position);
    }
    for (size_t first = 0; first < positions.size(); first += kChunkTokens) {
        const size_t count = std::min<size_t>(kChunkTokens, positions.size() - first);
        HT_TRY(runTargets(run, std::span<const int64_t>(positions).subspan(first, count)));
    }
    return {};
}

/// Runs the epilogue up to the head's input for the hidden states of `positions`.
Status GraphExecutable::runHeadInput(const Run& run, std::span<const int64_t> positions) {
    const int64_t hiddenWidth = width(m_graph->hidden);
    const auto count = static_cast<int64_t>(positions.size());
    growTo(m_gathered, count * hiddenWidth);
    const float* hidden = floatsOf(m_values[static_cast<size_t>(m_graph->hidden)]);
    for (int64_t row = 0; row < count; ++row) {
        std::memcpy(floatsOf(m_gathered) + row * hiddenWidth,
                    hidden + positions[static_cast<size_t>(row)] * hiddenWidth,
                    static_cast<size_t>(hiddenWidth) * sizeof(float));
    }
    const Chunk chunk{0, count, floatsOf(m_gathered)};
    HT_TRY(runOps(run, chunk, epilogueBegin(*m_graph), static_cast<int32_t>(m_graph->ops.size()) - 1));
    if (run.options.capture) {
        const Op& head = m_graph->ops.back();
        const int64_t channels = width(head.in);
        mergeActivations(
            run.options.capture->byWeight[m_graph->weights[static_cast<size_t>(head.weight)].name],
            recordActivations({value(head.in, chunk), static_cast<size_t>(count * channels)}, channels, run.context));
    }
    return {};
}

/// The head, or the part of its rows that `call` is about.
Status GraphExecutable::runHead(const Run& run, const LinearCall& call) {
    const double begin = m_timer ? profileClock() : 0;
    HT_TRY(m_kernels->linear({&call, 1}, run.context));
    if (!m_timer) return {};
    const Op& head = m_graph->ops.back();
    const PackedTensor& whole = m_weights.at(head.weight);
    const double share = static_cast<double>(call.weight->rows) / static_cast<double>(whole.rows);
    const bool isFirst = call.weight->bytes.data() == whole.bytes.data();
    m_timer->note({{&head, 1}, call.tokens, 0, run.format.cache, share, isFirst}, m_weights, begin);
    return {};
}

Status GraphExecutable::runLogits(const Run& run, int64_t begin, int64_t end) {
    const Op& head = m_graph->ops.back();
    const int64_t vocabulary = width(m_graph->logits);
    const int64_t rowsAtOnce = std::clamp<int64_t>(kLogitValues / vocabulary, 8, kLogitRows);
    for (int64_t first = begin; first < end; first += rowsAtOnce) {
        const int64_t count = std::min(rowsAtOnce, end - first);
        std::vector<int64_t> positions(static_cast<size_t>(count));
        for (int64_t row = 0; row < count; ++row) positions[static_cast<size_t>(row)] = first + row;
        HT_TRY(runHeadInput(run, positions));
        growTo(m_logits, count * vocabulary);
        const Chunk chunk{0, count, floatsOf(m_gathered)};
        const LinearCall call{
            &m_weights.at(head.weight), vectorWeight(head.bias), value(head.in, chunk), floatsOf(m_logits), count,
            run.options.arithmetic};
        HT_TRY(runHead(run, call));
        HT_TRY(run.context.checkpoint());
        for (int64_t row = 0; row < count; ++row) {
            const auto index = static_cast<size_t>(first + row);
            if (index >= run.options.targets.size() || run.options.targets[index] < 0) continue;
            const float* logits = floatsOf(m_logits) + row * vocabulary;
            LogSumExp sum;
            m_kernels->accumulateLogSumExp(logits, vocabulary, {&sum, 1}, run.context);
            run.options.logProbs[index] = logProbability(logits[run.options.targets[index]], sum);
        }
        HT_TRY(run.options.logitsSink(first, count, {floatsOf(m_logits), static_cast<size_t>(count * vocabulary)}));
    }
    return {};
}

/// Probabilities of single tokens: the vocabulary passes by tile after tile, a running log-sum-exp per position stays.
Status GraphExecutable::runTargets(const Run& run, std::span<const int64_t> positions) {
    HT_TRY(runHeadInput(run, positions));
    const Op& head = m_graph->ops.back();
    const PackedTensor& weight = m_weights.at(head.weight);
    const auto count = static_cast<int64_t>(positions.size());
    const Chunk chunk{0, count, floatsOf(m_gathered)};
    std::vector<LogSumExp> sums(positions.size());
    std::vector<float> targetLogits(positions.size());
    growTo(m_logits, count * std::min(kVocabularyTile, weight.rows));
    for (int64_t first = 0; first < weight.rows; first += kVocabularyTile) {
        const int64_t tile = std::min(kVocabularyTile, weight.rows - first);
        const PackedTensor part = rowsOf(weight, first, tile);
        const float* bias = head.bias < 0 ? nullptr : vectorWeight(head.bias) + first;
        const LinearCall call{&part, bias, value(head.in, chunk), floatsOf(m_logits), count, run.options.arithmetic};
        HT_TRY(runHead(run, call));
        HT_TRY(run.context.checkpoint());
        const double begin = m_timer ? profileClock() : 0;
        m_kernels->accumulateLogSumExp(floatsOf(m_logits), tile, sums, run.context);
        if (m_timer) m_timer->noteNamed("log-sum-exp", count, begin);
        for (size_t row = 0; row < positions.size(); ++row) {
            const int64_t column = run.options.targets[static_cast<size_t>(positions[row])] - first;
            if (column >= 0 && column < tile)
                targetLogits[row] = floatsOf(m_logits)[static_cast<int64_t>(row) * tile + column];
        }
    }
    for (size_t row = 0; row < positions.size(); ++row) {
        run.options.logProbs[static_cast<size_t>(positions[row])] = logProbability(targetLogits[row], sums[row]);
    }
    return {};
}

}  // namespace halftone
