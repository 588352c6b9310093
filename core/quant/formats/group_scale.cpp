// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/group_scale.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr uint32_t kFloatSign = 0x80000000u;

/// Bits of the magnitude in a stored float of 16 or 32 bits, whose sign is the top one.
uint32_t magnitudeBits(ScaleType type, float magnitude) {
    if (type == ScaleType::kF16) return floatToHalf(magnitude);
    return type == ScaleType::kBF16 ? floatToBfloat(magnitude) : std::bit_cast<uint32_t>(magnitude);
}

/// The largest stored magnitude that is not above `limit`.
uint32_t largestBits(ScaleType type, float limit) {
    const uint32_t bits = std::min(magnitudeBits(type, limit), type == ScaleType::kF16 ? 0x7BFFu : 0x7F7FFFFFu);
    return scaleValue(type, bits) > limit ? bits - 1 : bits;
}

/// Exponent byte of the largest power of two not above a positive scale.
uint32_t exponentBits(float scale) {
    return (std::bit_cast<uint32_t>(scale) >> 23) & 0xFFu;
}

}  // namespace

float scaleValue(ScaleType type, uint32_t bits) {
    switch (type) {
        case ScaleType::kF16:
            return halfToFloat(static_cast<uint16_t>(bits));
        case ScaleType::kBF16:
            return bfloatToFloat(static_cast<uint16_t>(bits));
        case ScaleType::kF32:
            return std::bit_cast<float>(bits);
        case ScaleType::kE8M0:
            break;
    }
    if (bits == 255) return std::bit_cast<float>(0x7FC00000u);
    return bits == 0 ? 0x1p-127f : std::bit_cast<float>(bits << 23);
}

GroupScale roundScale(ScaleType type, float scale, float limit) {
    if (type == ScaleType::kE8M0) {
        const uint32_t bits = std::min(exponentBits(scale), exponentBits(limit));
        return {bits, scaleValue(type, bits)};
    }
    if (scale == 0) return {};
    const uint32_t signMask = type == ScaleType::kF32 ? kFloatSign : kFloatSign >> 16;
    const uint32_t sign = scale < 0 ? signMask : 0u;
    const uint32_t magnitude =
        std::clamp(magnitudeBits(type, scale < 0 ? -scale : scale), 1u, largestBits(type, limit));
    return {sign | magnitude, scaleValue(type, sign | magnitude)};
}

GroupScale loadScale(ScaleType type, const uint8_t* at) {
    uint32_t bits = 0;
    std::memcpy(&bits, at, static_cast<size_t>(scaleBytes(type)));
    return {bits, scaleValue(type, bits)};
}

void storeScale(ScaleType type, uint32_t bits, uint8_t* at) {
    std::memcpy(at, &bits, static_cast<size_t>(scaleBytes(type)));
}

}  // namespace halftone
