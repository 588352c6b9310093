// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/pruning.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace halftone {
namespace {

/// One row's scores, dropped elements and scratch.
struct RowScratch {
    std::vector<float> scores;
    std::vector<uint8_t> dropped;
    std::vector<int32_t> order;
};

void chooseRow(const Sparsity& sparsity, RowScratch& row) {
    const auto cols = static_cast<int64_t>(row.scores.size());
    if (sparsity.of == 0) {
        dropLeast(row.scores, cols - keptElements(sparsity, cols), row.order, row.dropped);
        return;
    }
    std::ranges::fill(row.dropped, uint8_t{0});
    for (int64_t first = 0; first + sparsity.of <= cols; first += sparsity.of) {
        const auto at = static_cast<size_t>(first);
        dropLeast(std::span(row.scores).subspan(at, sparsity.of), sparsity.of - sparsity.keep, row.order,
                  std::span(row.dropped).subspan(at, sparsity.of));
    }
}

}  // namespace

void dropLeast(std::span<const float> scores, int64_t count, std::vector<int32_t>& order, std::span<uint8_t> dropped) {
    std::ranges::fill(dropped, uint8_t{0});
    if (count <= 0) return;
    order.resize(scores.size());
    std::iota(order.begin(), order.end(), 0);
    const auto goesFirst = [&](int32_t a, int32_t b) {
        const float scoreA = scores[static_cast<size_t>(a)], scoreB = scores[static_cast<size_t>(b)];
        return scoreA != scoreB ? scoreA < scoreB : a < b;
    };
    if (count < static_cast<int64_t>(scores.size())) std::ranges::nth_element(order, order.begin() + count, goesFirst);
    for (int64_t i = 0; i < count; ++i) dropped[static_cast<size_t>(order[static_cast<size_t>(i)])] = 1;
}

void RowPruner::apply(std::span<float> values, int64_t cols) const {
    const auto width = static_cast<size_t>(cols);
    RowScratch row{std::vector<float>(width), std::vector<uint8_t>(width), {}};
    for (size_t first = 0; first < values.size(); first += width) {
        const auto own = values.subspan(first, width);
        for (size_t i = 0; i < width; ++i) {
            row.scores[i] = std::abs(own[i]) * (m_columnWeights.empty() ? 1.0f : m_columnWeights[i]);
        }
        chooseRow(m_sparsity, row);
        for (size_t i = 0; i < width; ++i) {
            if (row.dropped[i]) own[i] = 0;
        }
    }
}

}  // namespace halftone
