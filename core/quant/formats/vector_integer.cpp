// SPDX-License-Identifier: GPL-3.0-or-later
// Vectorized codec of the integer family: 16 codes, that is 2 * bits bytes, at a time. See integer_family.h.
#include "core/quant/formats/integer_family.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/quant/formats/code_stream.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/quant/formats/vector_integer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "core/simd/float_ops-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halftone {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

// Without byte shuffles there is nothing to gain over the scalar definition.
void decodeInteger(const PackedLayout& layout, const uint8_t* row, float* out) {
    scalarIntegerKernels().decodeRow(layout, row, out);
}

#else

/// Decodes the 16 codes in the first bytes of `stream`, of which 16 bytes may be read.
template <bool kFloatZero>
HWY_INLINE void decodeRun(const uint8_t* stream, int bits, const IntegerGrid& grid, float* out) {
    const FloatTag df;
    const BitsTag du;
    const hn::Repartition<uint8_t, FloatTag> d8;
    const CodeShuffles& windows = kCodeShuffles[static_cast<size_t>(bits)];
    const auto bytes = hn::LoadDup128(d8, stream);
    const auto mask = hn::Set(du, (1u << bits) - 1u);
    const auto zero = hn::Set(IntTag(), grid.zero);
    const auto scale = hn::Set(df, grid.scale);
    const auto minimum = hn::Set(df, grid.minimum);
    for (size_t i = 0; i < kCodeRun; i += hn::Lanes(df)) {
        const auto index = hn::LoadU(d8, windows.bytes.data() + 4 * i);
        const auto window = hn::BitCast(du, hn::TableLookupBytesOr0(bytes, index));
        const auto code = hn::And(hn::Shr(window, hn::LoadU(du, windows.shifts.data() + i)), mask);
        const auto q = hn::Sub(hn::BitCast(IntTag(), code), zero);
        const auto scaled = hn::Mul(hn::ConvertTo(df, q), scale);
        hn::StoreU(kFloatZero ? hn::Add(scaled, minimum) : scaled, df, out + i);
    }
}

template <bool kFloatZero>
void decodeGroups(const PackedLayout& layout, const uint8_t* row, float* out) {
    const int bits = layout.format.integer().bits;
    for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
        const IntegerGrid grid = loadIntegerGrid(layout, row, group);
        const int64_t end = std::min(layout.cols, (group + 1) * layout.groupSize);
        for (int64_t i = group * layout.groupSize; i < end; i += kCodeRun) {
            const int64_t offset = i * bits / 8;  // exact: runs start at multiples of 16 codes
            if (i + kCodeRun <= end && offset + 16 <= layout.rowBytes) {
                decodeRun<kFloatZero>(row + offset, bits, grid, out + i);
                continue;
            }
            std::array<uint8_t, 16> stream{};
            std::array<float, kCodeRun> values;
            std::memcpy(stream.data(), row + offset,
                        static_cast<size_t>(std::min<int64_t>(16, layout.rowBytes - offset)));
            decodeRun<kFloatZero>(stream.data(), bits, grid, values.data());
            std::copy_n(values.data(), std::min(kCodeRun, end - i), out + i);
        }
    }
}

void decodeInteger(const PackedLayout& layout, const uint8_t* row, float* out) {
    if (layout.format.integer().floatZero) return decodeGroups<true>(layout, row, out);
    decodeGroups<false>(layout, row, out);
}

#endif  // HWY_TARGET == HWY_SCALAR

ValueRange rangeOfValues(std::span<const float> values) {
    const FloatTag df;
    const size_t lanes = hn::Lanes(df);
    ValueRange range{values[0], values[0]};
    size_t i = 0;
    if (values.size() >= lanes) {
        auto low = hn::LoadU(df, values.data());
        auto high = low;
        for (i = lanes; i + lanes <= values.size(); i += lanes) {
            const auto v = hn::LoadU(df, values.data() + i);
            low = hn::Min(low, v);
            high = hn::Max(high, v);
        }
        range = {hn::GetLane(hn::MinOfLanes(df, low)), hn::GetLane(hn::MaxOfLanes(df, high))};
    }
    for (; i < values.size(); ++i) {
        range.minimum = std::min(range.minimum, values[i]);
        range.maximum = std::max(range.maximum, values[i]);
    }
    return range;
}

/// Stored codes of values.
void codesOfValues(const IntegerFormat& format, const IntegerGrid& grid, std::span<const float> values,
                   uint8_t* codes) {
    const FloatTag df;
    const size_t lanes = hn::Lanes(df);
    size_t i = 0;
    if (grid.scale != 0) {
        const auto low = codeLimit(-grid.zero);
        const auto high = codeLimit((1 << format.bits) - 1 - grid.zero);
        const auto zero = hn::Set(df, static_cast<float>(grid.zero));
        const auto scale = hn::Set(df, grid.scale);
        // x - 0 is x: what other formats' grids hold as a minimum does not count.
        const auto minimum = hn::Set(df, format.floatZero ? grid.minimum : 0.0f);
        for (; i + lanes <= values.size(); i += lanes) {
            const auto value = hn::Sub(hn::LoadU(df, values.data() + i), minimum);
            const auto q = roundToCodes(hn::Div(value, scale), low, high);
            hn::StoreU(hn::DemoteTo(ByteTag(), hn::ConvertTo(IntTag(), hn::Add(q, zero))), ByteTag(), codes + i);
        }
    }
    for (; i < values.size(); ++i) codes[i] = static_cast<uint8_t>(integerCode(format, grid, values[i]));
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(decodeInteger);
HWY_EXPORT(rangeOfValues);
HWY_EXPORT(codesOfValues);

const IntegerKernels& vectorIntegerKernels() {
    static constexpr IntegerKernels kKernels{
        [](const PackedLayout& layout, const uint8_t* row, float* out) {
            HWY_DYNAMIC_DISPATCH(decodeInteger)(layout, row, out);
        },
        [](std::span<const float> values) { return HWY_DYNAMIC_DISPATCH(rangeOfValues)(values); },
        [](const IntegerFormat& format, const IntegerGrid& grid, std::span<const float> values, uint8_t* out) {
            HWY_DYNAMIC_DISPATCH(codesOfValues)(format, grid, values, out);
        }};
    return kKernels;
}

}  // namespace halftone
#endif
