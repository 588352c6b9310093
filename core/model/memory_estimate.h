// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/model/model_config.h"
#include "core/tensor/dtype.h"

namespace halftone {

/// Cells of the cache are taken in steps of so many tokens.
inline constexpr int64_t kCacheStep = 256;

/// What a run of the exported model is asked for.
struct MemoryRequest {
    int64_t weightBytes = 0;        ///< of all tensors
    int64_t contextLength = 4096;   ///< tokens that the cache has room for
    DType keyType = DType::kF16;    ///< of the cells: one of runnableCacheTypes()
    DType valueType = DType::kF16;  ///< the same
    int64_t batchTokens = 512;      ///< that are computed together while a prompt is read
};

/// Bytes that a runtime takes to run a model, as llama.cpp shares them out with flash attention: the cache has a row of
/// kvSize cells for each position of each block, keys and values apart, in whole blocks of its type; scratch is the
/// largest step of the forward pass in F32 (logits and hidden state of a batch, or the two halves of a feed-forward
/// layer) and the mask of the attention. Weights and cache are exact, scratch is a few per cent near. A runtime's own
/// code, and copies that a driver makes, are not in it.
struct MemoryEstimate {
    int64_t cells = 0;  ///< contextLength rounded up to kCacheStep
    int64_t weights = 0, keys = 0, values = 0, scratch = 0;
    [[nodiscard]] int64_t cache() const { return keys + values; }
    [[nodiscard]] int64_t total() const { return weights + keys + values + scratch; }
};

/// The types that a runtime's cache usually has, to choose from: F16, Q8_0, Q4_0.
[[nodiscard]] std::span<const DType> cacheTypes();

/// kInvalidArgument for a context or batch below one, sizes beyond 64 bits, a type that is not a cache's, or one whose
/// blocks do not divide a head.
Result<MemoryEstimate> estimateMemory(const ModelConfig& config, const MemoryRequest& request);

/// The longest context, in whole cache steps and no longer than the model's (its whole context where that is shorter
/// than a step), whose total fits into `budgetBytes`; nullopt: not even the shortest does. `request.contextLength` is
/// not read.
Result<std::optional<int64_t>> longestContext(const ModelConfig& config, MemoryRequest request, int64_t budgetBytes);

/// Weights that fit beside cache and scratch, in bytes; negative: not even those fit.
[[nodiscard]] int64_t roomForWeights(const MemoryEstimate& estimate, int64_t budgetBytes);

}  // namespace halftone
