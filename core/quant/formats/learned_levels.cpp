// SPDX-License-Identifier: GPL-3.0-or-later
// K-means in one dimension. Clusters are ranges of the sorted values, so that a partition is a list of borders and the
// error of a cluster follows from running sums.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/quant/formats/codebook_family.h"
#include "core/quant/formats/partition_kernels.h"
#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr size_t kExactValues = 256;    ///< rows of as many have borders anywhere
constexpr size_t kCandidateSteps = 64;  ///< of each kind; twice as many lower the error by two thousandths at most
constexpr int kLloydSteps = 50;

struct WeightedValue {
    uint32_t key;  ///< orders as the value does
    float weight;
};

uint32_t keyOf(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}
float valueOf(uint32_t key) {
    return std::bit_cast<float>(key >> 31 ? key & 0x7FFFFFFFu : ~key);
}

/// Sorts by key; equal ones stay in order. Three passes over 11 bits each: for rows of thousands of values several
/// times as fast as comparing them.
void sortByKey(std::vector<WeightedValue>& values) {
    constexpr size_t kFew = 512;
    if (values.size() < kFew) {
        std::ranges::stable_sort(values, {}, &WeightedValue::key);
        return;
    }
    constexpr int kBits = 11, kPasses = 3;
    constexpr uint32_t kMask = (1u << kBits) - 1;
    std::array<std::array<uint32_t, 1u << kBits>, kPasses> places{};
    for (const WeightedValue& value : values) {
        for (int pass = 0; pass < kPasses; ++pass) ++places[size_t(pass)][(value.key >> (kBits * pass)) & kMask];
    }
    std::vector<WeightedValue> other(values.size());
    for (int pass = 0; pass < kPasses; ++pass) {
        auto& place = places[size_t(pass)];
        uint32_t before = 0;
        for (uint32_t& count : place) before += std::exchange(count, before);
        for (const WeightedValue& value : values) other[place[(value.key >> (kBits * pass)) & kMask]++] = value;
        values.swap(other);
    }
}

/// Running sums over sorted values: weight, weight * value, weight * value^2.
class SortedValues {
  public:
    SortedValues(std::span<const float> values, std::span<const float> weights) {
        const bool isWeighted = std::ranges::any_of(weights, [](float weight) { return weight > 0; });
        std::vector<WeightedValue> sorted(values.size());
        for (size_t i = 0; i < values.size(); ++i) sorted[i] = {keyOf(values[i]), isWeighted ? weights[i] : 1.0f};
        sortByKey(sorted);
        m_values.resize(values.size());
        m_sums.resize(values.size() + 1);
        for (size_t i = 0; i < sorted.size(); ++i) {
            m_values[i] = valueOf(sorted[i].key);
            const double value = m_values[i], weight = sorted[i].weight;
            m_sums[i + 1] = {m_sums[i].weight + weight, m_sums[i].first + weight * value,
                             m_sums[i].second + weight * value * value};
        }
    }

    [[nodiscard]] size_t size() const { return m_values.size(); }
    [[nodiscard]] float at(size_t i) const { return m_values[i]; }

    [[nodiscard]] BorderSums sumsAt(const std::vector<size_t>& borders) const {
        BorderSums sums;
        for (const size_t border : borders) {
            sums.weight.push_back(m_sums[border].weight);
            sums.first.push_back(m_sums[border].first);
            sums.second.push_back(m_sums[border].second);
        }
        return sums;
    }
    /// The mean of values [begin, end); the middle of the range where none of them weighs anything.
    [[nodiscard]] double mean(size_t begin, size_t end) const {
        const double weight = m_sums[end].weight - m_sums[begin].weight;
        if (!(weight > 0)) return 0.5 * (double(m_values[begin]) + double(m_values[end - 1]));
        return (m_sums[end].first - m_sums[begin].first) / weight;
    }
    /// Index of the first value above `limit`.
    [[nodiscard]] size_t firstAbove(double limit) const { return firstAbove(limit, 0, m_values.size()); }
    /// The same near `guess`: steps of growing length find the range to search.
    [[nodiscard]] size_t firstAboveNear(double limit, size_t guess) const {
        size_t low = guess, high = guess, step = 1;
        while (low > 0 && double(m_values[low - 1]) > limit) {
            high = low - 1;
            low -= std::min(low, step);
            step *= 2;
        }
        while (high < m_values.size() && !(double(m_values[high]) > limit)) {
            low = high + 1;
            high += std::min(m_values.size() - high, step);
            step *= 2;
        }
        return firstAbove(limit, low, high);
    }

  private:
    [[nodiscard]] size_t firstAbove(double limit, size_t low, size_t high) const {
        const auto begin = m_values.begin();
        const auto found =
            std::upper_bound(begin + static_cast<std::ptrdiff_t>(low), begin + static_cast<std::ptrdiff_t>(high), limit,
                             [](double bound, float value) { return bound < double(value); });
        return static_cast<size_t>(found - begin);
    }

    struct Sums {
        double weight = 0, first = 0, second = 0;
    };
    std::vector<float> m_values;
    std::vector<Sums> m_sums;
};

/// Places where a cluster may begin or end, the ends included.
std::vector<size_t> candidateBorders(const SortedValues& values) {
    std::vector<size_t> borders;
    if (values.size() <= kExactValues) {
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
/// to the right with the end of the range, which allows divide and conquer, and with the number of clusters, which
/// narrows the search.
class Partition {
  public:
    Partition(const SortedValues& values, const std::vector<size_t>& borders)
        : m_sums(values.sumsAt(borders)), m_borders(borders) {}

    std::vector<size_t> run(size_t count) {
        const size_t ends = m_borders.size();
        m_cost.assign(ends, 0.0);
        for (size_t end = 1; end < ends; ++end) m_cost[end] = clusterCost(m_sums, 0, end);
        std::vector<std::vector<size_t>> choices(count, std::vector<size_t>(ends, 0));
        for (size_t cluster = 1; cluster < count; ++cluster) {
            m_next.assign(ends, 0.0);
            m_fewer = &choices[cluster - 1];
            m_choice = &choices[cluster];
            fill(1, ends - 1, {0, ends - 1});
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
    // Costs of the ends [first, last], whose best last borders lie in `range`.
    void fill(size_t first, size_t last, BorderRange range) {
        const size_t end = first + (last - first) / 2;
        const size_t high = std::min(end, range.last);
        const Split split =
            bestSplit(m_sums, m_cost, {std::min(high, std::max(range.first, (*m_fewer)[end])), high}, end);
        m_next[end] = split.cost;
        (*m_choice)[end] = split.at;
        if (end > first) fill(first, end - 1, {range.first, split.at});
        if (end < last) fill(end + 1, last, {split.at, range.last});
    }

    BorderSums m_sums;
    const std::vector<size_t>& m_borders;
    std::vector<double> m_cost, m_next;
    const std::vector<size_t>* m_fewer = nullptr;
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

/// Borders in the middle between means. They are looked for near `last`, where they lay before.
std::vector<size_t> nearestBorders(const SortedValues& values, const std::vector<double>& means,
                                   const std::vector<size_t>& last) {
    std::vector<size_t> borders{0};
    for (size_t i = 0; i + 1 < means.size(); ++i) {
        const size_t border = values.firstAboveNear(0.5 * (means[i] + means[i + 1]), last[i + 1]);
        borders.push_back(std::max(borders.back(), border));
    }
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
        std::vector<size_t> moved = nearestBorders(sorted, meansOf(sorted, borders), borders);
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
