// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/quant/formats/group_scale.h"
#include "core/quant/formats/packed_layout.h"

namespace halftone {

/// Codec of the level family: codes into a fixed table, times a scale per granule. Layout: packed_layout.h.
/// docs/formats/level_family.md. The scale is found, rounded to its stored type, and the nearest level of value / scale
/// is taken; a granule of scale 0 gets the code of the level of least magnitude everywhere.

/// What the scale of a granule follows from: its largest magnitude, or the mean of its magnitudes (summed in 16
/// interleaved binary32 sums, so that every instruction set gives the same one).
[[nodiscard]] float levelStatistic(const LevelTableInfo& table, std::span<const float> values);

/// The scale for a statistic: statistic / largest level, rounded to the stored type, kept off infinity and, unless the
/// statistic is 0, off zero. E8M0: for float tables 2^(floor(log2 statistic) - exponent of the largest level), as OCP
/// MX has it (values above the largest level saturate); for other tables the least power of two that nothing exceeds.
/// Nested scales are F32 here; settleScales() brings them to what the row stores.
[[nodiscard]] GroupScale levelScale(const LevelFormat& format, float statistic);

/// Code of the level nearest to value / scale.
[[nodiscard]] int levelCode(const LevelTableInfo& table, float scale, float value);

/// Scale of group `group` of a packed row.
[[nodiscard]] GroupScale loadLevelScale(const PackedLayout& layout, const uint8_t* row, int64_t group);
/// The same as a factor; 1 for formats whose levels are not scaled.
[[nodiscard]] float levelFactor(const PackedLayout& layout, const uint8_t* row, int64_t group);

/// The scales of a row. The second level is empty unless they are nested.
struct LevelScales {
    std::vector<GroupScale> groups;
    SecondLevel second;
};
/// Nested scales: finds the second level and rounds all scales to what it allows. Otherwise they are as they will be.
void settleScales(const LevelFormat& format, LevelScales& scales);
/// The same for one scale, with the second level as it is.
void settleScale(const LevelFormat& format, int64_t group, LevelScales& scales);

/// Writes codes (one byte each) and settled scales (one per group) as a packed row.
void packLevelRow(const PackedLayout& layout, std::span<const uint8_t> codes, const LevelScales& scales, uint8_t* row);

/// The inner loops of the codec, once scalar (they define the values) and once vectorized with run-time dispatch.
struct LevelKernels {
    /// A row whose codes index `table`; without scales where the format is not of the level family.
    void (*decodeRow)(const PackedLayout& layout, const LevelTableInfo& table, const uint8_t* row, float* out);
    float (*largestMagnitude)(std::span<const float> values);
    void (*codes)(const LevelTableInfo& table, float scale, std::span<const float> values, uint8_t* out);
};
[[nodiscard]] const LevelKernels& scalarLevelKernels();
[[nodiscard]] const LevelKernels& vectorLevelKernels();

/// Sum of weight * (nearest level * scale - value)^2, vectorized; `weights` is null or holds one per value. Sixteen
/// interleaved binary32 sums on every instruction set.
[[nodiscard]] float levelError(const LevelTableInfo& table, float scale, std::span<const float> values,
                               const float* weights);

}  // namespace halftone
