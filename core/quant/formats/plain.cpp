// SPDX-License-Identifier: GPL-3.0-or-later
// Types with one value per element: floats of 8 to 64 bits, integers, BOOL.
//
// Layout     little-endian elements back to back. F8_E4M3 has no infinities (0x7F and 0xFF are NaN), F8_E5M2 follows
//            IEEE 754, F8_E8M0 is 2^(e - 127) with 255 = NaN. BOOL: any byte but 0 is 1.
// Values     converted to binary32 with one rounding. Written: F32, F16, BF16 (round to nearest even).
// Source: the reference pages on ggml blocks (section 2) and on safetensors. docs/formats/plain.md.
#include <bit>
#include <cmath>
#include <cstring>

#include "core/quant/formats/block_layouts.h"
#include "core/quant/formats/codecs.h"
#include "core/quant/formats/vector_codecs.h"

namespace halftone {
namespace {

/// Bytes of a stored element to its value.
template <typename Stored>
float plainValue(Stored value) {
    return static_cast<float>(value);
}
float valueOfHalf(uint16_t bits) {
    return halfToFloat(bits);
}
float valueOfBfloat(uint16_t bits) {
    return bfloatToFloat(bits);
}
float valueOfBool(uint8_t byte) {
    return byte != 0 ? 1.0f : 0.0f;
}

float valueOfE4M3(uint8_t bits) {
    const int exponent = (bits >> 3) & 15;
    const auto mantissa = static_cast<float>(bits & 7);
    const float sign = bits & 0x80 ? -1.0f : 1.0f;
    if ((bits & 0x7F) == 0x7F) return std::bit_cast<float>(0x7FC00000u);
    if (exponent == 0) return sign * mantissa * 0x1p-9f;
    return sign * std::ldexp(1.0f + mantissa / 8.0f, exponent - 7);
}
/// E5M2 is the upper byte of a half.
float valueOfE5M2(uint8_t bits) {
    return halfToFloat(static_cast<uint16_t>(bits << 8));
}
float valueOfE8M0(uint8_t bits) {
    if (bits == 255) return std::bit_cast<float>(0x7FC00000u);
    if (bits == 0) return 0x1p-127f;
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 23);
}

template <typename Stored, float (*kValue)(Stored)>
void decodePlain(const uint8_t* packed, int64_t count, float* out) {
    for (int64_t i = 0; i < count; ++i) {
        Stored stored;
        std::memcpy(&stored, packed + i * static_cast<int64_t>(sizeof stored), sizeof stored);
        out[i] = kValue(stored);
    }
}

void copyFloats(const uint8_t* packed, int64_t count, float* out) {
    std::memcpy(out, packed, static_cast<size_t>(count) * sizeof(float));
}
void storeFloats(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    std::memcpy(packed, values.data(), values.size_bytes());
}

template <uint16_t (*kConvert)(float)>
void encode16(std::span<const float> values, const float* /*importance*/, uint8_t* packed) {
    for (size_t i = 0; i < values.size(); ++i) storeU16(kConvert(values[i]), packed + 2 * i);
}

template <typename Stored, float (*kValue)(Stored) = plainValue<Stored>>
constexpr BlockCodec makeCodec(DType type) {
    return {.type = type, .decode = decodePlain<Stored, kValue>};
}

}  // namespace

const BlockCodec kF32Codec{.type = DType::kF32, .decode = copyFloats, .encode = storeFloats};
const BlockCodec kF16Codec{.type = DType::kF16,
                           .decode = decodePlain<uint16_t, valueOfHalf>,
                           .encode = encode16<floatToHalf>,
                           .fastDecode = decodeF16Vector,
                           .fastEncode = encodeF16Vector};
const BlockCodec kBF16Codec{.type = DType::kBF16,
                            .decode = decodePlain<uint16_t, valueOfBfloat>,
                            .encode = encode16<floatToBfloat>,
                            .fastDecode = decodeBF16Vector,
                            .fastEncode = encodeBF16Vector};
const BlockCodec kF64Codec = makeCodec<double>(DType::kF64);
const BlockCodec kF8E4M3Codec = makeCodec<uint8_t, valueOfE4M3>(DType::kF8E4M3);
const BlockCodec kF8E5M2Codec = makeCodec<uint8_t, valueOfE5M2>(DType::kF8E5M2);
const BlockCodec kF8E8M0Codec = makeCodec<uint8_t, valueOfE8M0>(DType::kF8E8M0);
const BlockCodec kI8Codec = makeCodec<int8_t>(DType::kI8);
const BlockCodec kI16Codec = makeCodec<int16_t>(DType::kI16);
const BlockCodec kI32Codec = makeCodec<int32_t>(DType::kI32);
const BlockCodec kI64Codec = makeCodec<int64_t>(DType::kI64);
const BlockCodec kU8Codec = makeCodec<uint8_t>(DType::kU8);
const BlockCodec kU16Codec = makeCodec<uint16_t>(DType::kU16);
const BlockCodec kU32Codec = makeCodec<uint32_t>(DType::kU32);
const BlockCodec kU64Codec = makeCodec<uint64_t>(DType::kU64);
const BlockCodec kBoolCodec = makeCodec<uint8_t, valueOfBool>(DType::kBool);

}  // namespace halftone
