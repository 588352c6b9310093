// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/error.h"

namespace halftone {

/// How the elements of a stored tensor are laid out: plain types, GGUF block types, and the types that safetensors adds.
/// A row is a whole number of blocks; plain types have blocks of one element.
enum class DType : uint8_t {
    kF32, kF16, kBF16, kF64,
    kI8, kI16, kI32, kI64, kU8, kU16, kU32, kU64, kBool,
    kF8E4M3, kF8E5M2, kF8E8M0, kF8E4M3FNUZ, kF8E5M2FNUZ, kF6E2M3, kF6E3M2, kF4, kC64,
    kQ4_0, kQ4_1, kQ5_0, kQ5_1, kQ8_0, kQ8_1,
    kQ2_K, kQ3_K, kQ4_K, kQ5_K, kQ6_K, kQ8_K,
    kIQ2_XXS, kIQ2_XS, kIQ2_S, kIQ3_XXS, kIQ3_S, kIQ1_S, kIQ1_M, kIQ4_NL, kIQ4_XS,
    kTQ1_0, kTQ2_0, kMXFP4, kNVFP4, kQ1_0, kQ2_0,
    kCount
};

/// Geometry and names of a DType. Sources: reference pages on ggml blocks and on safetensors.
struct DTypeInfo {
    DType type;
    std::string_view name;             ///< canonical upper-case name ("Q4_K", "F16")
    std::string_view safetensorsName;  ///< "" where safetensors has no such type
    int ggmlId;                        ///< -1 where GGUF has no such type
    int blockElements;                 ///< elements that share a block; 1 for plain types
    int blockBits;                     ///< bits of one block (a multiple of 8 except for sub-byte floats)
    bool decodable;                    ///< this program can turn it into F32
    [[nodiscard]] constexpr int blockBytes() const { return blockBits / 8; }
    [[nodiscard]] constexpr double bitsPerElement() const { return double(blockBits) / blockElements; }
    [[nodiscard]] constexpr bool isBlock() const { return blockElements > 1; }
};

[[nodiscard]] const DTypeInfo& dtypeInfo(DType type);
[[nodiscard]] std::optional<DType> dtypeFromGgml(int64_t ggmlId);
[[nodiscard]] std::optional<DType> dtypeFromSafetensors(std::string_view name);
/// Case-insensitive canonical name ("q4_k", "F16").
[[nodiscard]] std::optional<DType> dtypeFromName(std::string_view name);

/// Bytes of `count` elements, or nullopt on overflow or where `count` is not a whole number of blocks or bytes.
[[nodiscard]] std::optional<uint64_t> dtypeBytes(DType type, uint64_t count);

}  // namespace halftone
