// SPDX-License-Identifier: GPL-3.0-or-later
// Vectorized codec of the level family. See level_family.h.
#include <algorithm>
#include <array>
#include <cstring>

#include "core/quant/formats/code_stream.h"
#include "core/quant/formats/level_family.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/formats/vector_level.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/quant/formats/float_levels-inl.h"
#include "core/simd/float_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

constexpr size_t kLanes = hn::MaxLanes(FloatTag());

/// Levels by code. Tables of up to 16 stay in registers where two of those hold them.
class Lookup {
  public:
    HWY_INLINE explicit Lookup(const LevelTableInfo& table)
        : m_levels(table.byCode.data()), m_isSmall(kLanes >= 8 && table.byCode.size() <= 16) {
        if (!m_isSmall) return;
        std::copy(table.byCode.begin(), table.byCode.end(), m_padded.begin());
    }

    HWY_INLINE FloatVec operator()(FloatTag d, BitsVec code) const {
        const auto index = hn::BitCast(IntTag(), code);
#if HWY_TARGET != HWY_SCALAR
        if constexpr (kLanes == 16) {
            if (m_isSmall) return hn::TableLookupLanes(hn::Load(d, m_padded.data()), hn::IndicesFromVec(d, index));
        } else if constexpr (kLanes == 8) {
            if (m_isSmall) {
                const auto within = hn::IndicesFromVec(d, hn::And(index, hn::Set(IntTag(), 7)));
                const auto low = hn::TableLookupLanes(hn::Load(d, m_padded.data()), within);
                const auto high = hn::TableLookupLanes(hn::Load(d, m_padded.data() + 8), within);
                return hn::IfThenElse(hn::RebindMask(d, hn::Gt(index, hn::Set(IntTag(), 7))), high, low);
            }
        }
#endif
        return hn::GatherIndex(d, m_levels, index);
    }

  private:
    const float* m_levels;
    bool m_isSmall;
    alignas(64) std::array<float, 16> m_padded{};
};

/// nearestLevelCode() by counting the thresholds at or below a value: for tables of up to 16 levels.
class CountingRounder {
  public:
    HWY_INLINE explicit CountingRounder(const LevelTableInfo& table) : m_thresholds(table.thresholds) {}
    HWY_INLINE BitsVec operator()(FloatVec value) const {
        const FloatTag d;
        auto count = hn::Zero(BitsTag());
        const auto one = hn::Set(BitsTag(), 1u);
        for (const float threshold : m_thresholds) {
            const auto reached = hn::RebindMask(BitsTag(), hn::Ge(value, hn::Set(d, threshold)));
            count = hn::Add(count, hn::IfThenElseZero(reached, one));
        }
        return count;
    }

  private:
    std::span<const float> m_thresholds;
};

/// nearestLevelCode() of a float table by rounding the mantissa to nearest even: the same codes.
class FloatRounder {
  public:
    HWY_INLINE explicit FloatRounder(const LevelTableInfo& table)
        : m_shift(23 - table.fields.mantissaBits),
          m_bias((127u - table.fields.bias) << table.fields.mantissaBits),
          m_zeroCode(table.zeroCode),
          m_firstNormal((128u - table.fields.bias) << 23),
          // Adding this puts the last place of the subnormals at the last place of the sum.
          m_subnormalBias((128u - table.fields.bias - table.fields.mantissaBits + 23u) << 23) {}

    HWY_INLINE BitsVec operator()(FloatVec value) const {
        const FloatTag d;
        const BitsTag du;
        const auto magnitude = hn::And(hn::BitCast(du, value), hn::Set(du, 0x7FFFFFFFu));
        const auto last = hn::And(hn::ShiftRightSame(magnitude, m_shift), hn::Set(du, 1u));
        const auto half = hn::Set(du, (1u << (m_shift - 1)) - 1u);
        const auto rounded = hn::ShiftRightSame(hn::Add(hn::Add(magnitude, half), last), m_shift);
        const auto normal = hn::Sub(rounded, hn::Set(du, m_bias));
        const auto bias = hn::Set(du, m_subnormalBias);
        const auto sum = hn::Add(hn::BitCast(d, magnitude), hn::BitCast(d, bias));
        const auto subnormal = hn::Sub(hn::BitCast(du, sum), bias);
        const auto isSubnormal = hn::Lt(magnitude, hn::Set(du, m_firstNormal));
        const auto zero = hn::Set(du, m_zeroCode);
        const auto steps = hn::Min(hn::IfThenElse(isSubnormal, subnormal, normal), zero);
        const auto isNegative = hn::RebindMask(du, hn::Lt(value, hn::Zero(d)));
        return hn::IfThenElse(isNegative, hn::Sub(zero, steps), hn::Add(zero, steps));
    }

  private:
    int m_shift;
    uint32_t m_bias, m_zeroCode, m_firstNormal, m_subnormalBias;
};

/// Calls `work` with the rounder and the lookup that suit the table.
template <class Work>
HWY_INLINE void withRounder(const LevelTableInfo& table, const Work& work) {
    if (table.levels.size() > 16) return work(FloatRounder(table), FloatLevels(table));
    work(CountingRounder(table), Lookup(table));
}

void codesOfLevels(const LevelTableInfo& table, float scale, std::span<const float> values, uint8_t* out) {
    const FloatTag d;
    const size_t lanes = hn::Lanes(d);
    if (scale == 0) {
        std::memset(out, table.zeroCode, values.size());
        return;
    }
    size_t i = 0;
    withRounder(table, [&](const auto& round, const auto& /*levels*/) HWY_ATTR {
        const auto divisor = hn::Set(d, scale);
        for (; i + lanes <= values.size(); i += lanes) {
            const auto code = round(hn::Div(hn::LoadU(d, values.data() + i), divisor));
            hn::StoreU(hn::DemoteTo(ByteTag(), hn::BitCast(IntTag(), code)), ByteTag(), out + i);
        }
    });
    for (; i < values.size(); ++i) out[i] = static_cast<uint8_t>(levelCode(table, scale, values[i]));
}

float largestOf(std::span<const float> values) {
    const FloatTag d;
    const size_t lanes = hn::Lanes(d);
    auto most = hn::Zero(d);
    size_t i = 0;
    for (; i + lanes <= values.size(); i += lanes) most = hn::Max(most, hn::Abs(hn::LoadU(d, values.data() + i)));
    float largest = hn::GetLane(hn::MaxOfLanes(d, most));
    for (; i < values.size(); ++i) largest = std::max(largest, values[i] < 0 ? -values[i] : values[i]);
    return largest;
}

#if HWY_TARGET == HWY_SCALAR

// Without byte shuffles there is nothing to gain over the scalar definition.
void decodeLevels(const PackedLayout& layout, const LevelTableInfo& table, const uint8_t* row, float* out) {
    scalarLevelKernels().decodeRow(layout, table, row, out);
}

#else

/// Decodes the 16 codes in the first bytes of `stream`, of which 16 bytes may be read.
template <class Levels>
HWY_INLINE void decodeRun(const uint8_t* stream, int bits, const Levels& levels, float scale, float* out) {
    const FloatTag d;
    const BitsTag du;
    const hn::Repartition<uint8_t, FloatTag> d8;
    const CodeShuffles& windows = kCodeShuffles[static_cast<size_t>(bits)];
    const auto bytes = hn::LoadDup128(d8, stream);
    const auto mask = hn::Set(du, (1u << bits) - 1u);
    const auto factor = hn::Set(d, scale);
    for (size_t i = 0; i < kCodeRun; i += hn::Lanes(d)) {
        const auto index = hn::LoadU(d8, windows.bytes.data() + 4 * i);
        const auto window = hn::BitCast(du, hn::TableLookupBytesOr0(bytes, index));
        const auto code = hn::And(hn::Shr(window, hn::LoadU(du, windows.shifts.data() + i)), mask);
        hn::StoreU(hn::Mul(levels(d, code), factor), d, out + i);
    }
}

template <class Levels>
void decodeGroups(const PackedLayout& layout, const Levels& levels, const uint8_t* row, float* out) {
    const int bits = layout.format.codeBits();
    for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
        const float scale = levelFactor(layout, row, group);
        const int64_t end = std::min(layout.cols, (group + 1) * layout.groupSize);
        for (int64_t i = group * layout.groupSize; i < end; i += kCodeRun) {
            const int64_t offset = i * bits / 8;  // exact: runs start at multiples of 16 codes
            if (i + kCodeRun <= end && offset + 16 <= layout.rowBytes) {
                decodeRun(row + offset, bits, levels, scale, out + i);
                continue;
            }
            std::array<uint8_t, 16> stream{};
            std::array<float, kCodeRun> values;
            std::memcpy(stream.data(), row + offset,
                        static_cast<size_t>(std::min<int64_t>(16, layout.rowBytes - offset)));
            decodeRun(stream.data(), bits, levels, scale, values.data());
            std::copy_n(values.data(), std::min(kCodeRun, end - i), out + i);
        }
    }
}

void decodeLevels(const PackedLayout& layout, const LevelTableInfo& table, const uint8_t* row, float* out) {
    if (table.levels.size() > 16) return decodeGroups(layout, FloatLevels(table), row, out);
    decodeGroups(layout, Lookup(table), row, out);
}

#endif  // HWY_TARGET == HWY_SCALAR

float errorOfLevels(const LevelTableInfo& table, float scale, std::span<const float> values, const float* weights) {
    const FloatTag d;
    const size_t lanes = hn::Lanes(d);
    alignas(64) std::array<float, kCodeRun> sums{};
    withRounder(table, [&](const auto& round, const auto& levels) HWY_ATTR {
        const auto factor = hn::Set(d, scale);
        const auto add = [&](const float* source, const float* weight, size_t lane) HWY_ATTR {
            const auto value = hn::LoadU(d, source);
            const auto error = hn::Sub(hn::Mul(levels(d, round(hn::Div(value, factor))), factor), value);
            const auto square = hn::Mul(error, error);
            const auto term = weight ? hn::Mul(square, hn::LoadU(d, weight)) : square;
            hn::Store(hn::Add(hn::Load(d, sums.data() + lane), term), d, sums.data() + lane);
        };
        size_t i = 0;
        for (; i + kCodeRun <= values.size(); i += kCodeRun) {
            for (size_t lane = 0; lane < kCodeRun; lane += lanes)
                add(values.data() + i + lane, weights ? weights + i + lane : nullptr, lane);
        }
        if (i == values.size()) return;
        // The rest of a run counts as weightless.
        alignas(64) std::array<float, kCodeRun> rest{}, restWeights{};
        for (size_t k = 0; i + k < values.size(); ++k) {
            rest[k] = values[i + k];
            restWeights[k] = weights ? weights[i + k] : 1.0f;
        }
        for (size_t lane = 0; lane < kCodeRun; lane += lanes) add(rest.data() + lane, restWeights.data() + lane, lane);
    });
    float total = 0;
    for (const float sum : sums) total += sum;
    return total;
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(decodeLevels);
HWY_EXPORT(largestOf);
HWY_EXPORT(codesOfLevels);
HWY_EXPORT(errorOfLevels);

const LevelKernels& vectorLevelKernels() {
    static constexpr LevelKernels kKernels{
        [](const PackedLayout& layout, const LevelTableInfo& table, const uint8_t* row, float* out) {
            HWY_DYNAMIC_DISPATCH(decodeLevels)(layout, table, row, out);
        },
        [](std::span<const float> values) { return HWY_DYNAMIC_DISPATCH(largestOf)(values); },
        [](const LevelTableInfo& table, float scale, std::span<const float> values, uint8_t* out) {
            HWY_DYNAMIC_DISPATCH(codesOfLevels)(table, scale, values, out);
        }};
    return kKernels;
}

float levelError(const LevelTableInfo& table, float scale, std::span<const float> values, const float* weights) {
    return HWY_DYNAMIC_DISPATCH(errorOfLevels)(table, scale, values, weights);
}

}  // namespace halftone
#endif
