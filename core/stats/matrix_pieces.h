// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/stats/pattern_counts.h"

namespace halftone {

/// What one piece of a matrix (some whole rows) tells besides its pattern counts, which the worker keeps. Pieces are
/// merged in the order of their rows, so that the result does not depend on who computed which. Internal to this room;
/// not thread-safe.

/// A piece of binary32 values.
class FloatPiece {
  public:
    explicit FloatPiece(int64_t cols);
    /// One row or some, at any address; `rowAbsMax` receives their maxima.
    void addRows(std::span<const std::byte> values, PatternCounts& counts, std::span<float> rowAbsMax);
    void merge(const FloatPiece& next);
    [[nodiscard]] FiniteFigures figures() const { return {m_moments, m_zeroCount, m_min, m_max}; }
    [[nodiscard]] const std::vector<float>& colAbsMax() const { return m_colAbsMax; }

  private:
    class PowerSums;
    /// Returns the largest finite magnitude.
    float addRun(std::span<const std::byte> values, size_t firstCol, PatternCounts& counts, PowerSums& sums);
    void addFiniteOnes(std::span<const std::byte> values);

    Moments m_moments;
    int64_t m_zeroCount = 0;
    float m_min, m_max;
    std::vector<float> m_colAbsMax;
};

/// A piece of kF16 or kBF16 values.
class HalfPiece {
  public:
    HalfPiece(int64_t cols, DType type);
    void addRows(std::span<const std::byte> values, PatternCounts& counts, std::span<float> rowAbsMax);
    void merge(const HalfPiece& next);
    [[nodiscard]] std::vector<float> colAbsMax() const;

  private:
    [[nodiscard]] float valueOf(uint16_t magnitude) const;

    DType m_type;
    std::vector<uint16_t> m_colMax;  // magnitudes
};

}  // namespace halftone
