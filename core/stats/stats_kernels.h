// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace halftone {

/// The vectorized inner loops of the statistics; the best instruction set is chosen at run time. Internal to this room.
/// Pure; any thread. Sums are taken in binary64; their last bits may differ between instruction sets, never between
/// runs.

/// Values that are looked at together: few enough to stay in the first-level cache for the second and third look.
inline constexpr size_t kStatsBlock = 4096;

struct BlockSummary {
    uint32_t largestMagnitude = 0;   ///< bits of |x|; at or above kFirstNonFinite where the block is not all finite
    uint32_t smallestMagnitude = 0;  ///< bits of the smallest non-zero |x|; 0xFFFFFFFF if all are zero
    uint32_t zeroCount = 0;
    float min = 0, max = 0;
    double sum = 0;
};
inline constexpr uint32_t kFirstNonFinite = 0x7F800000u;

/// One look at up to kStatsBlock values (at least one). min, max and sum mean nothing where a value is not finite.
BlockSummary summarizeBlock(std::span<const float> values);

/// The finite values of a block, in their order, copied to `buffer`.
std::span<const float> copyFinite(std::span<const float> block, std::span<float> buffer);

/// Sums of the second to fourth powers of (x - mean).
struct CentralSums {
    double m2 = 0, m3 = 0, m4 = 0;
};
CentralSums centralSums(std::span<const float> values, double mean);

/// How FloatHistogram lays out its counts.
struct HistogramIndexing {
    int shift = 16;           ///< bits dropped from a magnitude
    uint32_t firstIndex = 1;  ///< magnitude index of slot 0
    uint32_t slotCount = 0;   ///< slots of one sign
    uint32_t stride = 0;      ///< slots of one sign with the spare ones; positive values come second
};
/// Slots after the counted ones of a sign, where zeros and non-finite values fall: one for each vector lane, so that a
/// run of zeros does not wait for one counter.
inline constexpr uint32_t kSpareSlots = 16;

/// Slot of each value; values outside [firstIndex, firstIndex + slotCount) go to spare slots.
void histogramSlots(std::span<const float> values, const HistogramIndexing& indexing, uint32_t* slots);

/// max|x| of a row, and the running max|x| of each column; values that are not finite count as 0.
float updateAbsMax(std::span<const float> row, float* columnAbsMax);

/// Adds the squares of a row to `sums` per column; values that are not finite count as 0.
void addSquares(std::span<const float> row, double* sums);

}  // namespace halftone
