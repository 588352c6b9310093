// SPDX-License-Identifier: GPL-3.0-or-later
// K-means in one dimension. Clusters are ranges of the sorted values, so that a partition is a list of borders and the
// error of a cluster follows from running sums.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/quant/formats/codebook_family.h"
#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr size_t kCandidateSteps = 128;
constexpr int kLloydSteps = 50;

/// Running sums over sorted values: weight, weight * value, weight * value^2.
class SortedValues {
  public:
    SortedValues(std::span<const float> values, std::span<const float> weights) {
        const bool isWeighted = std::ranges::any_of(weights, [](float weight) { return weight > 0; });
        std::vector<std::pair<float, float>> sorted;  // equal values by weight, so that sums have one order
        sorted.reserve(values.size());
        for (size_t i = 0; i < values.size(); ++i) sorted.emplace_back(values[i], isWeighted ? weights[i] : 1.0f);
        std::ranges::sort(sorted);
        m_values.reserve(values.size());
        m_sums.resize(values.size() + 1);
        for (size_t i = 0; i < sorted.size(); ++i) {
            const double value = sorted[i].first, weight = sorted[i].second;
            m_values.push_back(sorted[i].first);
            m_sums[i + 1] = {m_sums[i].weight + weight, m_sums[i].first + weight * value,
                             m_sums[i].second + weight * value * value};
        }
    }

    [[nodiscard]] size_t size() const { return m_values.size(); }
    [[nodiscard]] float at(size_t i) const { return m_values[i]; }

    /// Squared error of values [begin, end) around their mean.
    [[nodiscard]] double cost(size_t begin, size_t end) const {
        const double weight = m_sums[end].weight - m_sums[begin].weight;
        const double first = m_sums[end].first - m_sums[begin].first;
        const double second = m_sums[end].second - m_sums[begin].second;
        return weight > 0 ? std::max(0.0, second - first * first / weight) : 0.0;
    }
    /// Their mean; the middle of the range where none of them weighs anything.
    [[nodiscard]] double mean(size_t begin, size_t end) const {
        const double weight = m_sums[end].weight - m_sums[begin].weight;
        if (!(weight > 0)) return 0.5 * (double(m_values[begin]) + double(m_values[end - 1]));
        return (m_sums[end].first - m_sums[begin].first) / weight;
    }
    /// Index of the first value above `limit`.
    [[nodiscard]] size_t firstAbove(double limit) const {
        const auto found = std::ranges::upper_bound(m_values, limit, {}, [](float value) { return double(value); });
        return static_cast<size_t>(found - m_values.begin());
    }

  private:
    struct Sums {
        double weight = 0, first = 0, second = 0;
    };
    std::vector<float> m_values;
    std::vector<Sums> m_sums;
};

/// Places where a cluster may begin or end, the ends included.
std::vector<size_t> candidateBorders(const SortedValues& values) {
    std::vector<size_t> borders;
    if (values.size() <= 2 * kCandidateSteps) {
        borders.resize(values.size() + 1);
        std::iota(borders.begin(), borders.end(), size_t{0});
        return borders;
    }
    const double low = values.at(0), width = double(values.at(values.size() - 1)) - low;
    for (size_t i = 0; i <= kCandidateSteps; ++i) {
        borders.push_back(i * values.size() / kCandidateSteps);
        borders.push_back(values.firstAbove(low + width * static_cast<double>(i) / double(kCandidateSteps)));
    }
    std::ranges::sort(borders);
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
    return borders;
}

/// The cheapest partition into at most `count` clusters whose borders are candidates. The best last border moves only
/// to the right with the end of the range, which allows divide and conquer.
class Partition {
  public:
    Partition(const SortedValues& values, const std::vector<size_t>& borders) : m_values(values), m_borders(borders) {}

    std::vector<size_t> run(size_t count) {
        const size_t ends = m_borders.size();
        m_cost.assign(ends, 0.0);
        for (size_t end = 1; end < ends; ++end) m_cost[end] = m_values.cost(m_borders[0], m_borders[end]);
        std::vector<std::vector<size_t>> choices(count, std::vector<size_t>(ends, 0));
        for (size_t cluster = 1; cluster < count; ++cluster) {
            m_next.assign(ends, 0.0);
            m_choice = &choices[cluster];
            fill(1, ends - 1, 0, ends - 1);
            m_cost.swap(m_next);
        }
        std::vector<size_t> result(count + 1);
        size_t end = ends - 1;
        for (size_t cluster = count; cluster-- > 0;) {
            result[cluster + 1] = m_borders[end];
            end = choices[cluster][end];
        }
        result[0] = m_borders[0];
        return result;
    }

  private:
    // Costs of the ends [first, last], whose best last borders lie in [low, high].
    void fill(size_t first, size_t last, size_t low, size_t high) {
        const size_t end = first + (last - first) / 2;
        double best = INFINITY;
        size_t at = low;
        for (size_t begin = low; begin <= std::min(end, high); ++begin) {
            const double cost = m_cost[begin] + m_values.cost(m_borders[begin], m_borders[end]);
            if (!(cost < best)) continue;
            best = cost;
            at = begin;
        }
        m_next[end] = best;
        (*m_choice)[end] = at;
        if (end > first) fill(first, end - 1, low, at);
        if (end < last) fill(end + 1, last, at, high);
    }

    const SortedValues& m_values;
    const std::vector<size_t>& m_borders;
    std::vector<double> m_cost, m_next;
    std::vector<size_t>* m_choice = nullptr;
};

/// Means of the clusters that are not empty.
std::vector<double> meansOf(const SortedValues& values, const std::vector<size_t>& borders) {
    std::vector<double> means;
    for (size_t i = 0; i + 1 < borders.size(); ++i) {
        if (borders[i + 1] > borders[i]) means.push_back(values.mean(borders[i], borders[i + 1]));
    }
    return means;
}

std::vector<size_t> nearestBorders(const SortedValues& values, const std::vector<double>& means) {
    std::vector<size_t> borders{0};
    for (size_t i = 0; i + 1 < means.size(); ++i)
        borders.push_back(std::max(borders.back(), values.firstAbove(0.5 * (means[i] + means[i + 1]))));
    borders.push_back(values.size());
    return borders;
}

float nearestHalf(double value) {
    constexpr double kLargestHalf = 65504;
    return halfToFloat(floatToHalf(static_cast<float>(std::clamp(value, -kLargestHalf, kLargestHalf))));
}

}  // namespace

std::vector<float> learnLevels(std::span<const float> values, std::span<const float> weights, int count) {
    const SortedValues sorted(values, weights);
    std::vector<size_t> borders = Partition(sorted, candidateBorders(sorted)).run(static_cast<size_t>(count));
    for (int step = 0; step < kLloydSteps; ++step) {
        std::vector<size_t> moved = nearestBorders(sorted, meansOf(sorted, borders));
        if (moved == borders) break;
        borders = std::move(moved);
    }
    std::vector<float> levels;
    for (const double mean : meansOf(sorted, borders)) levels.push_back(nearestHalf(mean));
    std::ranges::sort(levels);
    levels.resize(static_cast<size_t>(count), levels.back());
    return levels;
}

}  // namespace halftone
