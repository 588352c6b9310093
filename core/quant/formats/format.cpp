// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/format.h"

#include "core/base/checked.h"
#include "core/quant/formats/format_extras.h"
#include "core/quant/formats/nested_scale.h"

namespace halftone {
namespace {

bool isGroupSize(int size) {
    return size == 16 || size == 32 || size == 64 || size == 128 || size == 256;
}
bool isLegalGroup(Granularity granularity, int groupSize) {
    return granularity == Granularity::kGroup ? isGroupSize(groupSize) : groupSize == 0;
}

/// Bits of a scale in a long row, its share of a second level included.
double scaleBits(ScaleType type) {
    return 8.0 * scaleBytes(type) + (type == ScaleType::kNested ? 32.0 / double(kNestedGroups) : 0.0);
}

/// Scales of a rows x cols matrix.
int64_t scaleCount(const Format& format, int64_t rows, int64_t cols) {
    switch (format.granularity()) {
        case Granularity::kTensor:
            return 1;
        case Granularity::kChannel:
            return rows;
        case Granularity::kGroup:
            return rows * ceilDiv(cols, format.groupSize());
        case Granularity::kBlock:
            break;
    }
    return ceilDiv(rows, kBlockSide) * ceilDiv(cols, kBlockSide);
}

/// What all scales (or all minima) of a rows x cols matrix cost.
int64_t scaleStorage(const Format& format, int64_t rows, int64_t cols) {
    const int64_t scales = scaleCount(format, rows, cols);
    if (format.scaleType() != ScaleType::kNested) return scales * scaleBytes(format.scaleType());
    return scales + rows * secondLevelBytes(ceilDiv(cols, format.groupSize()));
}

/// Smaller-block type that replaces one whose blocks do not divide a row; F16 where there is none.
DType fallbackOf(DType type) {
    using enum DType;
    switch (type) {
        case kIQ1_S:
        case kIQ1_M:
        case kIQ2_XXS:
        case kIQ2_XS:
        case kIQ2_S:
        case kIQ3_XXS:
        case kIQ3_S:
        case kIQ4_XS:
            return kIQ4_NL;
        case kQ2_0:
        case kQ2_K:
        case kQ3_K:
        case kTQ1_0:
        case kTQ2_0:
            return kQ4_0;
        case kQ4_K:
            return kQ5_0;
        case kQ5_K:
            return kQ5_1;
        case kQ6_K:
            return kQ8_0;
        default:
            return kF16;
    }
}

}  // namespace

bool isLegal(const IntegerFormat& integer) {
    if (integer.bits < 2 || integer.bits > 8 || integer.scale == ScaleType::kE8M0) return false;
    if (integer.granularity == Granularity::kBlock || !isLegalGroup(integer.granularity, integer.groupSize))
        return false;
    if (integer.scale == ScaleType::kNested && integer.granularity != Granularity::kGroup) return false;
    return !(integer.symmetric && integer.floatZero);
}

bool isLegal(const LevelFormat& level) {
    if (!isLegalGroup(level.granularity, level.groupSize)) return false;
    if (level.scale == ScaleType::kNested && level.granularity != Granularity::kGroup) return false;
    const LevelTableInfo& table = levelTable(level.table);
    const bool ownsScales = level.granularity == Granularity::kChannel || level.granularity == Granularity::kGroup;
    if (table.rule == ScaleRule::kMeanMagnitude && !ownsScales) return false;
    if (level.scale == ScaleType::kNested) return table.rule == ScaleRule::kLargest;
    return level.scale != ScaleType::kE8M0 || table.levels[table.zeroCode] == 0;
}

ScaleType standardScale(LevelTable table, Granularity granularity) {
    const bool isBnb = table == LevelTable::kNf4 || table == LevelTable::kFp4Bnb;
    const bool isFp8 = table == LevelTable::kFp8E4M3 || table == LevelTable::kFp8E5M2;
    return isBnb || (isFp8 && granularity != Granularity::kGroup) ? ScaleType::kF32 : ScaleType::kF16;
}

Format Format::of(DType storage) {
    Format format;
    format.m_storage = storage;
    return format;
}

Format Format::of(const IntegerFormat& integer) {
    HT_CHECK(isLegal(integer));
    Format format;
    format.m_family = FormatFamily::kInteger;
    format.m_integer = integer;
    return format;
}

Format Format::of(const LevelFormat& level) {
    HT_CHECK(isLegal(level));
    Format format;
    format.m_family = FormatFamily::kLevel;
    format.m_level = level;
    return format;
}

Format Format::of(const CodebookFormat& codebook) {
    HT_CHECK(codebook.bits >= 2 && codebook.bits <= 4);
    HT_CHECK(codebook.granularity == Granularity::kChannel || codebook.granularity == Granularity::kTensor);
    Format format;
    format.m_family = FormatFamily::kCodebook;
    format.m_codebook = codebook;
    return format;
}

bool Format::isPlain() const {
    return isStorage() && !dtypeInfo(m_storage).isBlock();
}

bool Format::sharesScalesBetweenRows() const {
    return !isStorage() && (granularity() == Granularity::kTensor || granularity() == Granularity::kBlock);
}

Granularity Format::granularity() const {
    switch (m_family) {
        case FormatFamily::kStorage:
            break;
        case FormatFamily::kInteger:
            return m_integer.granularity;
        case FormatFamily::kLevel:
            return m_level.granularity;
        case FormatFamily::kCodebook:
            return m_codebook.granularity;
    }
    return Granularity::kGroup;
}

int Format::codeBits() const {
    if (isCodebook()) return m_codebook.bits;
    return isInteger() ? m_integer.bits : levelTable(m_level.table).bits;
}

ScaleType Format::scaleType() const {
    if (isCodebook()) return ScaleType::kF16;
    return isInteger() ? m_integer.scale : m_level.scale;
}

int64_t Format::groupSize() const {
    if (isStorage()) return dtypeInfo(m_storage).blockElements;
    if (granularity() == Granularity::kBlock) return kBlockSide;
    if (isCodebook()) return 0;
    return isInteger() ? m_integer.groupSize : m_level.groupSize;
}

bool Format::fitsRow(int64_t cols) const {
    if (cols <= 0) return false;
    if (!isStorage()) return true;
    const DTypeInfo& info = dtypeInfo(m_storage);
    return cols % info.blockElements == 0 && cols / info.blockElements * info.blockBits % 8 == 0;
}

Format Format::orFallback(int64_t cols) const {
    if (fitsRow(cols)) return *this;
    Format smaller = of(fallbackOf(m_storage));
    if (!smaller.fitsRow(cols)) smaller = of(DType::kF16);
    if (!extrasObstacle(smaller, m_extras).empty()) return smaller;
    return smaller.with(m_extras);
}

double Format::bitsPerWeight() const {
    if (!m_extras.isNone()) return base().bitsPerWeight() + extraBitsPerWeight(*this, m_extras);
    if (isStorage()) return dtypeInfo(m_storage).bitsPerElement();
    const double ownBits = scaleBits(scaleType());
    if (granularity() == Granularity::kBlock) return codeBits() + ownBits / double(kBlockSide * kBlockSide);
    if (granularity() != Granularity::kGroup) return codeBits();
    double zeroBits = 0;
    if (isInteger() && !m_integer.symmetric) zeroBits = m_integer.floatZero ? ownBits : m_integer.bits;
    return codeBits() + (ownBits + zeroBits) / double(groupSize());
}

int64_t Format::storageBytes(int64_t rows, int64_t cols) const {
    if (!m_extras.isNone()) return base().storageBytes(rows, cols) + extraStorageBytes(*this, m_extras, rows, cols);
    if (isStorage()) {
        const DTypeInfo& info = dtypeInfo(m_storage);
        return rows * ceilDiv(cols / info.blockElements * info.blockBits, 8);
    }
    const int64_t scales = scaleCount(*this, rows, cols);
    const int64_t codeBytes = rows * ceilDiv(cols * codeBits(), 8);
    if (isCodebook()) return codeBytes + scales * (int64_t{2} << m_codebook.bits);
    int64_t zeroBytes = 0;
    if (isInteger() && !m_integer.symmetric)
        zeroBytes = m_integer.floatZero ? scaleStorage(*this, rows, cols) : ceilDiv(scales * m_integer.bits, 8);
    return codeBytes + scaleStorage(*this, rows, cols) + zeroBytes;
}

}  // namespace halftone
