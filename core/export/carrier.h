// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/quant/formats/packed_layout.h"

namespace halftone {

/// The GGUF type that takes the values of a parametric family.
struct Carrier {
    DType storage = DType::kF16;
    bool exact = false;  ///< decodes to the same values bit for bit
};

/// Block types of 32 elements with one F16 scale hold any symmetric format whose groups they divide exactly: Q4_0 up to
/// 4 bits, Q5_0 for 5, Q8_0 above. Asymmetric formats of up to 5 bits go into Q4_1 and Q5_1, whose minimum is F16:
/// exactly where the zero point is a float, which it then is, else -zero * scale is rounded. Ternary and binary levels
/// are codes of Q4_0. All of these need F16 scales. Everything else is the dequantized value as F16, which the levels
/// of codebooks are.
[[nodiscard]] Carrier chooseCarrier(const Format& format, int64_t cols);

/// Turns `rows` packed rows of a parametric format into rows of `storage`. kInvalidData where a value does not fit F16.
Status carryRows(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows, DType storage,
                 std::span<std::byte> out);

}  // namespace halftone
