// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/figures.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace halftone {
namespace {

// exp of a mean; the error by the delta method.
Estimate exponential(const Estimate& logarithm) {
    const double value = std::exp(logarithm.mean);
    return {value, value * logarithm.standardError};
}

}  // namespace

Estimate RunningMean::estimate() const {
    if (m_count < 2) return {m_mean, 0};
    const double variance = std::max(0.0, m_sumSquares / double(m_count));
    return {m_mean, std::sqrt(variance / double(m_count - 1))};
}

void RegressionMean::add(double y, double x) {
    ++m_count;
    const double deltaX = x - m_meanX, deltaY = y - m_meanY;
    m_meanX += deltaX / double(m_count);
    m_meanY += deltaY / double(m_count);
    m_squaresX += deltaX * (x - m_meanX);
    m_squaresY += deltaY * (y - m_meanY);
    m_products += deltaX * (y - m_meanY);
}

Estimate RegressionMean::estimate(double wholeMean) const {
    const double slope = m_squaresX > 0 ? m_products / m_squaresX : 1.0;
    const double mean = m_meanY + slope * (wholeMean - m_meanX);
    if (m_count < 2) return {mean, 0};
    const double variance = std::max(0.0, m_squaresY - slope * m_products) / double(m_count);
    return {mean, std::sqrt(variance / double(m_count - 1))};
}

std::string EvaluationResult::conditions() const {
    return runFormat.empty() ? protocol : protocol + ", " + runFormat;
}

FiguresBuilder::FiguresBuilder(const Protocol& protocol, bool hasReference, const RunFormat& format) {
    m_result.protocol = protocol.name();
    m_result.runFormat = format.name();
    if (hasReference) m_result.reference.emplace();
}

void FiguresBuilder::add(const TokenScore& score) {
    m_nll.add(score.nll);
    m_result.tokenNll.push_back(static_cast<float>(score.nll));
    if (!m_result.reference) return;
    m_referenceNll.add(score.referenceNll);
    // The spread of the difference holds both variances and their covariance.
    m_logRatio.add(score.nll - score.referenceNll);
    m_kld.add(score.kld);
    m_kldVariance += score.kldVariance;
    m_agreement.add(score.topAgrees ? 1.0 : 0.0);
    m_result.tokenReferenceNll.push_back(static_cast<float>(score.referenceNll));
    m_result.tokenKld.push_back(static_cast<float>(score.kld));
    m_result.reference->kldMax = std::max(m_result.reference->kldMax, score.kld);
}

void FiguresBuilder::finishWindow(const EvaluationWindow& window, double seconds) {
    m_result.tokens += static_cast<int64_t>(window.tokens.size());
    m_result.scored = m_nll.count();
    ++m_result.windows;
    m_result.seconds = seconds;
    m_result.nll = m_nll.estimate();
    m_result.perplexity = exponential(m_result.nll);
    if (!m_result.reference) return;
    m_result.reference->kld = m_kld.estimate();
    if (m_kld.count() > 0) m_result.reference->storeStandardError = std::sqrt(m_kldVariance) / double(m_kld.count());
    m_result.reference->top1Agreement = m_agreement.estimate();
    m_result.reference->referencePerplexity = exponential(m_referenceNll.estimate());
    m_result.reference->perplexityRatio = exponential(m_logRatio.estimate());
}

EvaluationResult FiguresBuilder::summary() const {
    EvaluationResult summary;
    summary.protocol = m_result.protocol;
    summary.runFormat = m_result.runFormat;
    summary.tokens = m_result.tokens;
    summary.scored = m_result.scored;
    summary.windows = m_result.windows;
    summary.nll = m_result.nll;
    summary.perplexity = m_result.perplexity;
    summary.reference = m_result.reference;
    summary.seconds = m_result.seconds;
    return summary;
}

EvaluationResult FiguresBuilder::finish() {
    if (m_result.reference) m_result.reference->kldPercentiles = computeKldPercentiles(m_result.tokenKld);
    return std::move(m_result);
}

std::string worseThanChanceNote(const EvaluationResult& result, int64_t vocabSize) {
    if (result.scored == 0 || !(result.perplexity.mean > static_cast<double>(vocabSize))) return {};
    return fmt::format(
        "A perplexity above the number of tokens in the vocabulary ({}) is worse than guessing: the model was not made "
        "for texts like this one.",
        vocabSize);
}

KldPercentiles computeKldPercentiles(std::span<const float> values) {
    KldPercentiles out{};
    if (values.empty()) return out;
    std::vector<float> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    for (size_t i = 0; i < out.size(); ++i) {
        const double at = kKldPercentiles[i] / 100.0 * double(sorted.size() - 1);
        const auto lower = static_cast<size_t>(at);
        const size_t upper = std::min(lower + 1, sorted.size() - 1);
        const double fraction = at - double(lower);
        out[i] = double(sorted[lower]) * (1.0 - fraction) + double(sorted[upper]) * fraction;
    }
    return out;
}

}  // namespace halftone
