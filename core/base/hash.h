// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace halftone {

/// XXH3 64-bit hash; stable across machines, not cryptographic.
[[nodiscard]] uint64_t hashBytes(std::span<const std::byte> bytes, uint64_t seed = 0);

/// 16 lower-case hexadecimal digits.
[[nodiscard]] std::string toHex(uint64_t value);

}  // namespace halftone
