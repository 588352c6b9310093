// SPDX-License-Identifier: GPL-3.0-or-later
// Packed rows from outside: any bytes of any format are decoded, validated and listed without a fault, the vectorized
// and the scalar decoder agree, and what is finite can be encoded again.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "core/quant/formats/codec.h"
#include "core/quant/formats/group_description.h"

namespace {

using namespace halftone;

constexpr size_t kHeaderBytes = 4;
constexpr uint8_t kFirstLevelKind = 170;
constexpr uint8_t kFirstCodebookKind = 240;

/// Kinds from kFirstLevelKind on: a table, and what the detail says if the table can have it.
Format levelFormatOf(uint8_t kind, uint8_t detail) {
    LevelFormat level;
    level.table = static_cast<LevelTable>(kind % static_cast<uint8_t>(LevelTable::kCount));
    level.scale = static_cast<ScaleType>(detail & 3);
    level.granularity = static_cast<Granularity>((detail >> 2) & 3);
    if (detail >= 240 && level.granularity == Granularity::kGroup) level.scale = ScaleType::kNested;
    level.groupSize =
        level.granularity == Granularity::kGroup ? static_cast<uint16_t>(16u << ((detail >> 4) % 5)) : uint16_t{0};
    return isLegal(level) ? Format::of(level) : Format::of(LevelFormat{});
}

/// Two bytes choose the format: a storage type, or a member of a parametric family.
Format formatOf(uint8_t kind, uint8_t detail) {
    if (kind < static_cast<uint8_t>(DType::kCount)) return Format::of(static_cast<DType>(kind));
    if (kind >= kFirstCodebookKind) {
        const Granularity granularity = detail % 2 ? Granularity::kTensor : Granularity::kChannel;
        return Format::of(CodebookFormat{static_cast<uint8_t>(2 + detail / 2 % 3), granularity});
    }
    if (kind >= kFirstLevelKind) return levelFormatOf(kind, detail);
    IntegerFormat integer;
    if (detail >= 128) integer.scale = detail % 2 ? ScaleType::kBF16 : ScaleType::kF32;
    integer.bits = static_cast<uint8_t>(2 + kind % 7);
    integer.symmetric = (detail & 1) != 0;
    integer.granularity = static_cast<Granularity>((detail >> 1) % 3);
    integer.groupSize =
        integer.granularity == Granularity::kGroup ? static_cast<uint16_t>(16u << ((detail >> 3) % 5)) : uint16_t{0};
    if (kind % 3 == 0 && integer.granularity == Granularity::kGroup) integer.scale = ScaleType::kNested;
    if (kind % 2 == 0) integer.floatZero = !integer.symmetric;
    return Format::of(integer);
}

bool sameFloat(float a, float b) {
    return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

void require(bool condition) {
    if (!condition) std::abort();
}

void encodeAgain(const PackedLayout& layout, const std::vector<float>& values, int64_t rows) {
    for (const float value : values) {
        if (!std::isfinite(value)) return;
    }
    std::vector<std::byte> packed(static_cast<size_t>(rows * layout.rowBytes));
    std::vector<std::byte> reference(packed.size());
    const EncodeOptions options{.importance = {}, .tensorMin = -1.0f, .tensorMax = 1.0f};
    require(encodeRows(layout, values, rows, options, packed).has_value() == canEncode(layout.format));
    require(encodeRowsReference(layout, values, rows, options, reference).has_value() == canEncode(layout.format));
    require(packed == reference);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < kHeaderBytes) return 0;
    const Format format = formatOf(data[0], data[1]);
    const int64_t cols = data[2] | ((data[3] & 7) << 8);
    if (!format.fitsRow(cols)) return 0;
    const PackedLayout layout = PackedLayout::of(format, cols);
    // A copy of exact size, so that a sanitizer sees the first byte read past the end.
    const std::vector<uint8_t> copy(data + kHeaderBytes, data + size);
    const auto rows = static_cast<int64_t>(copy.size()) / layout.rowBytes;
    const auto packed = std::as_bytes(std::span(copy)).first(static_cast<size_t>(rows * layout.rowBytes));

    std::vector<float> decoded(static_cast<size_t>(rows * cols));
    std::vector<float> reference(decoded.size());
    require(decodeRows(layout, packed, rows, decoded).has_value() == canDecode(format));
    require(decodeRowsReference(layout, packed, rows, reference).has_value() == canDecode(format));
    for (size_t i = 0; i < decoded.size(); ++i) require(sameFloat(decoded[i], reference[i]));
    (void)validateRows(layout, packed, rows);
    if (!canDecode(format) || rows == 0) return 0;
    (void)groupLevels(layout, packed, cols - 1);
    for (int64_t group = 0; group < groupCount(layout); ++group) (void)describeGroup(layout, packed, group);
    encodeAgain(layout, decoded, rows);
    return 0;
}
