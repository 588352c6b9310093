// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/text_overlap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace halftone {
namespace {

using Counts = std::map<std::vector<TokenId>, int64_t>;

Counts countRuns(std::span<const TokenId> text, size_t length) {
    Counts counts;
    for (size_t begin = 0; begin + length <= text.size(); ++begin) {
        const auto run = text.subspan(begin, length);
        ++counts[std::vector<TokenId>(run.begin(), run.end())];
    }
    return counts;
}

int64_t clippedMatches(const Counts& reference, const Counts& candidate) {
    int64_t matches = 0;
    for (const auto& [run, count] : candidate) {
        const auto found = reference.find(run);
        if (found != reference.end()) matches += std::min(count, found->second);
    }
    return matches;
}

// Length of the longest common subsequence, line by line.
int64_t commonLength(std::span<const TokenId> a, std::span<const TokenId> b) {
    std::vector<int64_t> line(b.size() + 1, 0);
    for (const TokenId token : a) {
        int64_t diagonal = 0;
        for (size_t i = 0; i < b.size(); ++i) {
            const int64_t above = line[i + 1];
            line[i + 1] = token == b[i] ? diagonal + 1 : std::max(above, line[i]);
            diagonal = above;
        }
    }
    return line.back();
}

}  // namespace

void TextOverlap::add(std::span<const TokenId> reference, std::span<const TokenId> candidate) {
    for (size_t order = 0; order < kOrders; ++order) {
        m_matches[order] += clippedMatches(countRuns(reference, order + 1), countRuns(candidate, order + 1));
        m_totals[order] += std::max<int64_t>(0, int64_t(candidate.size()) - int64_t(order));
    }
    m_referenceTokens += int64_t(reference.size());
    m_candidateTokens += int64_t(candidate.size());
    ++m_pairs;
    const auto lengths = double(reference.size() + candidate.size());
    // 2PR / (P + R) with P = common / candidate and R = common / reference; two empty texts are the same.
    m_rougeSum += lengths > 0 ? 2.0 * double(commonLength(reference, candidate)) / lengths : 1.0;
}

double TextOverlap::bleu() const {
    double logSum = 0, smoothing = 1;
    int64_t orders = 0;
    for (size_t order = 0; order < kOrders && m_totals[order] > 0; ++order) {
        double matches = double(m_matches[order]);
        if (m_matches[order] == 0) matches = smoothing /= 2;
        logSum += std::log(matches / double(m_totals[order]));
        ++orders;
    }
    if (orders == 0 || m_matches[0] == 0) return 0;
    const double brevity = m_candidateTokens >= m_referenceTokens
                               ? 1.0
                               : std::exp(1.0 - double(m_referenceTokens) / double(m_candidateTokens));
    return brevity * std::exp(logSum / double(orders));
}

double TextOverlap::rougeL() const {
    return m_pairs > 0 ? m_rougeSum / double(m_pairs) : 0;
}

}  // namespace halftone
