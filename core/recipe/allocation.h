// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/quant/formats/format.h"

namespace halftone {

/// What one format costs a tensor and what harm it does there. Harms of different tensors add up.
struct AllocationChoice {
    Format format;
    int64_t bytes = 0;
    double harm = 0;  ///< nats per token, or any unit that adds up
};

struct AllocationTensor {
    std::string name;                       ///< canonical
    std::vector<AllocationChoice> choices;  ///< at least one, in any order
};

/// One choice for each tensor, in the order of the tensors.
struct Allocation {
    std::vector<size_t> chosen;  ///< index into the tensor's choices
    int64_t bytes = 0;
    double harm = 0;
};

/// The choice for each tensor with little harm in all within `budgetBytes`: a multiple-choice knapsack. Each tensor's
/// choices are reduced to their lower convex hull and taken step by step where a byte buys most (optimal at the sizes
/// that the steps end at); what is left is spent on single changes that still fit. Off the optimum by less than one
/// step. nullopt: even the smallest choices exceed the budget. Deterministic. Source: the reference page on algorithms,
/// section 21 (c) and (d).
[[nodiscard]] std::optional<Allocation> allocate(std::span<const AllocationTensor> tensors, int64_t budgetBytes);

/// The smallest choice of every tensor: the least that a budget must be.
[[nodiscard]] int64_t smallestBytes(std::span<const AllocationTensor> tensors);

}  // namespace halftone
