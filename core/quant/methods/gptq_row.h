// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/quant/formats/codebook_family.h"
#include "core/quant/formats/integer_family.h"
#include "core/quant/formats/level_family.h"
#include "core/quant/formats/packed_layout.h"
#include "core/quant/methods/block_grid.h"
#include "core/quant/methods/gptq.h"

namespace halftone {

/// Columns that are fitted together (a group, or a block of a block type), and the scales inside.
struct GptqUnits {
    int64_t columns = 0;  ///< of a unit
    int64_t gridSize = 0;
    int64_t count = 0;

    static GptqUnits of(const PackedLayout& layout);
};

/// Scales and codes of one row while it is being rounded column by column: each unit is fitted when its turn comes,
/// then its columns take their nearest level in any order. Plain types have no scales to fit.
class GptqRow {
  public:
    /// `weights`: one per column, for fitting scales; `packed`: the row's bytes. Both, and the first three, must
    /// outlive this.
    GptqRow(const PackedLayout& layout, const GptqUnits& units, const GptqSettings& settings, const float* weights,
            uint8_t* packed);

    /// Fits the scales of unit `unit` to its values.
    Status fit(int64_t unit, std::span<const float> values);
    /// Nested scales: finds the second level from the units as they are fitted now. What is fitted later keeps to it.
    void settle();
    /// Takes the scales of the packed bytes instead of fitting them. Precondition: canAdopt(), and the bytes are a row.
    void adopt();
    /// Not where scales are nested: their second level is not read back.
    [[nodiscard]] bool canAdopt() const;
    /// Nearest level for a value of column `column`; remembers the code.
    float choose(int64_t column, float value);
    /// Distance of the two levels between which a value of column `column` lies; of the outermost two beyond the ends,
    /// 0 where there is one level. Precondition: not a plain type.
    [[nodiscard]] float spacing(int64_t column, float value) const;
    /// The scale of a unit; 0 where there is none that could be set by itself: block types, codebooks, nested scales,
    /// powers of two, float zero points.
    [[nodiscard]] float freeScale(int64_t unit) const;
    /// Sets it, rounded to its stored type, and returns what was stored. The codes stay, so that all values of the unit
    /// change in proportion. Precondition: freeScale(unit) is not 0.
    float rescale(int64_t unit, float scale);
    /// Writes the codes and scales.
    Status pack();

  private:
    struct FittedGrid {
        LevelGrid levels;
        float inverse = 0;     ///< 1 / scale, or 0
        uint8_t zeroCode = 0;  ///< code where the scale is 0
    };
    static FittedGrid fittedFrom(const LevelGrid& levels, int zeroCode);

    void fitInteger(int64_t unit, std::span<const float> values);
    void useGrid(size_t at);
    void fitLevels(int64_t unit, std::span<const float> values);
    void learnCodebook(std::span<const float> values);
    Status fitBlock(int64_t unit, std::span<const float> values);
    void readBlockGrids();
    void readBlockGrids(int64_t unit);
    float choosePlain(int64_t column, float value);
    void packBlocks();

    const PackedLayout& m_layout;
    const GptqUnits& m_units;
    const GptqSettings& m_settings;
    const float* m_weights;
    uint8_t* m_packed;
    std::vector<uint8_t> m_codes;
    std::vector<float> m_plain;  ///< plain types: the values themselves
    std::vector<FittedGrid> m_grids;
    IntegerGrids m_integer;
    const LevelTableInfo* m_table = nullptr;  ///< level family and codebooks
    LevelScales m_scales;                     ///< of the levels; 1 for codebooks
    bool m_hasSecondLevel = false;
    std::unique_ptr<LearnedTable> m_learned;
};

}  // namespace halftone
