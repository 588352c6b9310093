// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipe/allocation.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <tuple>

namespace halftone {
namespace {

using Choices = std::vector<AllocationChoice>;

/// Indices of the choices on the lower convex hull of (bytes, harm), from the smallest to the least harmful.
std::vector<size_t> lowerHull(const Choices& choices) {
    std::vector<size_t> order(choices.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, [&](size_t a, size_t b) {
        return std::tie(choices[a].bytes, choices[a].harm, a) < std::tie(choices[b].bytes, choices[b].harm, b);
    });
    const auto gain = [&](size_t from, size_t to) {
        return (choices[from].harm - choices[to].harm) / double(choices[to].bytes - choices[from].bytes);
    };
    std::vector<size_t> hull;
    for (const size_t next : order) {
        if (!hull.empty() && choices[next].harm >= choices[hull.back()].harm) continue;  // larger and no better
        if (!hull.empty() && choices[next].bytes == choices[hull.back()].bytes) continue;
        while (hull.size() > 1 && gain(hull[hull.size() - 2], hull.back()) <= gain(hull.back(), next)) hull.pop_back();
        hull.push_back(next);
    }
    return hull;
}

/// A step along a tensor's hull and what a byte buys with it.
struct Step {
    size_t tensor = 0, to = 0;
    double gainPerByte = 0;
};

class Allocator {
  public:
    Allocator(std::span<const AllocationTensor> tensors, int64_t budget) : m_tensors(tensors), m_budget(budget) {
        for (const AllocationTensor& tensor : tensors) {
            const std::vector<size_t> hull = lowerHull(tensor.choices);
            addSteps(m_result.chosen.size(), tensor.choices, hull);
            m_result.chosen.push_back(hull.front());
            m_result.bytes += tensor.choices[hull.front()].bytes;
        }
    }

    std::optional<Allocation> run() {
        if (m_result.bytes > m_budget) return std::nullopt;
        // Along one hull gains only fall, so sorting keeps each tensor's steps in their order.
        std::ranges::stable_sort(m_steps, std::greater{}, &Step::gainPerByte);
        std::vector<bool> isStuck(m_tensors.size());
        for (const Step& step : m_steps) {
            if (!isStuck[step.tensor] && fits(step.tensor, step.to)) {
                take(step.tensor, step.to);
            } else {
                isStuck[step.tensor] = true;
            }
        }
        while (improveOnce()) {
        }
        for (size_t i = 0; i < m_tensors.size(); ++i) m_result.harm += chosen(i).harm;
        return std::move(m_result);
    }

  private:
    void addSteps(size_t tensor, const Choices& choices, const std::vector<size_t>& hull) {
        for (size_t i = 1; i < hull.size(); ++i) {
            const AllocationChoice &from = choices[hull[i - 1]], &to = choices[hull[i]];
            m_steps.push_back({tensor, hull[i], (from.harm - to.harm) / double(to.bytes - from.bytes)});
        }
    }
    [[nodiscard]] const AllocationChoice& chosen(size_t tensor) const {
        return m_tensors[tensor].choices[m_result.chosen[tensor]];
    }
    [[nodiscard]] bool fits(size_t tensor, size_t choice) const {
        return m_result.bytes - chosen(tensor).bytes + m_tensors[tensor].choices[choice].bytes <= m_budget;
    }
    void take(size_t tensor, size_t choice) {
        m_result.bytes += m_tensors[tensor].choices[choice].bytes - chosen(tensor).bytes;
        m_result.chosen[tensor] = choice;
    }

    /// The single change within the budget that saves most harm; false: there is none.
    bool improveOnce() {
        double best = 0;
        size_t bestTensor = 0, bestChoice = 0;
        for (size_t i = 0; i < m_tensors.size(); ++i) {
            for (size_t choice = 0; choice < m_tensors[i].choices.size(); ++choice) {
                const double saved = chosen(i).harm - m_tensors[i].choices[choice].harm;
                if (saved <= best || !fits(i, choice)) continue;
                best = saved;
                bestTensor = i;
                bestChoice = choice;
            }
        }
        if (best > 0) take(bestTensor, bestChoice);
        return best > 0;
    }

    std::span<const AllocationTensor> m_tensors;
    int64_t m_budget;
    std::vector<Step> m_steps;
    Allocation m_result;
};

}  // namespace

std::optional<Allocation> allocate(std::span<const AllocationTensor> tensors, int64_t budgetBytes) {
    return Allocator(tensors, budgetBytes).run();
}

int64_t smallestBytes(std::span<const AllocationTensor> tensors) {
    int64_t bytes = 0;
    for (const AllocationTensor& tensor : tensors) {
        int64_t least = std::numeric_limits<int64_t>::max();
        for (const AllocationChoice& choice : tensor.choices) least = std::min(least, choice.bytes);
        bytes += least;
    }
    return bytes;
}

}  // namespace halftone
