// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace halftone {

/// Bit streams of codes of 1 to 8 bits, least significant bit first: what the parametric families store.

static_assert(std::endian::native == std::endian::little, "code streams are moved as 64-bit words");

[[nodiscard]] inline int codeAt(const uint8_t* stream, int64_t index, int bits) {
    const int64_t firstBit = index * bits;
    const int shift = static_cast<int>(firstBit % 8);
    int window = stream[firstBit / 8];
    if (shift + bits > 8) window |= stream[firstBit / 8 + 1] << 8;
    return (window >> shift) & ((1 << bits) - 1);
}

/// ORs a code into a cleared stream.
inline void putCode(int code, int64_t index, int bits, uint8_t* stream) {
    const int64_t firstBit = index * bits;
    const int shifted = code << (firstBit % 8);
    uint8_t* byte = stream + firstBit / 8;
    byte[0] = static_cast<uint8_t>(byte[0] | (shifted & 0xFF));
    if (shifted > 0xFF) byte[1] = static_cast<uint8_t>(byte[1] | (shifted >> 8));
}

inline constexpr int64_t kCodeRun = 16;  ///< codes decoded together; every group but a row's last is a multiple

/// For each of 16 codes of one width: which two bytes of the stream hold it, as a byte shuffle into 32-bit lanes, and
/// how far to shift them.
struct CodeShuffles {
    alignas(64) std::array<uint8_t, 64> bytes{};
    alignas(64) std::array<uint32_t, 16> shifts{};
};

constexpr CodeShuffles codeShufflesOf(size_t bits) {
    CodeShuffles windows;
    for (size_t i = 0; i < 16; ++i) {
        const size_t first = i * bits / 8;
        windows.shifts[i] = static_cast<uint32_t>(i * bits % 8);
        windows.bytes[4 * i] = static_cast<uint8_t>(first);
        const bool straddles = i * bits % 8 + bits > 8;
        windows.bytes[4 * i + 1] = straddles ? static_cast<uint8_t>(first + 1) : uint8_t{0x80};
        windows.bytes[4 * i + 2] = 0x80;  // shuffles in a zero
        windows.bytes[4 * i + 3] = 0x80;
    }
    return windows;
}

/// Indexed by bits.
inline constexpr std::array<CodeShuffles, 9> kCodeShuffles{codeShufflesOf(0), codeShufflesOf(1), codeShufflesOf(2),
                                                           codeShufflesOf(3), codeShufflesOf(4), codeShufflesOf(5),
                                                           codeShufflesOf(6), codeShufflesOf(7), codeShufflesOf(8)};

/// Squeezes 8 codes, one per byte, into the low 8 * bits bits.
constexpr uint64_t squeezeCodes(uint64_t codes, int bits) {
    const uint64_t even8 = 0x00FF00FF00FF00FFu;
    const uint64_t even16 = 0x0000FFFF0000FFFFu;
    const uint64_t pairs = (codes & even8) | (((codes >> 8) & even8) << bits);
    const uint64_t quads = (pairs & even16) | (((pairs >> 16) & even16) << (2 * bits));
    return (quads & 0xFFFFFFFFu) | ((quads >> 32) << (4 * bits));
}

/// Appends `count` codes (a multiple of 8) as a stream of kBits bits each.
template <int kBits>
void packWholeCodes(const uint8_t* codes, int64_t count, uint8_t* out) {
    for (int64_t i = 0; i < count; i += 8, out += kBits) {
        uint64_t eight;
        std::memcpy(&eight, codes + i, sizeof eight);
        const uint64_t stream = squeezeCodes(eight, kBits);
        std::memcpy(out, &stream, kBits);
    }
}

/// Writes codes, one byte each, as a stream that begins at a whole byte of `out`.
inline void packCodes(const uint8_t* codes, int64_t count, int bits, uint8_t* out) {
    using PackWhole = void (*)(const uint8_t*, int64_t, uint8_t*);
    constexpr std::array<PackWhole, 9> kPackWhole{nullptr,           packWholeCodes<1>, packWholeCodes<2>,
                                                  packWholeCodes<3>, packWholeCodes<4>, packWholeCodes<5>,
                                                  packWholeCodes<6>, packWholeCodes<7>, packWholeCodes<8>};
    const int64_t whole = count / 8 * 8;
    kPackWhole[static_cast<size_t>(bits)](codes, whole, out);
    if (whole == count) return;
    std::array<uint8_t, 8> tail{};
    std::memcpy(tail.data(), codes + whole, static_cast<size_t>(count - whole));
    const uint64_t stream = squeezeCodes(std::bit_cast<uint64_t>(tail), bits);
    std::memcpy(out + whole * bits / 8, &stream, static_cast<size_t>(((count - whole) * bits + 7) / 8));
}

}  // namespace halftone
