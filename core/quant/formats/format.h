// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/quant/formats/level_tables.h"
#include "core/tensor/dtype.h"

namespace halftone {

/// What shares one scale in the parametric families. kBlock: 128 rows by 128 columns.
enum class Granularity : uint8_t { kTensor, kChannel, kGroup, kBlock };

/// How a scale of the parametric families is stored. kNested ("double quantization"): a row's scales have 8 bits each
/// and a second level of scales, see nested_scale.h.
enum class ScaleType : uint8_t { kF16, kBF16, kF32, kE8M0, kNested };

[[nodiscard]] constexpr int scaleBytes(ScaleType type) {
    if (type == ScaleType::kE8M0 || type == ScaleType::kNested) return 1;
    return type == ScaleType::kF32 ? 4 : 2;
}

/// Side of the squares of Granularity::kBlock.
inline constexpr int64_t kBlockSide = 128;

/// The integer family: `bits`-wide codes with a scale per granule and, asymmetric, a zero point: a whole number or, as
/// a float of the scale's type, the value of code 0.
struct IntegerFormat {
    uint8_t bits = 4;  ///< 2..8
    bool symmetric = true;
    Granularity granularity = Granularity::kGroup;  ///< not kBlock
    uint16_t groupSize = 128;                       ///< 16, 32, 64, 128 or 256 for kGroup; 0 otherwise
    ScaleType scale = ScaleType::kF16;              ///< not kE8M0; kNested for kGroup only
    bool floatZero = false;                         ///< asymmetric only
    auto operator<=>(const IntegerFormat&) const = default;
};

/// The level family: codes that index a fixed table, times a scale per granule. Tables that take the mean magnitude as
/// scale (ternary, binary) have channels and groups only; E8M0 scales need a table with a zero, nested ones groups and
/// a table that takes the largest magnitude.
struct LevelFormat {
    LevelTable table = LevelTable::kNf4;
    Granularity granularity = Granularity::kGroup;
    uint16_t groupSize = 64;  ///< 16, 32, 64, 128 or 256 for kGroup; 0 otherwise
    ScaleType scale = ScaleType::kF32;
    auto operator<=>(const LevelFormat&) const = default;
};

/// Codebooks: codes that index levels which are learned from the weights (k-means) and stored as F16 with the row.
struct CodebookFormat {
    uint8_t bits = 4;                                 ///< 2, 3 or 4
    Granularity granularity = Granularity::kChannel;  ///< kChannel or kTensor
    auto operator<=>(const CodebookFormat&) const = default;
};

/// Which elements are zero and not stored. N:M: of every `of` neighbours in a row `keep` stay (neighbours at the end of a
/// row that `of` does not divide all stay). Unstructured: `percent` of every row is zero. Which ones go is up to the
/// method.
struct Sparsity {
    uint8_t keep = 0, of = 0;  ///< 0 < keep < of, `of` 4, 8 or 16; both 0: no such pattern
    uint8_t percent = 0;       ///< 5 to 95; 0: none
    [[nodiscard]] bool isNone() const { return of == 0 && percent == 0; }
    auto operator<=>(const Sparsity&) const = default;
};

/// What composes with every kind of codes: zeros that are left out, and corrections that are added to what the codes
/// say. Corrections are applied by whoever multiplies, they are not in the packed rows.
struct FormatExtras {
    Sparsity sparsity;
    uint16_t outliersPerMille = 0;  ///< largest elements kept beside the codes as F16, in 0.1 %: at most 100
    uint16_t rank = 0;              ///< of an F16 product that makes up for the error of the codes: at most 1024
    [[nodiscard]] bool isNone() const { return *this == FormatExtras{}; }
    [[nodiscard]] bool hasCorrection() const { return outliersPerMille != 0 || rank != 0; }
    auto operator<=>(const FormatExtras&) const = default;
};

/// Whether the members of a description go together.
[[nodiscard]] bool isLegal(const IntegerFormat& integer);
[[nodiscard]] bool isLegal(const LevelFormat& level);

enum class FormatFamily : uint8_t {
    kStorage,  ///< plain and block types: rows as GGUF has them
    kInteger,
    kLevel,
    kCodebook,
};

/// How a tensor's numbers are stored: a plain or block type of GGUF, or a member of a parametric family. A value.
class Format {
  public:
    Format() = default;  ///< F32
    static Format of(DType storage);
    static Format of(const IntegerFormat& integer);
    static Format of(const LevelFormat& level);
    static Format of(const CodebookFormat& codebook);
    /// "q4_k", "bf16", "int4_g128_asym", "int4_g64_fzero", "int8_channel_sym_f32", "fp8_e4m3_b128x128", "mxfp6_e2m3",
    /// "nf4_g64_dq", "kmeans4_channel", then extras: "+2of4", "+sparse50", "+out0.5", "+rank32"; case-insensitive. The
    /// error lists what is accepted.
    static Result<Format> parse(std::string_view name);

    /// This format without extras: what codecs and kernels know.
    [[nodiscard]] Format base() const;
    [[nodiscard]] const FormatExtras& extras() const { return m_extras; }
    /// The same codes with other extras. Precondition: extrasObstacle() is empty.
    [[nodiscard]] Format with(const FormatExtras& extras) const;
    /// Whether a zero is stored as exactly that, whatever its neighbours are.
    [[nodiscard]] bool keepsZero() const;

    [[nodiscard]] FormatFamily family() const { return m_family; }
    [[nodiscard]] bool isStorage() const { return m_family == FormatFamily::kStorage; }
    [[nodiscard]] bool isInteger() const { return m_family == FormatFamily::kInteger; }
    [[nodiscard]] bool isLevel() const { return m_family == FormatFamily::kLevel; }
    [[nodiscard]] bool isCodebook() const { return m_family == FormatFamily::kCodebook; }
    [[nodiscard]] DType storage() const { return m_storage; }                    ///< meaningful if isStorage()
    [[nodiscard]] const IntegerFormat& integer() const { return m_integer; }     ///< meaningful if isInteger()
    [[nodiscard]] const LevelFormat& level() const { return m_level; }           ///< meaningful if isLevel()
    [[nodiscard]] const CodebookFormat& codebook() const { return m_codebook; }  ///< meaningful if isCodebook()

    /// Whether every value is stored on its own (no codes, no scales).
    [[nodiscard]] bool isPlain() const;
    /// Whether a scale or a codebook is shared by several rows, so that no row can be encoded alone.
    [[nodiscard]] bool sharesScalesBetweenRows() const;
    /// What shares a scale, and how many columns, in a parametric family; kGroup and the block's size otherwise.
    [[nodiscard]] Granularity granularity() const;
    /// Of the parametric families: bits of a code, and how scales (levels of a codebook) are stored.
    [[nodiscard]] int codeBits() const;
    [[nodiscard]] ScaleType scaleType() const;
    [[nodiscard]] int64_t groupSize() const;  ///< columns of a group or block; 0: the whole row

    /// Lower-case, the inverse of parse().
    [[nodiscard]] std::string name() const;
    /// As people write it: "Q4_K", "INT4 g128 asym", "FP8 E4M3 128x128", "NF4 g64".
    [[nodiscard]] std::string displayName() const;

    /// Whether a row of `cols` can be stored (a block must divide it; a group may be the last, shorter one).
    [[nodiscard]] bool fitsRow(int64_t cols) const;
    /// This format where it fits, else the fallback of the reference quantizer (gguf.md, section 5):
    /// Q4_K -> Q5_0, Q5_K -> Q5_1, Q6_K -> Q8_0, ..., and F16 where that does not fit either.
    [[nodiscard]] Format orFallback(int64_t cols) const;
    /// Nominal bits per weight, scales, masks and outliers included, for long rows; what a low-rank correction costs
    /// depends on the shape and is not in it.
    [[nodiscard]] double bitsPerWeight() const;
    /// What a rows x cols matrix costs in storage, exact for block types; for the parametric families codes + scales +
    /// zero points as a file would hold them (not the padded in-memory layout). Zeros of a pattern cost their place in
    /// a mask (N:M: an index for each element that stays), outliers a value and a column, low rank two F16 matrices.
    /// Precondition: fitsRow(cols).
    [[nodiscard]] int64_t storageBytes(int64_t rows, int64_t cols) const;

    auto operator<=>(const Format&) const = default;

  private:
    FormatFamily m_family = FormatFamily::kStorage;
    DType m_storage = DType::kF32;
    IntegerFormat m_integer{8, true, Granularity::kTensor, 0};
    LevelFormat m_level;
    CodebookFormat m_codebook;
    FormatExtras m_extras;
};

/// Why `extras` cannot be had with the codes of `format` (its own extras do not count), as one sentence; empty where
/// they can.
[[nodiscard]] std::string extrasObstacle(const Format& format, const FormatExtras& extras);

/// Elements of a row of `cols` that a pattern keeps.
[[nodiscard]] int64_t keptElements(const Sparsity& sparsity, int64_t cols);

/// The scale type that a level format has unless its name says otherwise: F32 where files of its kind have that.
[[nodiscard]] ScaleType standardScale(LevelTable table, Granularity granularity);

/// The formats this program offers for assignment, in the order menus show them: family by family.
[[nodiscard]] std::span<const Format> offeredFormats();

}  // namespace halftone
