// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/stats/stats_kernels.h"
#include "core/stats/tensor_stats.h"

namespace halftone {

Moments Moments::ofBlock(std::span<const float> values, double sum) {
    Moments moments;
    if (values.empty()) return moments;
    moments.m_count = static_cast<int64_t>(values.size());
    moments.m_mean = sum / static_cast<double>(values.size());
    const CentralSums sums = centralSums(values, moments.m_mean);
    moments.m_m2 = sums.m2;
    moments.m_m3 = sums.m3;
    moments.m_m4 = sums.m4;
    return moments;
}

Moments Moments::fromCentralSums(int64_t count, double mean, const std::array<double, 3>& sums) {
    Moments moments;
    moments.m_count = count;
    moments.m_mean = mean;
    moments.m_m2 = sums[0];
    moments.m_m3 = sums[1];
    moments.m_m4 = sums[2];
    return moments;
}

void Moments::add(double value) {
    Moments one;
    one.m_count = 1;
    one.m_mean = value;
    merge(one);
}

void Moments::addSpan(const float* values, int64_t count) {
    std::span<const float> rest(values, static_cast<size_t>(count));
    while (!rest.empty()) {
        const auto block = rest.first(std::min(kStatsBlock, rest.size()));
        merge(ofBlock(block, summarizeBlock(block).sum));
        rest = rest.subspan(block.size());
    }
}

void Moments::merge(const Moments& other) {
    if (other.m_count == 0) return;
    if (m_count == 0) {
        *this = other;
        return;
    }
    const auto na = static_cast<double>(m_count), nb = static_cast<double>(other.m_count), n = na + nb;
    const double delta = other.m_mean - m_mean;
    const double deltaN = delta / n;
    // Pébay 2008, equations 2.1 and 3.1 for orders two to four; the higher orders first, as they use the lower ones.
    m_m4 += other.m_m4 + delta * deltaN * deltaN * deltaN * na * nb * (na * na - na * nb + nb * nb) +
            6.0 * deltaN * deltaN * (na * na * other.m_m2 + nb * nb * m_m2) +
            4.0 * deltaN * (na * other.m_m3 - nb * m_m3);
    m_m3 += other.m_m3 + delta * deltaN * deltaN * na * nb * (na - nb) + 3.0 * deltaN * (na * other.m_m2 - nb * m_m2);
    m_m2 += other.m_m2 + delta * deltaN * na * nb;
    m_mean += deltaN * nb;
    m_count += other.m_count;
}

double Moments::variance() const {
    return m_count > 0 ? m_m2 / static_cast<double>(m_count) : 0.0;
}

double Moments::standardDeviation() const {
    return std::sqrt(variance());
}

double Moments::kurtosis() const {
    if (!(m_m2 > 0)) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(m_count) * m_m4 / (m_m2 * m_m2);
}

}  // namespace halftone
