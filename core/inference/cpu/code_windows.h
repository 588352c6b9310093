// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace halftone::cpu {

/// For each of 16 codes of one width in a bit stream: the two bytes that hold it, as a byte shuffle into 32-bit lanes
/// (0x80 shuffles in a zero), and how far to shift them.
struct CodeWindows {
    alignas(64) std::array<uint8_t, 64> bytes{};
    alignas(64) std::array<uint32_t, 16> shifts{};
};

constexpr CodeWindows codeWindowsOf(size_t bits) {
    CodeWindows windows;
    for (size_t code = 0; code < 16; ++code) {
        const size_t first = code * bits / 8, shift = code * bits % 8;
        windows.shifts[code] = static_cast<uint32_t>(shift);
        windows.bytes[4 * code] = static_cast<uint8_t>(first);
        windows.bytes[4 * code + 1] = shift + bits > 8 ? static_cast<uint8_t>(first + 1) : uint8_t{0x80};
        windows.bytes[4 * code + 2] = windows.bytes[4 * code + 3] = 0x80;
    }
    return windows;
}

/// Indexed by bits.
inline constexpr std::array<CodeWindows, 9> kCodeWindows{codeWindowsOf(0), codeWindowsOf(1), codeWindowsOf(2),
                                                         codeWindowsOf(3), codeWindowsOf(4), codeWindowsOf(5),
                                                         codeWindowsOf(6), codeWindowsOf(7), codeWindowsOf(8)};

}  // namespace halftone::cpu
