// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/stats/row_kernels.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/stats/stats_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/stats/row_kernels.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

static_assert(std::endian::native == std::endian::little, "stored values are little-endian");

// How far ahead of the increments memory is asked for. Without this the counter stores and the hardware's own
// prefetching get in each other's way.
constexpr size_t kPrefetchBytes = 4096;
constexpr size_t kChunk = 16;  // binary32 values in a cache line; a multiple of every vector's lanes up to 512 bits

using FloatTag = hn::CappedTag<float, kChunk>;
using BitsTag = hn::RebindToUnsigned<FloatTag>;
using SignedTag = hn::RebindToSigned<FloatTag>;
using DoubleTag = hn::CappedTag<double, kChunk / 2>;
using NarrowTag = hn::Rebind<float, DoubleTag>;  // as many floats as there are doubles in a vector
using HalfTag = hn::CappedTag<uint16_t, 2 * kChunk>;

template <typename T>
HWY_INLINE T load(const uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof(value));
    return value;
}

/// A vector from any address.
template <class D>
HWY_INLINE hn::Vec<D> loadVector(D d, const uint8_t* from) {
#if HWY_TARGET == HWY_SCALAR
    return hn::Set(d, load<hn::TFromD<D>>(from));
#else
    return hn::LoadU(d, reinterpret_cast<const hn::TFromD<D>*>(from));
#endif
}

HWY_INLINE void countOne(const uint8_t* pattern, const PatternCounters& counts) {
    const auto index = load<uint16_t>(pattern);
    if (HWY_UNLIKELY(++counts.low[index] == 0)) ++counts.wraps[index];
}

/// Counts 16 patterns that lie `stride` bytes apart.
template <size_t kStride>
HWY_INLINE void countChunk(const uint8_t* HWY_RESTRICT patterns, const PatternCounters& counts) {
    for (size_t i = 0; i < kChunk; i += 8) {
        const uint8_t* at = patterns + i * kStride;
        countOne(at, counts);
        countOne(at + kStride, counts);
        countOne(at + 2 * kStride, counts);
        countOne(at + 3 * kStride, counts);
        countOne(at + 4 * kStride, counts);
        countOne(at + 5 * kStride, counts);
        countOne(at + 6 * kStride, counts);
        countOne(at + 7 * kStride, counts);
    }
}

/// Everything about a run but its counts, in lanes.
class FloatLanes {
  public:
    HWY_INLINE explicit FloatLanes(double center) : m_center(hn::Set(DoubleTag(), center)) {}

    HWY_INLINE void addBits(const uint8_t* HWY_RESTRICT values, float* HWY_RESTRICT columns) {
        const FloatTag df;
        const BitsTag du;
        const SignedTag di;
        const auto v = loadVector(df, values);
        const auto magnitude = hn::And(hn::BitCast(du, v), hn::Set(du, 0x7FFFFFFFu));
        // Magnitudes are non-negative as signed numbers too, whose comparison every instruction set has.
        const auto asSigned = hn::BitCast(di, magnitude);
        m_largest = hn::Max(m_largest, asSigned);
        const auto isFinite = hn::Lt(asSigned, hn::Set(di, static_cast<int32_t>(kFirstNonFinite)));
        const auto finite = hn::IfThenElseZero(isFinite, asSigned);
        m_largestFinite = hn::Max(m_largestFinite, finite);
        const auto column = hn::BitCast(di, hn::LoadU(df, columns));
        hn::StoreU(hn::BitCast(df, hn::Max(column, finite)), df, columns);
        m_zeros = hn::Sub(m_zeros, hn::VecFromMask(di, hn::Eq(asSigned, hn::Zero(di))));
        m_min = hn::Min(m_min, v);
        m_max = hn::Max(m_max, v);
    }

    HWY_INLINE void addPowers(const uint8_t* HWY_RESTRICT values) {
        const DoubleTag dd;
        const auto x = hn::Sub(hn::PromoteTo(dd, loadVector(NarrowTag(), values)), m_center);
        const auto square = hn::Mul(x, x);
        m_sum1 = hn::Add(m_sum1, x);
        m_sum2 = hn::Add(m_sum2, square);
        m_sum3 = hn::MulAdd(square, x, m_sum3);
        m_sum4 = hn::MulAdd(square, square, m_sum4);
    }

    HWY_INLINE FloatRun result() const {
        const FloatTag df;
        const SignedTag di;
        const DoubleTag dd;
        FloatRun run;
        run.largestMagnitude = static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(di, m_largest)));
        run.largestFinite = static_cast<uint32_t>(hn::GetLane(hn::MaxOfLanes(di, m_largestFinite)));
        run.zeroCount = static_cast<uint32_t>(hn::GetLane(hn::SumOfLanes(di, m_zeros)));
        run.min = hn::GetLane(hn::MinOfLanes(df, m_min));
        run.max = hn::GetLane(hn::MaxOfLanes(df, m_max));
        run.sums = {hn::GetLane(hn::SumOfLanes(dd, m_sum1)), hn::GetLane(hn::SumOfLanes(dd, m_sum2)),
                    hn::GetLane(hn::SumOfLanes(dd, m_sum3)), hn::GetLane(hn::SumOfLanes(dd, m_sum4))};
        return run;
    }

  private:
    hn::Vec<DoubleTag> m_center;
    hn::Vec<SignedTag> m_largest = hn::Zero(SignedTag()), m_largestFinite = m_largest, m_zeros = m_largest;
    hn::Vec<FloatTag> m_min = hn::Set(FloatTag(), HUGE_VALF), m_max = hn::Set(FloatTag(), -HUGE_VALF);
    hn::Vec<DoubleTag> m_sum1 = hn::Zero(DoubleTag()), m_sum2 = m_sum1, m_sum3 = m_sum1, m_sum4 = m_sum1;
};

HWY_INLINE void addOne(const uint8_t* at, double center, float& column, FloatRun& run) {
    const auto value = load<float>(at);
    const uint32_t magnitude = std::bit_cast<uint32_t>(value) & 0x7FFFFFFFu;
    run.largestMagnitude = std::max(run.largestMagnitude, magnitude);
    if (magnitude < kFirstNonFinite) {
        run.largestFinite = std::max(run.largestFinite, magnitude);
        column = std::max(column, std::bit_cast<float>(magnitude));
    }
    run.zeroCount += magnitude == 0 ? 1 : 0;
    run.min = std::min(run.min, value);
    run.max = std::max(run.max, value);
    const double x = static_cast<double>(value) - center, square = x * x;
    run.sums[0] += x;
    run.sums[1] += square;
    run.sums[2] += square * x;
    run.sums[3] += square * square;
}

FloatRun examineFloatVectors(const uint8_t* HWY_RESTRICT values, size_t count, const FloatRunTarget& target) {
    FloatRun run;
    run.min = HUGE_VALF;
    run.max = -HUGE_VALF;
    const double center = target.center;
    float* HWY_RESTRICT columns = target.columnAbsMax;
    const PatternCounters counts = target.counts;
    size_t i = 0;
    if (count >= kChunk) {
        FloatLanes lanes(center);
        for (; i + kChunk <= count; i += kChunk) {
            const uint8_t* at = values + i * sizeof(float);
            hwy::Prefetch(at + kPrefetchBytes);
            for (size_t k = 0; k < kChunk; k += hn::MaxLanes(FloatTag())) {
                lanes.addBits(at + k * sizeof(float), columns + i + k);
            }
            for (size_t k = 0; k < kChunk; k += hn::MaxLanes(DoubleTag())) lanes.addPowers(at + k * sizeof(float));
            countChunk<sizeof(float)>(at + 2, counts);
        }
        run = lanes.result();
    }
    for (; i < count; ++i) {
        const uint8_t* at = values + i * sizeof(float);
        addOne(at, center, columns[i], run);
        countOne(at + 2, counts);
    }
    return run;
}

uint16_t examineHalfVectors(const uint8_t* HWY_RESTRICT values, size_t count, const HalfRunTarget& target) {
    const HalfTag du;
    const hn::RebindToSigned<HalfTag> di;
    uint16_t* HWY_RESTRICT columns = target.columnMax;
    const PatternCounters counts = target.counts;
    const auto mask = hn::Set(du, uint16_t{0x7FFF});
    const auto limit = hn::Set(di, static_cast<int16_t>(target.firstNonFinite));
    auto largest = hn::Zero(di);
    size_t i = 0;
    for (; i + 2 * kChunk <= count; i += 2 * kChunk) {
        const uint8_t* at = values + i * 2;
        hwy::Prefetch(at + kPrefetchBytes);
        for (size_t k = 0; k < 2 * kChunk; k += hn::MaxLanes(du)) {
            const auto bits = loadVector(du, at + k * 2);
            const auto magnitude = hn::BitCast(di, hn::And(bits, mask));
            const auto finite = hn::IfThenElseZero(hn::Lt(magnitude, limit), magnitude);
            const auto column = hn::BitCast(di, hn::LoadU(du, columns + i + k));
            hn::StoreU(hn::BitCast(du, hn::Max(column, finite)), du, columns + i + k);
            largest = hn::Max(largest, finite);
        }
        countChunk<2>(at, counts);
        countChunk<2>(at + 2 * kChunk, counts);
    }
    auto result = static_cast<uint16_t>(hn::GetLane(hn::MaxOfLanes(di, largest)));
    for (; i < count; ++i) {
        countOne(values + i * 2, counts);
        const auto magnitude = static_cast<uint16_t>(load<uint16_t>(values + i * 2) & 0x7FFF);
        if (magnitude >= target.firstNonFinite) continue;
        columns[i] = std::max(columns[i], magnitude);
        result = std::max(result, magnitude);
    }
    return result;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(examineFloatVectors);
HWY_EXPORT(examineHalfVectors);

FloatRun examineFloats(std::span<const std::byte> values, const FloatRunTarget& target) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    return HWY_DYNAMIC_DISPATCH(examineFloatVectors)(bytes, values.size() / sizeof(float), target);
}

uint16_t examineHalves(std::span<const std::byte> values, const HalfRunTarget& target) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(values.data());
    return HWY_DYNAMIC_DISPATCH(examineHalfVectors)(bytes, values.size() / 2, target);
}

}  // namespace halftone
#endif
