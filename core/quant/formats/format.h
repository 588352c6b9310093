// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/tensor/dtype.h"

namespace halftone {

/// What shares one scale in the parametric integer family.
enum class Granularity : uint8_t { kTensor, kChannel, kGroup };

/// The parametric integer family: `bits`-wide codes with an F16 scale (and, asymmetric, an integer zero point) per
/// granule.
struct IntegerFormat {
    uint8_t bits = 4;  ///< 2..8
    bool symmetric = true;
    Granularity granularity = Granularity::kGroup;
    uint16_t groupSize = 128;  ///< 16, 32, 64, 128 or 256 for kGroup; 0 otherwise
    auto operator<=>(const IntegerFormat&) const = default;
};

/// How a tensor's numbers are stored: a plain or block type of GGUF, or a member of the integer family. A value.
class Format {
  public:
    Format() = default;  ///< F32
    static Format of(DType storage);
    static Format of(const IntegerFormat& integer);
    /// "q4_k", "bf16", "int4_g128_asym", "int8_channel_sym", "int3_tensor_sym"; case-insensitive.
    /// The error lists what is accepted.
    static Result<Format> parse(std::string_view name);

    [[nodiscard]] bool isInteger() const { return m_isInteger; }
    [[nodiscard]] DType storage() const { return m_storage; }                 ///< meaningful if !isInteger()
    [[nodiscard]] const IntegerFormat& integer() const { return m_integer; }  ///< meaningful if isInteger()

    /// Lower-case, the inverse of parse().
    [[nodiscard]] std::string name() const;
    /// As people write it: "Q4_K", "INT4 g128 asym".
    [[nodiscard]] std::string displayName() const;

    /// Whether a row of `cols` can be stored (a block must divide it; a group may be the last, shorter one).
    [[nodiscard]] bool fitsRow(int64_t cols) const;
    /// This format where it fits, else the fallback of the reference quantizer (gguf.md, section 5):
    /// Q4_K -> Q5_0, Q5_K -> Q5_1, Q6_K -> Q8_0, ..., and F16 where that does not fit either.
    [[nodiscard]] Format orFallback(int64_t cols) const;
    /// Nominal bits per weight, scales included, for long rows.
    [[nodiscard]] double bitsPerWeight() const;
    /// What a rows x cols matrix costs in storage, exact for block types; for the integer family codes + scales + zero
    /// points as a file would hold them (not the padded in-memory layout). Precondition: fitsRow(cols).
    [[nodiscard]] int64_t storageBytes(int64_t rows, int64_t cols) const;

    auto operator<=>(const Format&) const = default;

  private:
    bool m_isInteger = false;
    DType m_storage = DType::kF32;
    IntegerFormat m_integer{8, true, Granularity::kTensor, 0};
};

/// The formats this program offers for assignment, in the order menus show them.
[[nodiscard]] std::span<const Format> offeredFormats();

}  // namespace halftone
