// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/reference_rows.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <numeric>

#include <fmt/format.h>

#include "core/evaluation/logit_math.h"

namespace halftone {
namespace {

/// A rest below this has no part in any figure; it keeps quotients of two rests defined.
constexpr double kSmallestRest = 1e-12;

/// A number in [0, 1) that depends on the row alone, so that a reference is the same whenever it is made
/// (Steele et al. 2014, splitmix64).
double offsetOf(int64_t row) {
    uint64_t z = (static_cast<uint64_t>(row) + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return double((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/// Ids of the `count` largest values, largest first, the first of equals first.
std::vector<uint32_t> largestOf(std::span<const float> values, int64_t count) {
    // The least of those kept lies at the front.
    const auto before = [&](uint32_t a, uint32_t b) {
        return values[a] > values[b] || (values[a] == values[b] && a < b);
    };
    std::vector<uint32_t> heap;
    heap.reserve(static_cast<size_t>(count));
    for (uint32_t id = 0; id < values.size(); ++id) {
        if (heap.size() < static_cast<size_t>(count)) {
            heap.push_back(id);
            std::push_heap(heap.begin(), heap.end(), before);
        } else if (values[id] > values[heap.front()]) {
            std::pop_heap(heap.begin(), heap.end(), before);
            heap.back() = id;
            std::push_heap(heap.begin(), heap.end(), before);
        }
    }
    std::sort_heap(heap.begin(), heap.end(), before);
    return heap;
}

}  // namespace

ReferenceRows::ReferenceRows(int64_t vocabSize, const ReferenceStoreOptions& options)
    : m_vocabSize(vocabSize),
      m_exact(std::clamp<int64_t>(options.exactTokens, 1, vocabSize)),
      m_sampled(std::clamp<int64_t>(options.sampledTokens, 0, vocabSize - m_exact)) {
    // Twice the room buys the end of all estimates.
    if (m_vocabSize > 4 * kept()) return;
    m_exact = m_vocabSize;
    m_sampled = 0;
}

int64_t ReferenceRows::bytesPerRow() const {
    const auto perToken = static_cast<int64_t>(sizeof(float) + (isWhole() ? 0 : sizeof(uint32_t)));
    return static_cast<int64_t>(sizeof(double)) + kept() * perToken;
}

Status ReferenceRows::resize(int64_t rows) {
    try {
        m_normalizers.resize(static_cast<size_t>(rows));
        m_logits.resize(static_cast<size_t>(rows * kept()));
        if (!isWhole()) m_ids.resize(static_cast<size_t>(rows * kept()), kNoToken);
    } catch (const std::bad_alloc&) {
        return makeError(ErrorCode::kOutOfMemory,
                         fmt::format("There is not enough memory to keep the original's distributions of {} positions "
                                     "({} bytes each); evaluate fewer windows.",
                                     rows, bytesPerRow()));
    }
    return {};
}

std::span<const float> ReferenceRows::rowLogits(int64_t row) const {
    return std::span(m_logits).subspan(static_cast<size_t>(row * kept()), static_cast<size_t>(kept()));
}

std::span<const uint32_t> ReferenceRows::rowIds(int64_t row) const {
    return std::span(m_ids).subspan(static_cast<size_t>(row * kept()), static_cast<size_t>(kept()));
}

void ReferenceRows::store(int64_t row, std::span<const float> logits, const RowSummary& summary) {
    m_normalizers[static_cast<size_t>(row)] = summary.logNormalizer;
    float* values = m_logits.data() + row * kept();
    if (isWhole()) {
        std::copy(logits.begin(), logits.end(), values);
        return;
    }
    const std::vector<uint32_t> likeliest = largestOf(logits, m_exact);
    std::copy(likeliest.begin(), likeliest.end(), m_ids.data() + row * kept());
    for (size_t i = 0; i < likeliest.size(); ++i) values[i] = logits[likeliest[i]];
    storeSample(row, logits, summary.logNormalizer);
}

/// Systematic sampling: points at equal distances along the summed probabilities of the rest, from a random start. A
/// token is drawn as often as its share of the rest says, to within one.
void ReferenceRows::storeSample(int64_t row, std::span<const float> logits, double normalizer) {
    if (m_sampled == 0) return;
    uint32_t* ids = m_ids.data() + row * kept();
    float* values = m_logits.data() + row * kept();
    std::fill_n(ids + m_exact, m_sampled, kNoToken);
    std::fill_n(values + m_exact, m_sampled, 0.0f);
    std::vector<float> rest(logits.begin(), logits.end());
    // Far below everything: e to that power is zero.
    for (int64_t i = 0; i < m_exact; ++i) rest[ids[i]] = -1e30f;
    const double mass = sumDivergence(rest, normalizer, rest, normalizer).referenceMass;
    if (mass < kSmallestRest) return;
    const double step = mass / double(m_sampled);
    double next = offsetOf(row) * step, sum = 0;
    int64_t drawn = 0;
    for (uint32_t id = 0; id < rest.size() && drawn < m_sampled; ++id) {
        if (rest[id] <= -1e30f) continue;
        sum += std::exp(double(rest[id]) - normalizer);
        for (; next < sum && drawn < m_sampled; next += step, ++drawn) {
            ids[m_exact + drawn] = id;
            values[m_exact + drawn] = rest[id];
        }
    }
}

RowComparison ReferenceRows::compare(int64_t row, std::span<const float> logits, const RowSummary& summary) const {
    if (isWhole()) {
        const double normalizer = m_normalizers[static_cast<size_t>(row)];
        return {.divergence = sumDivergence(rowLogits(row), normalizer, logits, summary.logNormalizer).divergence,
                .topAgrees = topToken(row) == summary.top};
    }
    std::vector<float> kept;
    kept.reserve(static_cast<size_t>(this->kept()));
    for (const uint32_t id : rowIds(row)) kept.push_back(id == kNoToken ? 0.0f : logits[id]);
    return compareKept(row, kept, summary);
}

RowComparison ReferenceRows::compareKept(int64_t row, std::span<const float> keptLogits,
                                         const RowSummary& summary) const {
    const auto exact = static_cast<size_t>(m_exact);
    RowComparison comparison;
    comparison.topAgrees = topToken(row) == summary.top;
    const DivergenceSum likeliest = sumDivergence(rowLogits(row).first(exact), m_normalizers[static_cast<size_t>(row)],
                                                  keptLogits.first(exact), summary.logNormalizer);
    const double restMass = std::max(kSmallestRest, 1.0 - likeliest.referenceMass);
    const double logShift = std::log(restMass / std::max(kSmallestRest, 1.0 - likeliest.ownMass));
    comparison.divergence = likeliest.divergence + restMass * logShift;
    addRest(row, keptLogits, summary, logShift, restMass, comparison);
    return comparison;
}

/// Adds what lies within the rest. `logShift`: log of the quotient of the two rests.
void ReferenceRows::addRest(int64_t row, std::span<const float> keptLogits, const RowSummary& summary, double logShift,
                            double restMass, RowComparison& comparison) const {
    const auto first = static_cast<size_t>(m_exact);
    const std::span<const uint32_t> ids = rowIds(row).subspan(first);
    const std::span<const float> stored = rowLogits(row).subspan(first);
    const double shift = m_normalizers[static_cast<size_t>(row)] - summary.logNormalizer + logShift;
    const auto count = static_cast<size_t>(std::ranges::find(ids, kNoToken) - ids.begin());
    if (count < 2) return;
    const std::span<const float> own = keptLogits.subspan(first, count);
    std::vector<double> terms(count);
    if (comparison.divergence < kFarApart) {
        computeRatioTerms(own, stored.first(count), shift, terms);
    } else {
        for (size_t i = 0; i < count; ++i) terms[i] = double(stored[i]) - double(own[i]) - shift;
    }
    const double mean = std::accumulate(terms.begin(), terms.end(), 0.0) / double(count);
    double squares = 0;
    for (const double term : terms) squares += (term - mean) * (term - mean);
    comparison.divergence += restMass * mean;
    comparison.variance = restMass * restMass * squares / double(count - 1) / double(count);
}

void ReferenceRows::logProbs(int64_t row, std::span<double> out) const {
    const double normalizer = m_normalizers[static_cast<size_t>(row)];
    const std::span<const float> logits = rowLogits(row);
    if (isWhole()) {
        for (size_t i = 0; i < out.size(); ++i) out[i] = double(logits[i]) - normalizer;
        return;
    }
    const std::span<const uint32_t> ids = rowIds(row);
    double mass = 0;
    for (size_t i = 0; i < static_cast<size_t>(m_exact); ++i) mass += std::exp(double(logits[i]) - normalizer);
    const double rest = std::max(kSmallestRest, 1.0 - mass);
    std::fill(out.begin(), out.end(), std::log(rest / double(m_vocabSize - m_exact)));
    for (size_t i = 0; i < static_cast<size_t>(m_exact); ++i) out[ids[i]] = double(logits[i]) - normalizer;
}

int64_t ReferenceRows::topToken(int64_t row) const {
    if (!isWhole()) return static_cast<int64_t>(rowIds(row).front());
    const std::span<const float> logits = rowLogits(row);
    return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

Status ReferenceRows::adopt(int64_t rows, Arrays arrays) {
    const auto values = static_cast<size_t>(rows * kept());
    const auto isFinite = [](auto value) { return std::isfinite(value); };
    const auto fits = [&](uint32_t id) { return id == kNoToken || static_cast<int64_t>(id) < m_vocabSize; };
    bool fine = arrays.normalizers.size() == static_cast<size_t>(rows) && arrays.logits.size() == values &&
                arrays.ids.size() == (isWhole() ? 0 : values);
    fine = fine && std::ranges::all_of(arrays.normalizers, isFinite) && std::ranges::all_of(arrays.logits, isFinite) &&
           std::ranges::all_of(arrays.ids, fits);
    // Only the sample may have empty slots.
    for (int64_t row = 0; fine && !isWhole() && row < rows; ++row) {
        const auto exact =
            std::span(arrays.ids).subspan(static_cast<size_t>(row * kept()), static_cast<size_t>(m_exact));
        fine = std::ranges::find(exact, kNoToken) == exact.end();
    }
    if (!fine) return makeError(ErrorCode::kInvalidData, "The stored distributions are damaged.");
    m_normalizers = std::move(arrays.normalizers);
    m_ids = std::move(arrays.ids);
    m_logits = std::move(arrays.logits);
    return {};
}

}  // namespace halftone
