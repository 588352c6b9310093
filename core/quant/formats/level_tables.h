// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace halftone {

/// The fixed tables of the level family. docs/formats/level_family.md.
enum class LevelTable : uint8_t {
    kFp8E4M3,  ///< finite values only: no infinities, NaN left out
    kFp8E5M2,  ///< finite values only
    kFp6E2M3,
    kFp6E3M2,
    kFp4E2M1,
    kNf4,     ///< quantiles of the normal distribution
    kFp4Bnb,  ///< the 4-bit float of bitsandbytes
    kPow2Bits3,
    kPow2Bits4,
    kApot4,  ///< sums of two powers of two (at 3 bits there is one, so that APoT is Pow2)
    kTernary,
    kBinary,
    kCount
};

/// How the scale of a group follows from its values.
enum class ScaleRule : uint8_t {
    kLargest,        ///< largest magnitude / largest level
    kMeanMagnitude,  ///< mean of the magnitudes
};

/// Fields of a float format whose levels a table lists; mantissaBits is 0 for tables that are none.
struct FloatFields {
    uint8_t mantissaBits = 0;
    uint8_t bias = 0;
};

/// One table: what the codes 0, 1, 2, ... mean before they are scaled.
struct LevelTableInfo {
    std::string_view name;         ///< "fp8_e4m3"
    std::string_view displayName;  ///< "FP8 E4M3"
    uint8_t bits = 0;              ///< of a code
    ScaleRule rule = ScaleRule::kLargest;
    FloatFields fields;
    uint8_t zeroCode = 0;  ///< code of the level of least magnitude, the positive one of two
    /// Ascending; code k stands for levels[k]. At most 2^bits of them.
    std::span<const float> levels;
    /// The least value that takes code k + 1 rather than k: the midpoint, or the float after it where a tie belongs to
    /// the lower level. Ties go to the level of even distance from zero's (the even code of a float format); in the
    /// tables of bitsandbytes to the lower level; in the binary one to the positive.
    std::span<const float> thresholds;
    std::span<const float> byCode;  ///< the levels, and the last one for codes that no level has: 2^bits values
    [[nodiscard]] float largest() const { return levels.back(); }
};

[[nodiscard]] const LevelTableInfo& levelTable(LevelTable table);

/// Code of the level nearest to `value` (an infinity takes an end of the table).
[[nodiscard]] int nearestLevelCode(const LevelTableInfo& table, float value);

}  // namespace halftone
