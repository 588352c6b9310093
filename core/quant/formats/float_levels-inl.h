// SPDX-License-Identifier: GPL-3.0-or-later
// Codes of the float tables (FP8, FP6: the values of a float format in ascending order, level_tables.h) to values by
// arithmetic: a gather from memory takes several times as long. Include after <hwy/highway.h> in a file that
// foreach_target.h compiles once per target.

#if defined(HALFTONE_QUANT_FLOAT_LEVELS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFTONE_QUANT_FLOAT_LEVELS_INL_H_
#undef HALFTONE_QUANT_FLOAT_LEVELS_INL_H_
#else
#define HALFTONE_QUANT_FLOAT_LEVELS_INL_H_
#endif

#include <bit>
#include <cstdint>

#include <hwy/highway.h>

#include "core/quant/formats/level_tables.h"

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {

/// The levels of a table with float fields; codes that no level has mean the last one.
class FloatLevels {
  public:
    explicit FloatLevels(const LevelTableInfo& table)
        : m_shift(23 - table.fields.mantissaBits),
          m_firstNormal(1 << table.fields.mantissaBits),
          m_zeroCode(table.zeroCode),
          m_rebias((127 - table.fields.bias) << 23),
          m_unit(std::bit_cast<float>((128u - table.fields.bias - table.fields.mantissaBits) << 23)) {}

    template <class D, class Codes>
    HWY_INLINE hwy::HWY_NAMESPACE::VFromD<D> operator()(D d, Codes codes) const {
        namespace hn = hwy::HWY_NAMESPACE;
        const hn::RebindToSigned<D> di;
        const auto zero = hn::Set(di, m_zeroCode);
        const auto distance = hn::Min(hn::Sub(hn::BitCast(di, codes), zero), zero);
        const auto steps = hn::Abs(distance);
        const auto normal = hn::BitCast(d, hn::Add(hn::ShiftLeftSame(steps, m_shift), hn::Set(di, m_rebias)));
        const auto subnormal = hn::Mul(hn::ConvertTo(d, steps), hn::Set(d, m_unit));
        const auto isSubnormal = hn::RebindMask(d, hn::Lt(steps, hn::Set(di, m_firstNormal)));
        const auto magnitude = hn::IfThenElse(isSubnormal, subnormal, normal);
        return hn::Or(magnitude, hn::BitCast(d, hn::And(distance, hn::Set(di, INT32_MIN))));
    }

  private:
    int m_shift;
    int32_t m_firstNormal, m_zeroCode, m_rebias;
    float m_unit;
};

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#endif  // HALFTONE_QUANT_FLOAT_LEVELS_INL_H_
