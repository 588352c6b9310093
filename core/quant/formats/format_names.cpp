// SPDX-License-Identifier: GPL-3.0-or-later
// Names of formats: printing and its inverse.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/words.h"
#include "core/quant/formats/format_extras.h"

namespace halftone {
namespace {

/// Takes the part up to the next underscore off the front of `text`.
std::string_view takeWord(std::string_view& text) {
    const size_t end = std::min(text.find('_'), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

struct Granule {
    Granularity granularity;
    uint16_t groupSize = 0;
};

std::optional<Granule> parseGranule(std::string_view text) {
    if (text == "tensor") return Granule{Granularity::kTensor};
    if (text == "channel") return Granule{Granularity::kChannel};
    if (text == "b128x128") return Granule{Granularity::kBlock};
    if (!text.starts_with('g')) return std::nullopt;
    const auto size = wholeNumber(text.substr(1));
    if (!size || (*size != 16 && *size != 32 && *size != 64 && *size != 128 && *size != 256)) return std::nullopt;
    return Granule{Granularity::kGroup, static_cast<uint16_t>(*size)};
}

std::string granuleName(const Format& format) {
    switch (format.granularity()) {
        case Granularity::kTensor:
            return "tensor";
        case Granularity::kChannel:
            return "channel";
        case Granularity::kBlock:
            return "b128x128";
        case Granularity::kGroup:
            break;
    }
    return fmt::format("g{}", format.groupSize());
}

constexpr std::array<std::string_view, 5> kScaleNames{"f16", "bf16", "f32", "e8m0", "dq"};

std::string_view scaleName(ScaleType type) {
    return kScaleNames[static_cast<size_t>(type)];
}

constexpr std::string_view kSymmetricWord = "sym";
constexpr std::string_view kWholeZeroWord = "asym";
constexpr std::string_view kFloatZeroWord = "fzero";

/// What an integer format's codes are counted from.
std::string_view zeroWord(const IntegerFormat& integer) {
    if (integer.symmetric) return kSymmetricWord;
    return integer.floatZero ? kFloatZeroWord : kWholeZeroWord;
}

/// An optional last word that names the scale type.
bool parseScale(std::string_view text, ScaleType& scale) {
    if (text.empty()) return true;
    const auto found = std::ranges::find(kScaleNames, text);
    if (found == kScaleNames.end()) return false;
    scale = static_cast<ScaleType>(found - kScaleNames.begin());
    return true;
}

/// "int4_g128_asym", "int4_g64_fzero_dq", "int8_channel_sym_f32", lower-case.
std::optional<IntegerFormat> parseInteger(std::string_view text) {
    if (!text.starts_with("int") || text.ends_with('_')) return std::nullopt;
    IntegerFormat integer;
    const auto bits = wholeNumber(takeWord(text).substr(3));
    const auto granule = parseGranule(takeWord(text));
    const std::string_view zero = takeWord(text);
    if (!bits || *bits < 2 || *bits > 8 || !granule || !parseScale(text, integer.scale)) return std::nullopt;
    if (zero != kSymmetricWord && zero != kWholeZeroWord && zero != kFloatZeroWord) return std::nullopt;
    integer.bits = static_cast<uint8_t>(*bits);
    integer.symmetric = zero == kSymmetricWord;
    integer.floatZero = zero == kFloatZeroWord;
    integer.granularity = granule->granularity;
    integer.groupSize = granule->groupSize;
    return isLegal(integer) ? std::optional(integer) : std::nullopt;
}

/// A table's name at the start of `text`, taken off with the underscore behind it. APoT has one power at 3 bits.
std::optional<LevelTable> takeTable(std::string_view& text) {
    constexpr std::string_view kApot3 = "apot3_";
    if (text.starts_with(kApot3)) {
        text.remove_prefix(kApot3.size());
        return LevelTable::kPow2Bits3;
    }
    for (size_t i = 0; i < static_cast<size_t>(LevelTable::kCount); ++i) {
        const std::string_view name = levelTable(static_cast<LevelTable>(i)).name;
        if (!text.starts_with(name) || (text.size() > name.size() && text[name.size()] != '_')) continue;
        text.remove_prefix(std::min(name.size() + 1, text.size()));
        return static_cast<LevelTable>(i);
    }
    return std::nullopt;
}

bool hasMxForm(LevelTable table) {
    using enum LevelTable;
    return table == kFp8E4M3 || table == kFp8E5M2 || table == kFp6E2M3 || table == kFp6E3M2;
}

bool isMxForm(const LevelFormat& level) {
    return hasMxForm(level.table) && level.scale == ScaleType::kE8M0 && level.groupSize == 32;
}

/// "nf4_g64", "fp8_e4m3_b128x128_bf16", "mxfp6_e2m3", lower-case.
std::optional<LevelFormat> parseLevel(std::string_view text) {
    if (text.ends_with('_')) return std::nullopt;
    const bool isMx = text.starts_with("mx");
    if (isMx) text.remove_prefix(2);
    const auto table = takeTable(text);
    if (!table) return std::nullopt;
    if (isMx) {
        if (!text.empty() || !hasMxForm(*table)) return std::nullopt;
        return LevelFormat{*table, Granularity::kGroup, 32, ScaleType::kE8M0};
    }
    const auto granule = parseGranule(takeWord(text));
    if (!granule) return std::nullopt;
    LevelFormat level{*table, granule->granularity, granule->groupSize, standardScale(*table, granule->granularity)};
    if (!parseScale(text, level.scale) || !isLegal(level)) return std::nullopt;
    return level;
}

/// "kmeans4_channel", lower-case.
std::optional<CodebookFormat> parseCodebook(std::string_view text) {
    constexpr std::string_view kPrefix = "kmeans";
    if (!text.starts_with(kPrefix) || text.ends_with('_')) return std::nullopt;
    const auto bits = wholeNumber(takeWord(text).substr(kPrefix.size()));
    const auto granule = parseGranule(text);
    if (!bits || *bits < 2 || *bits > 4 || !granule) return std::nullopt;
    if (granule->granularity != Granularity::kChannel && granule->granularity != Granularity::kTensor)
        return std::nullopt;
    return CodebookFormat{static_cast<uint8_t>(*bits), granule->granularity};
}

std::string acceptedNames() {
    std::string names;
    for (const Format& format : offeredFormats()) {
        if (format.isStorage()) names += format.name() + ", ";
    }
    std::string tables;
    for (size_t i = 0; i < static_cast<size_t>(LevelTable::kCount); ++i)
        tables += fmt::format("{}{}", i == 0 ? "" : ", ", levelTable(static_cast<LevelTable>(i)).name);
    return names +
           "an integer format such as int4_g128_asym: int2 to int8, then tensor, channel or g16, g32, g64, "
           "g128, g256, then sym, asym or fzero (a zero point that is a float); or a table of levels such as "
           "nf4_g64 or fp8_e4m3_b128x128: " +
           tables +
           ", then tensor, channel, b128x128 or g16 to g256; or mxfp8_e4m3, mxfp8_e5m2, mxfp6_e2m3, "
           "mxfp6_e3m2; or kmeans2, kmeans3, kmeans4, then channel or tensor. A scale type other than the usual one "
           "goes last: f16, bf16, f32, e8m0, or dq for scales of groups that are quantized themselves. Behind the "
           "format may stand " +
           std::string(acceptedExtras());
}

/// A name without extras.
std::optional<Format> parseBase(const std::string& lower) {
    if (const auto type = dtypeFromName(lower)) return Format::of(*type);
    if (const auto integer = parseInteger(lower)) return Format::of(*integer);
    if (const auto level = parseLevel(lower)) return Format::of(*level);
    if (const auto codebook = parseCodebook(lower)) return Format::of(*codebook);
    return std::nullopt;
}

}  // namespace

Result<Format> Format::parse(std::string_view name) {
    const std::string lower = lowerCase(name);
    const size_t plus = std::min(lower.find('+'), lower.size());
    const auto base = parseBase(lower.substr(0, plus));
    if (!base || plus + 1 == lower.size()) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("\"{}\" is not a format. Accepted are {}.", name, acceptedNames()));
    }
    if (plus == lower.size()) return *base;
    HT_ASSIGN_OR_RETURN(const FormatExtras extras, parseExtras(std::string_view(lower).substr(plus + 1)));
    if (std::string obstacle = extrasObstacle(*base, extras); !obstacle.empty())
        return makeError(ErrorCode::kInvalidArgument, std::move(obstacle));
    return base->with(extras);
}

std::string Format::name() const {
    if (!m_extras.isNone()) return base().name() + extrasName(m_extras);
    if (isStorage()) return lowerCase(dtypeInfo(m_storage).name);
    if (isInteger()) {
        const bool usual = m_integer.scale == ScaleType::kF16;
        return fmt::format("int{}_{}_{}{}{}", m_integer.bits, granuleName(*this), zeroWord(m_integer), usual ? "" : "_",
                           usual ? "" : scaleName(m_integer.scale));
    }
    if (isCodebook()) return fmt::format("kmeans{}_{}", m_codebook.bits, granuleName(*this));
    const std::string_view table = levelTable(m_level.table).name;
    if (isMxForm(m_level)) return fmt::format("mx{}", table);
    const bool usual = m_level.scale == standardScale(m_level.table, m_level.granularity);
    return fmt::format("{}_{}{}{}", table, granuleName(*this), usual ? "" : "_", usual ? "" : scaleName(m_level.scale));
}

std::string Format::displayName() const {
    if (!m_extras.isNone()) return base().displayName() + extrasDisplayName(m_extras);
    if (isStorage()) return std::string(dtypeInfo(m_storage).name);
    constexpr std::array<std::string_view, 5> kShown{" F16", " BF16", " F32", " E8M0", " DQ"};
    const std::string granule = granularity() == Granularity::kBlock ? "128x128" : granuleName(*this);
    if (isInteger()) {
        return fmt::format("INT{} {} {}{}", m_integer.bits, granule, zeroWord(m_integer),
                           m_integer.scale == ScaleType::kF16 ? "" : kShown[static_cast<size_t>(m_integer.scale)]);
    }
    if (isCodebook()) return fmt::format("K-means {}-bit {}", m_codebook.bits, granule);
    const std::string_view table = levelTable(m_level.table).displayName;
    if (isMxForm(m_level)) return fmt::format("MX{}", table);
    const bool usual = m_level.scale == standardScale(m_level.table, m_level.granularity);
    return fmt::format("{} {}{}", table, granule, usual ? "" : kShown[static_cast<size_t>(m_level.scale)]);
}

}  // namespace halftone
