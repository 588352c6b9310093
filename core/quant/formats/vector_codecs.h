// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace halftone {

/// Vectorized codecs (Highway, run-time dispatch); same results as the scalar ones in every bit. The block codecs have
/// the shape of DecodeBlocks and EncodeBlocks (block_codec.h); the encoders ignore `importance`.
void decodeF16Vector(const uint8_t* packed, int64_t count, float* out);
void decodeBF16Vector(const uint8_t* packed, int64_t count, float* out);
void decodeQ4_0Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ4_1Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ5_0Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ5_1Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ8_0Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ4_KVector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ5_KVector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ6_KVector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ2_KVector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ3_KVector(const uint8_t* packed, int64_t blocks, float* out);
void decodeTQ1_0Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeTQ2_0Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ1_0Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeQ2_0Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeIQ4_NLVector(const uint8_t* packed, int64_t blocks, float* out);
void decodeIQ4_XSVector(const uint8_t* packed, int64_t blocks, float* out);
void decodeMXFP4Vector(const uint8_t* packed, int64_t blocks, float* out);
void decodeNVFP4Vector(const uint8_t* packed, int64_t blocks, float* out);

void encodeF16Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeBF16Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ4_0Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ4_1Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ5_0Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ5_1Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ8_0Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeTQ1_0Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeTQ2_0Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ2_0Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeMXFP4Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeNVFP4Vector(std::span<const float> values, const float* importance, uint8_t* packed);

}  // namespace halftone
