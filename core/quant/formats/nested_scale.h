// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/checked.h"

namespace halftone {

/// Scales that are quantized themselves ("double quantization"). The first level keeps one byte per group: the nearest
/// value of a fixed map to (scale - offset) / largest. The second level holds `offset`, the mean of the row's scales,
/// and `largest`, the largest |scale - offset| of every 256 groups, as F32. A stored scale is map[byte] * largest +
/// offset, each operation in binary32. Source: QLoRA, arXiv 2305.14314; the reference pages on algorithms (section 7)
/// and on Hugging Face exports (section 4). There the offset is that of the tensor and blocks of 256 cross its rows;
/// here a row stands alone, so that a tensor of one row is what they store. In a packed row: the bytes, padded to 4;
/// the offset; the second level's scales.

/// A scale as it is stored, and what it decodes to; codes are computed with the latter.
struct GroupScale {
    uint32_t bits = 0;
    float value = 0;
};

inline constexpr int64_t kNestedGroups = 256;

/// Bytes of the second level of a row of `count` groups.
[[nodiscard]] constexpr int64_t secondLevelBytes(int64_t count) {
    return 4 + 4 * ceilDiv(count, kNestedGroups);
}

/// The signed dynamic 8-bit map, ascending: 0, 1 and, for e from 0 to 6, both signs of 10^(e - 6) times the middles of
/// 2^e equal parts of [0.1, 1].
[[nodiscard]] const std::array<float, 256>& dynamicMap();

/// The least value that takes entry k + 1 of the map rather than k.
[[nodiscard]] const std::array<float, 255>& dynamicThresholds();

/// Of one row of scales.
struct SecondLevel {
    float offset = 0;
    std::vector<float> largest;
};
/// `scales` are finite and differ by less than the largest float.
[[nodiscard]] SecondLevel secondLevelOf(std::span<const float> scales);

/// The nearest scale that group `group` can have; of two the one whose byte is less.
[[nodiscard]] GroupScale nestedScale(const SecondLevel& level, int64_t group, float scale);

/// Of a packed row of `count` groups whose scales begin at `section`.
[[nodiscard]] GroupScale loadNestedScale(const uint8_t* section, int64_t count, int64_t group);
void storeSecondLevel(const SecondLevel& level, int64_t count, uint8_t* section);

}  // namespace halftone
