// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/quant/formats/integer_family.h"

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

void encodeF16Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeBF16Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ4_0Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ4_1Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ5_0Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ5_1Vector(std::span<const float> values, const float* importance, uint8_t* packed);
void encodeQ8_0Vector(std::span<const float> values, const float* importance, uint8_t* packed);

void decodeIntegerRowVector(const PackedLayout& layout, const uint8_t* row, float* out);
void encodeIntegerRowVector(const PackedLayout& layout, const float* values, ValueRange tensorRange, uint8_t* row);

}  // namespace halftone
