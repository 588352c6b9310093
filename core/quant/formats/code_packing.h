// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <cstring>

namespace halftone {

/// Packs 32 bytes out of `kRows` rows of 32 codes that lie `stride` bytes apart: byte l holds the code parts of column
/// l, the first row's in the lowest bits. A part is the 8 / kRows bits of a code from bit `from` on. This is how every
/// K-quant stores its codes. Eight columns are worked on in one word, byte by byte: the order of bytes does not matter.
template <int kRows>
void packCodeParts(const uint8_t* codes, int stride, int from, uint8_t* packed) {
    constexpr int kBits = 8 / kRows;
    constexpr uint64_t kPart = 0x0101010101010101u * ((1u << kBits) - 1u);
    for (int column = 0; column < 32; column += 8) {
        uint64_t bytes = 0;
        for (int row = 0; row < kRows; ++row) {
            uint64_t eight = 0;
            std::memcpy(&eight, codes + row * stride + column, sizeof eight);
            bytes |= ((eight >> from) & kPart) << (kBits * row);
        }
        std::memcpy(packed + column, &bytes, sizeof bytes);
    }
}

}  // namespace halftone
