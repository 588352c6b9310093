// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/group_scale.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/base/checked.h"
#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr uint32_t kFloatSign = 0x80000000u;

bool hasSingleBits(ScaleType type) {
    return type == ScaleType::kF32 || type == ScaleType::kNested;
}

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
        case ScaleType::kNested:
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
    const uint32_t signMask = hasSingleBits(type) ? kFloatSign : kFloatSign >> 16;
    const uint32_t sign = scale < 0 ? signMask : 0u;
    const uint32_t magnitude =
        std::clamp(magnitudeBits(type, scale < 0 ? -scale : scale), 1u, largestBits(type, limit));
    return {sign | magnitude, scaleValue(type, sign | magnitude)};
}

GroupScale roundMinimum(ScaleType type, float minimum, float limit) {
    const uint32_t signMask = hasSingleBits(type) ? kFloatSign : kFloatSign >> 16;
    // The magnitude of -0 has no sign either.
    const uint32_t magnitude = std::min(magnitudeBits(type, std::fabs(minimum)), largestBits(type, limit));
    const uint32_t bits = magnitude | (minimum < 0 && magnitude > 0 ? signMask : 0u);
    return {bits, scaleValue(type, bits)};
}

int64_t scaleSectionBytes(ScaleType type, int64_t count) {
    const int64_t own = roundUp(scaleBytes(type) * count, 4);
    return type == ScaleType::kNested ? own + secondLevelBytes(count) : own;
}

GroupScale loadScale(ScaleType type, const uint8_t* section, int64_t count, int64_t group) {
    if (type == ScaleType::kNested) return loadNestedScale(section, count, group);
    uint32_t bits = 0;
    std::memcpy(&bits, section + scaleBytes(type) * group, static_cast<size_t>(scaleBytes(type)));
    return {bits, scaleValue(type, bits)};
}

void storeScale(ScaleType type, uint32_t bits, uint8_t* section, int64_t group) {
    std::memcpy(section + scaleBytes(type) * group, &bits, static_cast<size_t>(scaleBytes(type)));
}

}  // namespace halftone
