// SPDX-License-Identifier: GPL-3.0-or-later
// Vectorized codec of the integer family: 16 codes, that is 2 * bits bytes, at a time. See integer_family.h.
#include "core/quant/formats/integer_family.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/quant/formats/code_stream.h"
#include "core/quant/formats/vector_codecs.h"

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
    decodeIntegerRow(layout, row, out);
}

#else

/// Decodes the 16 codes in the first bytes of `stream`, of which 16 bytes may be read.
void decodeRun(const uint8_t* stream, int bits, const IntegerGrid& grid, float* out) {
    const FloatTag df;
    const BitsTag du;
    const hn::Repartition<uint8_t, FloatTag> d8;
    const CodeShuffles& windows = kCodeShuffles[static_cast<size_t>(bits)];
    const auto bytes = hn::LoadDup128(d8, stream);
    const auto mask = hn::Set(du, (1u << bits) - 1u);
    const auto zero = hn::Set(IntTag(), grid.zero);
    const auto scale = hn::Set(df, grid.scale);
    for (size_t i = 0; i < kCodeRun; i += hn::Lanes(df)) {
        const auto index = hn::LoadU(d8, windows.bytes.data() + 4 * i);
        const auto window = hn::BitCast(du, hn::TableLookupBytesOr0(bytes, index));
        const auto code = hn::And(hn::Shr(window, hn::LoadU(du, windows.shifts.data() + i)), mask);
        const auto q = hn::Sub(hn::BitCast(IntTag(), code), zero);
        hn::StoreU(hn::Mul(hn::ConvertTo(df, q), scale), df, out + i);
    }
}

void decodeInteger(const PackedLayout& layout, const uint8_t* row, float* out) {
    const int bits = layout.format.integer().bits;
    for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
        const IntegerGrid grid = loadIntegerGrid(layout, row, group);
        const int64_t end = std::min(layout.cols, (group + 1) * layout.groupSize);
        for (int64_t i = group * layout.groupSize; i < end; i += kCodeRun) {
            const int64_t offset = i * bits / 8;  // exact: runs start at multiples of 16 codes
            if (i + kCodeRun <= end && offset + 16 <= layout.rowBytes) {
                decodeRun(row + offset, bits, grid, out + i);
                continue;
            }
            std::array<uint8_t, 16> stream{};
            std::array<float, kCodeRun> values;
            std::memcpy(stream.data(), row + offset,
                        static_cast<size_t>(std::min<int64_t>(16, layout.rowBytes - offset)));
            decodeRun(stream.data(), bits, grid, values.data());
            std::copy_n(values.data(), std::min(kCodeRun, end - i), out + i);
        }
    }
}

#endif  // HWY_TARGET == HWY_SCALAR

ValueRange rangeOf(const float* values, int64_t count) {
    const FloatTag df;
    const auto lanes = static_cast<int64_t>(hn::Lanes(df));
    ValueRange range{values[0], values[0]};
    int64_t i = 0;
    if (count >= lanes) {
        auto low = hn::LoadU(df, values);
        auto high = low;
        for (i = lanes; i + lanes <= count; i += lanes) {
            const auto v = hn::LoadU(df, values + i);
            low = hn::Min(low, v);
            high = hn::Max(high, v);
        }
        range = {hn::GetLane(hn::MinOfLanes(df, low)), hn::GetLane(hn::MaxOfLanes(df, high))};
    }
    for (; i < count; ++i) {
        range.minimum = std::min(range.minimum, values[i]);
        range.maximum = std::max(range.maximum, values[i]);
    }
    return range;
}

/// Stored codes of `count` values.
void codesOf(const IntegerFormat& format, const IntegerGrid& grid, const float* values, int64_t count, uint8_t* codes) {
    const FloatTag df;
    const auto lanes = static_cast<int64_t>(hn::Lanes(df));
    int64_t i = 0;
    if (grid.scale != 0) {
        const auto low = codeLimit(-grid.zero);
        const auto high = codeLimit((1 << format.bits) - 1 - grid.zero);
        const auto zero = hn::Set(df, static_cast<float>(grid.zero));
        const auto scale = hn::Set(df, grid.scale);
        for (; i + lanes <= count; i += lanes) {
            const auto q = roundToCodes(hn::Div(hn::LoadU(df, values + i), scale), low, high);
            hn::StoreU(hn::DemoteTo(ByteTag(), hn::ConvertTo(IntTag(), hn::Add(q, zero))), ByteTag(), codes + i);
        }
    }
    for (; i < count; ++i) codes[i] = static_cast<uint8_t>(integerCode(format, grid, values[i]));
}

void encodeInteger(const PackedLayout& layout, const float* values, ValueRange tensorRange, uint8_t* row) {
    constexpr int64_t kChunk = 256;
    const IntegerFormat& format = layout.format.integer();
    std::memset(row, 0, static_cast<size_t>(layout.rowBytes));
    std::array<uint8_t, kChunk> codes;
    for (int64_t group = 0; group < layout.groupsPerRow; ++group) {
        const int64_t begin = group * layout.groupSize;
        const int64_t end = std::min(layout.cols, begin + layout.groupSize);
        const bool wholeTensor = format.granularity == Granularity::kTensor;
        const IntegerGrid grid = integerGrid(format, wholeTensor ? tensorRange : rangeOf(values + begin, end - begin));
        storeIntegerGrid(layout, grid, group, row);
        for (int64_t first = begin; first < end; first += kChunk) {
            const int64_t count = std::min(kChunk, end - first);
            codesOf(format, grid, values + first, count, codes.data());
            packCodes(codes.data(), count, format.bits, row + first * format.bits / 8);
        }
    }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace halftone
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halftone {

HWY_EXPORT(decodeInteger);
HWY_EXPORT(encodeInteger);

void decodeIntegerRowVector(const PackedLayout& layout, const uint8_t* row, float* out) {
    HWY_DYNAMIC_DISPATCH(decodeInteger)(layout, row, out);
}

void encodeIntegerRowVector(const PackedLayout& layout, const float* values, ValueRange tensorRange, uint8_t* row) {
    HWY_DYNAMIC_DISPATCH(encodeInteger)(layout, values, tensorRange, row);
}

}  // namespace halftone
#endif
