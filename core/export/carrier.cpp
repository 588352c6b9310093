// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/export/carrier.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "core/quant/formats/codec.h"
#include "core/tensor/float16.h"

namespace halftone {
namespace {

constexpr int64_t kBlock = 32;

uint16_t loadU16(const std::byte* at) {
    uint16_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

void storeU16(std::byte* at, uint16_t value) {
    std::memcpy(at, &value, sizeof value);
}

bool isFiniteHalf(uint16_t bits) {
    return (bits & 0x7C00u) != 0x7C00u;
}

// One packed row of a parametric format, read code by code (packed_layout.h).
class CodedRow {
  public:
    CodedRow(const PackedLayout& layout, const std::byte* row) : m_layout(layout), m_row(row) {}

    [[nodiscard]] uint32_t code(int64_t element) const {
        const int bits = m_layout.format.codeBits();
        const int64_t first = element * bits;
        const auto* bytes = reinterpret_cast<const uint8_t*>(m_row) + first / 8;
        // The stream is padded to four bytes, but a code of at most eight bits never reaches past the second byte.
        const int shift = static_cast<int>(first % 8);
        uint32_t word = bytes[0];
        if (shift + bits > 8) word |= static_cast<uint32_t>(bytes[1]) << 8;
        return (word >> shift) & ((1u << bits) - 1u);
    }
    [[nodiscard]] uint16_t scale(int64_t element) const {
        return loadU16(m_row + m_layout.scaleOffset + 2 * (element / m_layout.groupSize));
    }
    /// F16 of the value of code 0: stored where the zero point is a float, else -zero * scale, rounded.
    [[nodiscard]] uint16_t minimum(int64_t element) const {
        const int64_t group = element / m_layout.groupSize;
        if (m_layout.format.integer().floatZero) return loadU16(m_row + m_layout.zeroOffset + 2 * group);
        const auto zero = static_cast<float>(std::to_integer<int>(m_row[m_layout.zeroOffset + group]));
        return floatToHalf(-zero * halfToFloat(scale(element)));
    }

  private:
    const PackedLayout& m_layout;
    const std::byte* m_row;
};

// What the codes of a format count: (code * step - center) scales, or, without a center, (code - zero point) scales.
struct CodeMeaning {
    bool hasCenter = true;
    int center = 0;
    int step = 1;
};

CodeMeaning meaningOf(const Format& format) {
    if (format.isInteger()) return {format.integer().symmetric, 1 << (format.integer().bits - 1), 1};
    // Ternary codes count -1, 0, 1; binary ones -1, 1.
    return {true, 1, format.level().table == LevelTable::kBinary ? 2 : 1};
}

// Nibbles as all 32-element types have them: element j low, element j + 16 high; a fifth bit goes to bit j of `high`.
void packNibbles(const uint32_t (&codes)[kBlock], std::byte* nibbles, uint32_t& high) {
    high = 0;
    for (int64_t j = 0; j < kBlock / 2; ++j) {
        nibbles[j] = static_cast<std::byte>((codes[j] & 15u) | ((codes[j + 16] & 15u) << 4));
    }
    for (int64_t j = 0; j < kBlock; ++j) high |= ((codes[j] >> 4) & 1u) << j;
}

// The block that begins at `first`, in the layout of `storage` (reference page on ggml blocks, section 3).
Status carryBlock(const CodedRow& row, const CodeMeaning& format, int64_t first, DType storage, std::byte* block) {
    const uint16_t scale = row.scale(first);
    const int center = format.center;
    storeU16(block, scale);
    block += 2;
    if (storage == DType::kQ8_0) {
        for (int64_t j = 0; j < kBlock; ++j)
            block[j] = static_cast<std::byte>(static_cast<int>(row.code(first + j)) * format.step - center);
        return {};
    }
    const bool hasFifthBit = storage == DType::kQ5_0 || storage == DType::kQ5_1;
    if (storage == DType::kQ4_1 || storage == DType::kQ5_1) {
        const uint16_t minimum = row.minimum(first);
        if (!isFiniteHalf(minimum))
            return makeError(ErrorCode::kInvalidData, "A group's minimum does not fit a 16-bit float.");
        storeU16(block, minimum);
        block += 2;
    }
    // The carrier's zero stands in the middle of its own range.
    const int carrierCenter = hasFifthBit ? 16 : 8;
    const int shift = format.hasCenter ? carrierCenter - center : 0;
    uint32_t codes[kBlock];
    for (int64_t j = 0; j < kBlock; ++j)
        codes[j] = static_cast<uint32_t>(static_cast<int>(row.code(first + j)) * format.step + shift);
    uint32_t high = 0;
    packNibbles(codes, block + (hasFifthBit ? 4 : 0), high);
    if (hasFifthBit) std::memcpy(block, &high, sizeof high);
    return {};
}

Status carryAsHalf(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows,
                   std::span<std::byte> out) {
    std::vector<float> values(static_cast<size_t>(rows * layout.cols));
    HT_TRY(decodeRows(layout, packed, rows, values));
    for (size_t i = 0; i < values.size(); ++i) {
        const uint16_t half = floatToHalf(values[i]);
        if (!isFiniteHalf(half))
            return makeError(ErrorCode::kInvalidData, "A quantized value does not fit a 16-bit float.");
        storeU16(out.data() + 2 * i, half);
    }
    return {};
}

}  // namespace

Carrier chooseCarrier(const Format& format, int64_t cols) {
    if (format.isCodebook()) return {DType::kF16, true};
    const bool blocksFit =
        cols % kBlock == 0 && (format.granularity() != Granularity::kGroup || format.groupSize() % kBlock == 0);
    if (!blocksFit || format.scaleType() != ScaleType::kF16) return {DType::kF16, false};
    if (format.isLevel()) {
        const LevelTable table = format.level().table;
        const bool isWhole = table == LevelTable::kTernary || table == LevelTable::kBinary;
        return isWhole ? Carrier{DType::kQ4_0, true} : Carrier{DType::kF16, false};
    }
    const IntegerFormat& integer = format.integer();
    if (integer.symmetric) {
        if (integer.bits <= 4) return {DType::kQ4_0, true};
        return {integer.bits == 5 ? DType::kQ5_0 : DType::kQ8_0, true};
    }
    if (integer.bits <= 4) return {DType::kQ4_1, integer.floatZero};
    if (integer.bits == 5) return {DType::kQ5_1, integer.floatZero};
    return {DType::kF16, false};
}

Status carryRows(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows, DType storage,
                 std::span<std::byte> out) {
    if (storage == DType::kF16) return carryAsHalf(layout, packed, rows, out);
    const int64_t blockBytes = dtypeInfo(storage).blockBytes();
    const int64_t blocks = layout.cols / kBlock;
    const CodeMeaning meaning = meaningOf(layout.format);
    for (int64_t r = 0; r < rows; ++r) {
        const CodedRow row(layout, packed.data() + r * layout.rowBytes);
        for (int64_t b = 0; b < blocks; ++b) {
            HT_TRY(carryBlock(row, meaning, b * kBlock, storage, out.data() + (r * blocks + b) * blockBytes));
        }
    }
    return {};
}

}  // namespace halftone
