// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of the parametric families (integers, tables of levels, codebooks) handed to a sink, see block_decoders-inl.h.
// Layout: core/quant/formats/packed_layout.h.
#if defined(HT_CODED_DECODER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HT_CODED_DECODER_INL_H_
#undef HT_CODED_DECODER_INL_H_
#else
#define HT_CODED_DECODER_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstring>

#include "core/inference/cpu/block_decoders-inl.h"
#include "core/inference/cpu/code_windows.h"
#include "core/quant/formats/float_levels-inl.h"
#include "core/quant/formats/group_scale.h"
#include "core/quant/formats/packed_layout.h"

HWY_BEFORE_NAMESPACE();
namespace halftone::cpu::HWY_NAMESPACE {

/// The scale (or minimum) of a group in the section of a row that begins at `section`.
HWY_INLINE float scaleAt(const PackedLayout& layout, const uint8_t* section, int64_t group) {
    const ScaleType type = layout.format.scaleType();
    return type == ScaleType::kF16 ? halfAt(section + 2 * group)
                                   : loadScale(type, section, layout.groupsPerRow, group).value;
}

// What codes mean: a class with a Row and a Group (what is the same for all codes of one) and weights(codes, row,
// group).

/// (code - zero) * scale as code * scale + offset; float zero points have the offset stored.
class IntegerValues {
  public:
    struct Row {};
    struct Group {
        FloatVec scale, offset;
    };

    explicit IntegerValues(const PackedLayout& layout) : m_layout(layout) {}
    [[nodiscard]] Row row(const uint8_t* /*row*/) const { return {}; }
    [[nodiscard]] HWY_INLINE Group group(const uint8_t* row, int64_t group) const {
        const IntegerFormat& format = m_layout.format.integer();
        const float scale = scaleAt(m_layout, row + m_layout.scaleOffset, group);
        const uint8_t* zeros = row + m_layout.zeroOffset;
        if (format.floatZero) return {broadcast(scale), broadcast(scaleAt(m_layout, zeros, group))};
        const int zero = format.symmetric ? 1 << (format.bits - 1) : zeros[group];
        return {broadcast(scale), broadcast(-scale * static_cast<float>(zero))};
    }
    static HWY_INLINE FloatVec weights(IntVec codes, const Row& /*row*/, const Group& group) {
        return hn::MulAdd(toFloat(codes), group.scale, group.offset);
    }

  private:
    const PackedLayout& m_layout;
};

/// Up to 16 levels, in registers where two of those hold them.
class SmallTable {
  public:
    /// `levels`: 16 of them, which outlive the table.
    HWY_INLINE explicit SmallTable(const float* levels)
        : m_levels(levels),
          m_first(hn::LoadU(FloatTag(), levels)),
          m_last(hn::LoadU(FloatTag(), levels + 16 - kLanes)) {}

    HWY_INLINE FloatVec operator()(IntVec codes) const {
        const FloatTag d;
#if HWY_TARGET != HWY_SCALAR
        if constexpr (kLanes == 16) {
            return hn::TableLookupLanes(m_first, hn::IndicesFromVec(d, codes));
        } else if constexpr (kLanes == 8) {
            const auto within = hn::IndicesFromVec(d, hn::And(codes, hn::Set(IntTag(), 7)));
            const auto isLast = hn::RebindMask(d, hn::Gt(codes, hn::Set(IntTag(), 7)));
            return hn::IfThenElse(isLast, hn::TableLookupLanes(m_last, within), hn::TableLookupLanes(m_first, within));
        }
#endif
        return hn::GatherIndex(d, m_levels, codes);
    }

  private:
    const float* m_levels;
    FloatVec m_first, m_last;
};

/// Levels of a small fixed table times a scale.
class SmallLevelValues {
  public:
    using Row = SmallTable;
    using Group = FloatVec;

    explicit SmallLevelValues(const PackedLayout& layout) : m_layout(layout) {
        std::ranges::copy(levelTable(layout.format.level().table).byCode, m_levels.begin());
    }
    [[nodiscard]] HWY_INLINE Row row(const uint8_t* /*row*/) const { return SmallTable(m_levels.data()); }
    [[nodiscard]] HWY_INLINE Group group(const uint8_t* row, int64_t group) const {
        return broadcast(scaleAt(m_layout, row + m_layout.scaleOffset, group));
    }
    static HWY_INLINE FloatVec weights(IntVec codes, const Row& table, const Group& scale) {
        return hn::Mul(table(codes), scale);
    }

  private:
    const PackedLayout& m_layout;
    alignas(64) std::array<float, 16> m_levels{};
};

/// Levels of a table too large for registers (FP8, FP6), computed, times a scale.
class FloatLevelValues {
  public:
    using Row = halftone::HWY_NAMESPACE::FloatLevels;
    using Group = FloatVec;

    explicit FloatLevelValues(const PackedLayout& layout)
        : m_layout(layout), m_levels(levelTable(layout.format.level().table)) {}
    [[nodiscard]] Row row(const uint8_t* /*row*/) const { return m_levels; }
    [[nodiscard]] HWY_INLINE Group group(const uint8_t* row, int64_t group) const {
        return broadcast(scaleAt(m_layout, row + m_layout.scaleOffset, group));
    }
    static HWY_INLINE FloatVec weights(IntVec codes, const Row& levels, const Group& scale) {
        return hn::Mul(levels(FloatTag(), codes), scale);
    }

  private:
    const PackedLayout& m_layout;
    Row m_levels;
};

/// Levels that are stored with the row.
class CodebookValues {
  public:
    struct Row {
        HWY_INLINE explicit Row(const std::array<float, 16>& stored) : levels(stored), table(levels.data()) {}
        Row(const Row&) = delete;
        Row& operator=(const Row&) = delete;
        alignas(64) std::array<float, 16> levels;
        SmallTable table;
    };
    struct Group {};

    explicit CodebookValues(const PackedLayout& layout) : m_layout(layout) {}
    [[nodiscard]] HWY_INLINE Row row(const uint8_t* row) const {
        std::array<float, 16> levels{};
        for (int64_t i = 0; i < int64_t{1} << m_layout.format.codeBits(); ++i)
            levels[static_cast<size_t>(i)] = halfAt(row + m_layout.scaleOffset + 2 * i);
        return Row(levels);
    }
    [[nodiscard]] Group group(const uint8_t* /*row*/, int64_t /*group*/) const { return {}; }
    static HWY_INLINE FloatVec weights(IntVec codes, const Row& row, const Group& /*group*/) {
        return row.table(codes);
    }

  private:
    const PackedLayout& m_layout;
};

/// 16 codes, that is 2 * bits bytes, at a time: a byte shuffle brings the two bytes that hold a code into its lane, a
/// shift and a mask leave the code.
template <class Values>
class CodedRow {
  public:
    explicit CodedRow(const PackedLayout& layout)
        : m_layout(layout),
          m_bits(layout.format.codeBits()),
          m_windows(kCodeWindows[static_cast<size_t>(layout.format.codeBits())]),
          m_values(layout) {}

    template <class Sink>
    HWY_INLINE void decode(const uint8_t* row, int64_t cols, Sink& sink) const {
        const typename Values::Row rowValues = m_values.row(row);
        // Runs whose 16 bytes may be read; the last ones of the row are copied first.
        const int64_t readable = m_layout.rowBytes < 16 ? 0 : (m_layout.rowBytes - 16) / (2 * m_bits) + 1;
        for (int64_t group = 0, begin = 0; begin < cols; ++group, begin += m_layout.groupSize) {
            const Meaning meaning{rowValues, m_values.group(row, group)};
            const int64_t end = std::min(cols, begin + m_layout.groupSize);
            const int64_t wholeEnd = std::min(begin + (end - begin) / 16 * 16, readable * 16);
            const uint8_t* stream = row + begin * m_bits / 8;
            int64_t col = begin;
            for (; col + 32 <= wholeEnd; col += 32, stream += 4 * m_bits) {
                addRun<0>(stream, meaning, col, sink);
                addRun<1>(stream + 2 * m_bits, meaning, col + 16, sink);
            }
            for (; col + 16 <= wholeEnd; col += 16, stream += 2 * m_bits) addRun<0>(stream, meaning, col, sink);
            for (; col < end; col += 16, stream += 2 * m_bits) {
                alignas(16) uint8_t rest[16] = {};
                std::memcpy(rest, stream, static_cast<size_t>(std::min<int64_t>(16, row + m_layout.rowBytes - stream)));
                for (int64_t part = 0; part < 16 && col + part < end; part += kLanes) {
                    sink.addTail(col + part, weights(rest, part, meaning), std::min(kLanes, end - col - part));
                }
            }
        }
    }

  private:
    struct Meaning {
        const typename Values::Row& row;
        typename Values::Group group;
    };

    template <int kChain, class Sink>
    HWY_INLINE void addRun(const uint8_t* stream, const Meaning& meaning, int64_t col, Sink& sink) const {
        for (int64_t part = 0; part < 16; part += kLanes)
            sink.template add<kChain>(col + part, weights(stream, part, meaning));
    }

    /// Weights [part, part + kLanes) of a run.
    HWY_INLINE FloatVec weights(const uint8_t* stream, int64_t part, const Meaning& meaning) const {
        const hn::RebindToUnsigned<FloatTag> d;
#if HWY_TARGET == HWY_SCALAR
        uint16_t window;
        std::memcpy(&window, stream + part * m_bits / 8, sizeof(window));
        const auto code =
            hn::And(hn::Set(d, static_cast<uint32_t>(window) >> (part * m_bits % 8)), hn::Set(d, (1u << m_bits) - 1u));
#else
        const hn::Repartition<uint8_t, FloatTag> bytes;
        const auto shuffled =
            hn::TableLookupBytesOr0(hn::LoadDup128(bytes, stream), hn::LoadU(bytes, m_windows.bytes.data() + 4 * part));
        const auto shifted = hn::Shr(hn::BitCast(d, shuffled), hn::LoadU(d, m_windows.shifts.data() + part));
        const auto code = hn::And(shifted, hn::Set(d, (1u << m_bits) - 1u));
#endif
        return Values::weights(hn::BitCast(IntTag(), code), meaning.row, meaning.group);
    }

    const PackedLayout& m_layout;
    int m_bits;
    const CodeWindows& m_windows;
    Values m_values;
};

}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
