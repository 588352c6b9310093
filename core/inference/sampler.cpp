// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/sampler.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace halftone {
namespace {

using Candidate = std::pair<float, TokenId>;

/// Descending by logit; equal logits in ascending order of id, so that the order never depends on a sort's whims.
bool isMoreLikely(const Candidate& a, const Candidate& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
}

/// A NaN logit must not reach a comparison: it counts as impossible.
float usable(float logit) {
    return std::isnan(logit) ? -INFINITY : logit;
}

/// Uniform in [0, 1) from the top 53 bits: the same on every standard library.
double uniform(std::mt19937_64& random) {
    return double(random() >> 11) * 0x1p-53;
}

}  // namespace

Sampler::Sampler(const SamplingOptions& options) : m_options(options), m_random(options.seed) {}

TokenId Sampler::sample(std::span<const float> logits, std::span<const TokenId> history) {
    m_candidates.clear();
    for (size_t id = 0; id < logits.size(); ++id)
        m_candidates.emplace_back(usable(logits[id]), static_cast<TokenId>(id));
    if (m_candidates.empty()) return 0;
    if (m_options.repeatPenalty != 1.0 && m_options.repeatPenalty > 0) {
        const auto window = static_cast<size_t>(std::max<int64_t>(m_options.repeatWindow, 0));
        const auto recent = history.last(std::min(window, history.size()));
        for (const TokenId id : std::set<TokenId>(recent.begin(), recent.end())) {
            if (id < 0 || static_cast<size_t>(id) >= m_candidates.size()) continue;
            float& logit = m_candidates[static_cast<size_t>(id)].first;
            const auto penalty = static_cast<float>(m_options.repeatPenalty);
            logit = logit > 0 ? logit / penalty : logit * penalty;
        }
    }
    if (m_options.temperature <= 0) return std::ranges::min_element(m_candidates, isMoreLikely)->second;

    size_t kept = m_candidates.size();
    if (m_options.topK > 0) kept = std::min(kept, static_cast<size_t>(m_options.topK));
    std::ranges::partial_sort(m_candidates, m_candidates.begin() + static_cast<std::ptrdiff_t>(kept), isMoreLikely);
    m_candidates.resize(kept);

    // Weights relative to the most likely candidate; the order of summation is the order of the sort.
    std::vector<double> weights(kept);
    const auto best = double(m_candidates.front().first);
    double total = 0;
    for (size_t i = 0; i < kept; ++i) {
        weights[i] = i == 0 ? 1.0 : std::exp((double(m_candidates[i].first) - best) / m_options.temperature);
        total += weights[i];
    }
    if (m_options.topP < 1.0) {
        double sum = 0;
        size_t count = 0;
        while (count < kept && (count == 0 || sum < m_options.topP * total)) sum += weights[count++];
        kept = count;
    }
    if (m_options.minP > 0) {
        while (kept > 1 && weights[kept - 1] < m_options.minP) --kept;
    }
    total = 0;
    for (size_t i = 0; i < kept; ++i) total += weights[i];
    double left = uniform(m_random) * total;
    for (size_t i = 0; i + 1 < kept; ++i) {
        left -= weights[i];
        if (left < 0) return m_candidates[i].second;
    }
    return m_candidates[kept - 1].second;
}

}  // namespace halftone
