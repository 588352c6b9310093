// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/model/model_config.h"
#include "core/tensor/dtype.h"

namespace halftone {

/// How the keys and the values of an attention cache are stored: plain F32 or F16, or GGUF's blocks of 32 along a head,
/// rounded as llama.cpp rounds them, each head of each position by itself (reference page on algorithms, section 14).
/// A value.
struct CacheFormat {
    DType key = DType::kF32;    ///< one of runnableCacheTypes()
    DType value = DType::kF32;  ///< the same

    /// "q8_0" for both, or "k=q8_0,v=q4_0"; a part that is not named is F16. kInvalidArgument lists what there is.
    static Result<CacheFormat> parse(std::string_view text);
    /// "q8_0", "k=q8_0,v=q4_0": what parse() reads.
    [[nodiscard]] std::string name() const;
    [[nodiscard]] bool isFull() const { return key == DType::kF32 && value == DType::kF32; }
    bool operator==(const CacheFormat&) const = default;
};

/// The types of cells that the engines run: F32, F16, Q8_0, Q4_0.
[[nodiscard]] std::span<const DType> runnableCacheTypes();

/// kInvalidArgument for a type that no cache has, or one whose blocks do not divide a head.
Status checkCacheType(const ModelConfig& config, DType type);
Status checkCacheFormat(const ModelConfig& config, const CacheFormat& format);

/// Bytes of the keys and values of one position in all blocks. Precondition: checkCacheFormat().
[[nodiscard]] int64_t cacheBytesPerToken(const ModelConfig& config, const CacheFormat& format);

}  // namespace halftone
