// SPDX-License-Identifier: GPL-3.0-or-later
#include <initializer_list>

#include "core/quant/formats/format.h"

namespace halftone {
namespace {

constexpr bool kSym = true;
constexpr bool kAsym = false;

Format grouped(int bits, int groupSize, bool symmetric) {
    return Format::of(
        IntegerFormat{static_cast<uint8_t>(bits), symmetric, Granularity::kGroup, static_cast<uint16_t>(groupSize)});
}
Format ungrouped(int bits, Granularity granularity, bool symmetric) {
    return Format::of(IntegerFormat{static_cast<uint8_t>(bits), symmetric, granularity, 0});
}

/// Groups with a zero point that is a float.
Format floatZero(int bits, int groupSize, ScaleType scale = ScaleType::kF16) {
    return Format::of(IntegerFormat{.bits = static_cast<uint8_t>(bits),
                                    .symmetric = false,
                                    .granularity = Granularity::kGroup,
                                    .groupSize = static_cast<uint16_t>(groupSize),
                                    .scale = scale,
                                    .floatZero = true});
}

Format level(LevelTable table, Granularity granularity, int groupSize = 0) {
    return Format::of(
        LevelFormat{table, granularity, static_cast<uint16_t>(groupSize), standardScale(table, granularity)});
}
Format levelGroup(LevelTable table, int groupSize) {
    return level(table, Granularity::kGroup, groupSize);
}
Format withScale(const Format& format, ScaleType scale) {
    if (format.isInteger()) {
        IntegerFormat changed = format.integer();
        changed.scale = scale;
        return Format::of(changed);
    }
    LevelFormat changed = format.level();
    changed.scale = scale;
    return Format::of(changed);
}
Format mx(LevelTable table) {
    return withScale(levelGroup(table, 32), ScaleType::kE8M0);
}

void append(std::vector<Format>& formats, std::initializer_list<Format> more) {
    formats.insert(formats.end(), more);
}

void appendLevelFormats(std::vector<Format>& formats) {
    using enum LevelTable;
    for (const LevelTable table : {kFp8E4M3, kFp8E5M2}) {
        append(formats, {level(table, Granularity::kTensor), level(table, Granularity::kChannel),
                         level(table, Granularity::kBlock), levelGroup(table, 128), mx(table)});
    }
    for (const LevelTable table : {kFp6E2M3, kFp6E3M2}) append(formats, {levelGroup(table, 64), mx(table)});
    append(formats,
           {levelGroup(kFp4E2M1, 32), levelGroup(kFp4E2M1, 64), levelGroup(kNf4, 64),
            withScale(levelGroup(kNf4, 64), ScaleType::kF16), withScale(levelGroup(kNf4, 64), ScaleType::kNested),
            levelGroup(kNf4, 128), levelGroup(kFp4Bnb, 64), withScale(levelGroup(kFp4Bnb, 64), ScaleType::kNested),
            levelGroup(kApot4, 64), levelGroup(kPow2Bits4, 64), levelGroup(kPow2Bits3, 64), levelGroup(kTernary, 64),
            levelGroup(kTernary, 128), levelGroup(kBinary, 64), levelGroup(kBinary, 128)});
}

std::vector<Format> listOffered() {
    using enum DType;
    std::vector<Format> formats;
    for (const DType type : {kF32,    kF16,    kBF16,  kQ8_0,  kQ6_K, kQ5_K, kQ5_1, kQ5_0,  kQ4_K,  kQ4_1, kQ4_0,
                             kIQ4_NL, kIQ4_XS, kMXFP4, kNVFP4, kQ3_K, kQ2_K, kQ2_0, kTQ2_0, kTQ1_0, kQ1_0}) {
        formats.push_back(Format::of(type));
    }
    append(formats, {ungrouped(8, Granularity::kTensor, kSym),
                     ungrouped(8, Granularity::kChannel, kSym),
                     grouped(8, 128, kSym),
                     grouped(8, 128, kAsym),
                     grouped(6, 128, kSym),
                     grouped(5, 128, kSym),
                     ungrouped(4, Granularity::kChannel, kSym),
                     grouped(4, 128, kSym),
                     grouped(4, 128, kAsym),
                     grouped(4, 64, kSym),
                     grouped(4, 64, kAsym),
                     grouped(4, 32, kSym),
                     grouped(4, 32, kAsym),
                     grouped(3, 128, kAsym),
                     grouped(3, 64, kAsym),
                     grouped(3, 32, kAsym),
                     grouped(2, 64, kAsym),
                     grouped(2, 32, kAsym),
                     grouped(2, 16, kAsym),
                     floatZero(4, 128),
                     floatZero(4, 64),
                     floatZero(3, 64),
                     floatZero(2, 32),
                     withScale(grouped(4, 64, kSym), ScaleType::kNested),
                     withScale(grouped(4, 64, kAsym), ScaleType::kNested),
                     floatZero(4, 64, ScaleType::kNested)});
    appendLevelFormats(formats);
    for (const int bits : {4, 3, 2}) {
        for (const Granularity granularity : {Granularity::kChannel, Granularity::kTensor})
            formats.push_back(Format::of(CodebookFormat{static_cast<uint8_t>(bits), granularity}));
    }
    return formats;
}

}  // namespace

std::span<const Format> offeredFormats() {
    static const std::vector<Format> list = listOffered();
    return list;
}

}  // namespace halftone
