// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/format_extras.h"

#include <algorithm>
#include <bit>
#include <optional>

#include <fmt/format.h>

#include "core/base/checked.h"
#include "core/base/words.h"

namespace halftone {
namespace {

constexpr int kMinPercent = 5, kMaxPercent = 95;
constexpr int kMaxOutliersPerMille = 100;
constexpr int kMaxRank = 1024;
constexpr int64_t kShortColumns = 1 << 16;  ///< columns of rows up to this length take 16 bits

constexpr std::string_view kSparseWord = "sparse", kOutlierWord = "out", kRankWord = "rank";

/// Bits of one code (of one value of the plain types); 0 for types without a code of zero.
int zeroKeepingBits(DType type) {
    using enum DType;
    switch (type) {
        case kF32:
            return 32;
        case kF16:
        case kBF16:
            return 16;
        case kQ8_0:
            return 8;
        case kQ6_K:
            return 6;
        case kQ5_0:
            return 5;
        case kQ4_0:
        case kMXFP4:
        case kNVFP4:
            return 4;
        case kQ3_K:
            return 3;
        case kTQ2_0:
            return 2;
        default:
            return 0;
    }
}

int codeBitsOf(const Format& format) {
    return format.isStorage() ? zeroKeepingBits(format.storage()) : format.codeBits();
}

/// "0.5" or "2": per cent, in whole tenths, as tenths.
std::optional<int> tenths(std::string_view text) {
    const size_t point = text.find('.');
    const auto whole = wholeNumber(text.substr(0, point));
    if (!whole || *whole < 0 || *whole > 100) return std::nullopt;
    if (point == std::string_view::npos) return *whole * 10;
    const auto part = wholeNumber(text.substr(point + 1));
    if (!part || text.size() != point + 2 || *part < 0) return std::nullopt;
    return *whole * 10 + *part;
}

bool parsePattern(std::string_view word, FormatExtras& extras) {
    const size_t middle = word.find("of");
    if (middle == std::string_view::npos || !extras.sparsity.isNone()) return false;
    const auto keep = wholeNumber(word.substr(0, middle)), of = wholeNumber(word.substr(middle + 2));
    if (!keep || !of || *keep <= 0 || *keep >= *of || (*of != 4 && *of != 8 && *of != 16)) return false;
    extras.sparsity.keep = static_cast<uint8_t>(*keep);
    extras.sparsity.of = static_cast<uint8_t>(*of);
    return true;
}

bool parseShare(std::string_view text, FormatExtras& extras) {
    const auto percent = wholeNumber(text);
    if (!percent || *percent < kMinPercent || *percent > kMaxPercent || !extras.sparsity.isNone()) return false;
    extras.sparsity.percent = static_cast<uint8_t>(*percent);
    return true;
}

bool parseOutliers(std::string_view text, FormatExtras& extras) {
    const auto share = tenths(text);
    if (!share || *share < 1 || *share > kMaxOutliersPerMille || extras.outliersPerMille != 0) return false;
    extras.outliersPerMille = static_cast<uint16_t>(*share);
    return true;
}

bool parseRank(std::string_view text, FormatExtras& extras) {
    const auto rank = wholeNumber(text);
    if (!rank || *rank < 1 || *rank > kMaxRank || extras.rank != 0) return false;
    extras.rank = static_cast<uint16_t>(*rank);
    return true;
}

bool parseWord(std::string_view word, FormatExtras& extras) {
    const auto behind = [&](std::string_view prefix) { return word.substr(prefix.size()); };
    if (word.starts_with(kSparseWord)) return parseShare(behind(kSparseWord), extras);
    if (word.starts_with(kOutlierWord)) return parseOutliers(behind(kOutlierWord), extras);
    if (word.starts_with(kRankWord)) return parseRank(behind(kRankWord), extras);
    return parsePattern(word, extras);
}

std::string shareText(uint16_t perMille) {
    return perMille % 10 == 0 ? fmt::format("{}", perMille / 10) : fmt::format("{}.{}", perMille / 10, perMille % 10);
}

}  // namespace

std::string_view acceptedExtras() {
    return "+2of4 (of 4 neighbours 2 stay; also 1 to 15 of 4, 8 or 16), +sparse50 (5 to 95 % of every row are zero), "
           "+out0.5 (0.1 to 10 % of the elements beside the codes as F16), +rank32 (a product of that rank, 1 to 1024)";
}

Result<FormatExtras> parseExtras(std::string_view words) {
    FormatExtras extras;
    while (!words.empty()) {
        const size_t end = std::min(words.find('+'), words.size());
        const std::string_view word = words.substr(0, end);
        if (!parseWord(word, extras) || end + 1 == words.size()) {
            return makeError(ErrorCode::kInvalidArgument,
                             fmt::format("\"+{}\" does not go with a format here. Accepted, each kind once, are {}.",
                                         word, acceptedExtras()));
        }
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return extras;
}

std::string extrasName(const FormatExtras& extras) {
    std::string name;
    const Sparsity& sparsity = extras.sparsity;
    if (sparsity.of != 0) name += fmt::format("+{}of{}", sparsity.keep, sparsity.of);
    if (sparsity.percent != 0) name += fmt::format("+{}{}", kSparseWord, sparsity.percent);
    if (extras.outliersPerMille != 0) name += fmt::format("+{}{}", kOutlierWord, shareText(extras.outliersPerMille));
    if (extras.rank != 0) name += fmt::format("+{}{}", kRankWord, extras.rank);
    return name;
}

std::string extrasDisplayName(const FormatExtras& extras) {
    std::string name;
    const Sparsity& sparsity = extras.sparsity;
    if (sparsity.of != 0) name += fmt::format(", {}:{} sparse", sparsity.keep, sparsity.of);
    if (sparsity.percent != 0) name += fmt::format(", {} % sparse", sparsity.percent);
    if (extras.outliersPerMille != 0) name += fmt::format(" + {} % F16", shareText(extras.outliersPerMille));
    if (extras.rank != 0) name += fmt::format(" + rank {}", extras.rank);
    return name;
}

double extraBitsPerWeight(const Format& base, const FormatExtras& extras) {
    double bits = 0;
    const Sparsity& sparsity = extras.sparsity;
    if (sparsity.of != 0) {
        const double kept = double(sparsity.keep) / sparsity.of;
        bits += kept * std::bit_width(unsigned{sparsity.of} - 1) - (1 - kept) * codeBitsOf(base);
    }
    if (sparsity.percent != 0) bits += 1 - codeBitsOf(base) * sparsity.percent / 100.0;
    return bits + extras.outliersPerMille / 1000.0 * 32;
}

int64_t outlierCount(const FormatExtras& extras, int64_t rows, int64_t cols) {
    return rows * cols / 1000 * extras.outliersPerMille + rows * cols % 1000 * extras.outliersPerMille / 1000;
}

int64_t extraStorageBytes(const Format& base, const FormatExtras& extras, int64_t rows, int64_t cols) {
    int64_t bytes = 0;
    const Sparsity& sparsity = extras.sparsity;
    if (!sparsity.isNone()) {
        const int64_t kept = keptElements(sparsity, cols);
        const int64_t maskBits = sparsity.of != 0 ? kept * std::bit_width(unsigned{sparsity.of} - 1) : cols;
        bytes += rows * (ceilDiv(maskBits, 8) - (cols - kept) * codeBitsOf(base) / 8);
    }
    if (extras.outliersPerMille != 0)
        bytes += outlierCount(extras, rows, cols) * (cols <= kShortColumns ? 4 : 6) + rows * 4;
    return bytes + 2 * std::min<int64_t>({extras.rank, rows, cols}) * (rows + cols);
}

int64_t keptElements(const Sparsity& sparsity, int64_t cols) {
    if (sparsity.of != 0) return cols / sparsity.of * sparsity.keep + cols % sparsity.of;
    return cols - cols * sparsity.percent / 100;
}

std::string extrasObstacle(const Format& format, const FormatExtras& extras) {
    if (!extras.sparsity.isNone() && !format.keepsZero()) {
        return fmt::format("{} does not store a zero as exactly zero, so that elements cannot be left out of it.",
                           format.base().displayName());
    }
    if (extras.hasCorrection() && format.isPlain() && extras.sparsity.isNone()) {
        return fmt::format("{} stores every value on its own, so that nothing is left to correct.",
                           format.base().displayName());
    }
    return {};
}

bool Format::keepsZero() const {
    if (isStorage()) return zeroKeepingBits(m_storage) != 0;
    if (isInteger()) return !m_integer.floatZero;
    if (isCodebook()) return false;
    const LevelTableInfo& table = levelTable(m_level.table);
    return table.levels[table.zeroCode] == 0;
}

Format Format::base() const {
    Format plain = *this;
    plain.m_extras = {};
    return plain;
}

Format Format::with(const FormatExtras& extras) const {
    HT_CHECK(extrasObstacle(*this, extras).empty());
    Format changed = *this;
    changed.m_extras = extras;
    return changed;
}

}  // namespace halftone
