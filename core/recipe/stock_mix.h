// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/recipe/recipe.h"

namespace halftone {

/// A mixture that people know by the name that llama-quantize gives it ("Q4_K_M"): one base type, and wider types where
/// its authors found them worth it. Source: the reference page on GGUF, section 5.
struct StockMix {
    std::string_view name;         ///< on the command line: "q4_k_m"
    std::string_view displayName;  ///< "Q4_K_M"
    std::string_view sentence;     ///< which tensors get more than the base type
    DType base = DType::kF32;
    uint32_t fileType = 0;  ///< GGUF's general.file_type
};

/// From the smallest to the largest.
[[nodiscard]] std::span<const StockMix> stockMixes();
/// By name, case-insensitive. The error lists the names.
Result<StockMix> findStockMix(std::string_view name);

/// The mix for one checkpoint as a recipe that can be read and edited. It depends on the number of blocks, the number
/// of heads that share a key-value head, the experts, and, for some mixes, on whether an importance matrix will be
/// used. Exported, it gives each tensor the type that llama-quantize gives it.
[[nodiscard]] Recipe stockMixRecipe(const StockMix& mix, std::span<const TensorInfo> tensors,
                                    bool withImportance = false);

/// The mix that asks for the same types as `resolved` does, tensor by tensor (with or without importance), whatever
/// fallbacks row lengths force; null: it is none of them.
/// `tensors`: what was resolved.
[[nodiscard]] const StockMix* matchingStockMix(const ResolvedRecipe& resolved, std::span<const TensorInfo> tensors);

}  // namespace halftone
