// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace halftone {

/// The inner loop of k-means in one dimension, vectorized with run-time dispatch; the same result on every instruction
/// set, bit by bit. Pure; any thread.

/// Running sums of sorted values at the places where a cluster may begin or end: weight, weight * value, weight *
/// value^2. Three arrays of equal length.
struct BorderSums {
    std::vector<double> weight, first, second;
};

/// Squared error around their mean of the values between two borders; 0 where they weigh nothing.
[[nodiscard]] inline double clusterCost(const BorderSums& sums, size_t begin, size_t end) {
    const double weight = sums.weight[end] - sums.weight[begin];
    const double first = sums.first[end] - sums.first[begin];
    const double second = sums.second[end] - sums.second[begin];
    const double cost = second - first * first / weight;
    return weight > 0 && cost > 0 ? cost : 0.0;
}

struct BorderRange {
    size_t first = 0, last = 0;
};
struct Split {
    double cost = 0;
    size_t at = 0;
};
/// The first `begin` in `range` of least before[begin] + clusterCost(begin, end); the range's first where none is
/// finite.
[[nodiscard]] Split bestSplit(const BorderSums& sums, std::span<const double> before, BorderRange range, size_t end);

}  // namespace halftone
