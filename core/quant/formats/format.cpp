// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "core/base/checked.h"

namespace halftone {
namespace {

constexpr IntegerFormat grouped(int bits, int groupSize, bool symmetric) {
    return {static_cast<uint8_t>(bits), symmetric, Granularity::kGroup, static_cast<uint16_t>(groupSize)};
}
constexpr IntegerFormat ungrouped(int bits, Granularity granularity, bool symmetric) {
    return {static_cast<uint8_t>(bits), symmetric, granularity, 0};
}

const std::vector<Format>& offeredList() {
    static const std::vector<Format> list = [] {
        using enum DType;
        std::vector<Format> formats;
        for (const DType type : {kF32,    kF16,    kBF16,  kQ8_0,  kQ6_K, kQ5_K, kQ5_1, kQ5_0,  kQ4_K,  kQ4_1, kQ4_0,
                                 kIQ4_NL, kIQ4_XS, kMXFP4, kNVFP4, kQ3_K, kQ2_K, kQ2_0, kTQ2_0, kTQ1_0, kQ1_0}) {
            formats.push_back(Format::of(type));
        }
        constexpr bool kSym = true;
        constexpr bool kAsym = false;
        for (const IntegerFormat& integer :
             {ungrouped(8, Granularity::kTensor, kSym), ungrouped(8, Granularity::kChannel, kSym),
              grouped(8, 128, kSym), grouped(8, 128, kAsym), grouped(6, 128, kSym), grouped(5, 128, kSym),
              ungrouped(4, Granularity::kChannel, kSym), grouped(4, 128, kSym), grouped(4, 128, kAsym),
              grouped(4, 64, kSym), grouped(4, 64, kAsym), grouped(4, 32, kSym), grouped(4, 32, kAsym),
              grouped(3, 128, kAsym), grouped(3, 64, kAsym), grouped(3, 32, kAsym), grouped(2, 64, kAsym),
              grouped(2, 32, kAsym), grouped(2, 16, kAsym)}) {
            formats.push_back(Format::of(integer));
        }
        return formats;
    }();
    return list;
}

std::string toLower(std::string_view text) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower;
}

/// A decimal number that is the whole of `text`.
std::optional<int> wholeNumber(std::string_view text) {
    int value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool isGroupSize(int size) {
    return size == 16 || size == 32 || size == 64 || size == 128 || size == 256;
}

bool parseGranularity(std::string_view text, IntegerFormat& integer) {
    integer.groupSize = 0;
    if (text == "tensor" || text == "channel") {
        integer.granularity = text == "tensor" ? Granularity::kTensor : Granularity::kChannel;
        return true;
    }
    if (!text.starts_with('g')) return false;
    const auto size = wholeNumber(text.substr(1));
    if (!size || !isGroupSize(*size)) return false;
    integer.granularity = Granularity::kGroup;
    integer.groupSize = static_cast<uint16_t>(*size);
    return true;
}

/// "int4_g128_asym", lower-case.
std::optional<IntegerFormat> parseInteger(std::string_view text) {
    if (!text.starts_with("int")) return std::nullopt;
    const size_t first = text.find('_');
    const size_t last = text.rfind('_');
    if (first == std::string_view::npos || first == last) return std::nullopt;
    IntegerFormat integer;
    const auto bits = wholeNumber(text.substr(3, first - 3));
    if (!bits || *bits < 2 || *bits > 8) return std::nullopt;
    integer.bits = static_cast<uint8_t>(*bits);
    const std::string_view symmetry = text.substr(last + 1);
    if (symmetry != "sym" && symmetry != "asym") return std::nullopt;
    integer.symmetric = symmetry == "sym";
    if (!parseGranularity(text.substr(first + 1, last - first - 1), integer)) return std::nullopt;
    return integer;
}

std::string granularityName(const IntegerFormat& integer) {
    if (integer.granularity == Granularity::kGroup) return fmt::format("g{}", integer.groupSize);
    return integer.granularity == Granularity::kChannel ? "channel" : "tensor";
}

std::string acceptedNames() {
    std::string names;
    for (const Format& format : offeredFormats()) {
        if (format.isInteger()) continue;
        names += format.name() + ", ";
    }
    return names +
           "or an integer format such as int4_g128_asym: int2 to int8, then tensor, channel or g16, g32, g64, g128, "
           "g256, then sym or asym";
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

Format Format::of(DType storage) {
    Format format;
    format.m_storage = storage;
    return format;
}

Format Format::of(const IntegerFormat& integer) {
    HT_CHECK(integer.bits >= 2 && integer.bits <= 8);
    HT_CHECK(integer.granularity == Granularity::kGroup ? isGroupSize(integer.groupSize) : integer.groupSize == 0);
    Format format;
    format.m_isInteger = true;
    format.m_integer = integer;
    return format;
}

Result<Format> Format::parse(std::string_view name) {
    if (const auto type = dtypeFromName(name)) return Format::of(*type);
    if (const auto integer = parseInteger(toLower(name))) return Format::of(*integer);
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("\"{}\" is not a format. Accepted are {}.", name, acceptedNames()));
}

std::string Format::name() const {
    if (!m_isInteger) return toLower(dtypeInfo(m_storage).name);
    return fmt::format("int{}_{}_{}", m_integer.bits, granularityName(m_integer), m_integer.symmetric ? "sym" : "asym");
}

std::string Format::displayName() const {
    if (!m_isInteger) return std::string(dtypeInfo(m_storage).name);
    return fmt::format("INT{} {} {}", m_integer.bits, granularityName(m_integer), m_integer.symmetric ? "sym" : "asym");
}

bool Format::fitsRow(int64_t cols) const {
    if (cols <= 0) return false;
    if (m_isInteger) return true;
    const DTypeInfo& info = dtypeInfo(m_storage);
    return cols % info.blockElements == 0 && cols / info.blockElements * info.blockBits % 8 == 0;
}

Format Format::orFallback(int64_t cols) const {
    if (fitsRow(cols)) return *this;
    const Format smaller = of(fallbackOf(m_storage));
    return smaller.fitsRow(cols) ? smaller : of(DType::kF16);
}

double Format::bitsPerWeight() const {
    if (!m_isInteger) return dtypeInfo(m_storage).bitsPerElement();
    if (m_integer.granularity != Granularity::kGroup) return m_integer.bits;
    const int overhead = 16 + (m_integer.symmetric ? 0 : m_integer.bits);
    return m_integer.bits + static_cast<double>(overhead) / m_integer.groupSize;
}

int64_t Format::storageBytes(int64_t rows, int64_t cols) const {
    if (!m_isInteger) {
        const DTypeInfo& info = dtypeInfo(m_storage);
        return rows * ceilDiv(cols / info.blockElements * info.blockBits, 8);
    }
    int64_t scales = 1;
    if (m_integer.granularity == Granularity::kChannel) scales = rows;
    if (m_integer.granularity == Granularity::kGroup) scales = rows * ceilDiv(cols, m_integer.groupSize);
    const int64_t codeBytes = rows * ceilDiv(cols * m_integer.bits, 8);
    const int64_t zeroBytes = m_integer.symmetric ? 0 : ceilDiv(scales * m_integer.bits, 8);
    return codeBytes + 2 * scales + zeroBytes;
}

std::span<const Format> offeredFormats() {
    return offeredList();
}

}  // namespace halftone
