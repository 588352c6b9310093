// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of the integer family handed to a sink, see block_decoders-inl.h. Layout: core/quant/formats/packed_layout.h.
#if defined(HT_INTEGER_DECODER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HT_INTEGER_DECODER_INL_H_
#undef HT_INTEGER_DECODER_INL_H_
#else
#define HT_INTEGER_DECODER_INL_H_
#endif

#include <algorithm>
#include <cstring>

#include "core/inference/cpu/block_decoders-inl.h"
#include "core/inference/cpu/code_windows.h"
#include "core/quant/formats/group_scale.h"
#include "core/quant/formats/packed_layout.h"

HWY_BEFORE_NAMESPACE();
namespace halftone::cpu::HWY_NAMESPACE {

/// 16 codes, that is 2 * bits bytes, at a time: a byte shuffle brings the two bytes that hold a code into its lane, a
/// shift and a mask leave the code.
class IntegerRow {
  public:
    explicit IntegerRow(const PackedLayout& layout)
        : m_layout(layout),
          m_bits(layout.format.integer().bits),
          m_windows(kCodeWindows[layout.format.integer().bits]) {}

    template <class Sink>
    HWY_INLINE void decode(const uint8_t* row, int64_t cols, Sink& sink) const {
        // Runs whose 16 bytes may be read; the last ones of the row are copied first.
        const int64_t readable = m_layout.rowBytes < 16 ? 0 : (m_layout.rowBytes - 16) / (2 * m_bits) + 1;
        for (int64_t group = 0, begin = 0; begin < cols; ++group, begin += m_layout.groupSize) {
            const Affine affine = affineOf(row, group);
            const int64_t end = std::min(cols, begin + m_layout.groupSize);
            const int64_t wholeEnd = std::min(begin + (end - begin) / 16 * 16, readable * 16);
            const uint8_t* stream = row + begin * m_bits / 8;
            int64_t col = begin;
            for (; col + 32 <= wholeEnd; col += 32, stream += 4 * m_bits) {
                addRun<0>(stream, affine, col, sink);
                addRun<1>(stream + 2 * m_bits, affine, col + 16, sink);
            }
            for (; col + 16 <= wholeEnd; col += 16, stream += 2 * m_bits) addRun<0>(stream, affine, col, sink);
            for (; col < end; col += 16, stream += 2 * m_bits) {
                alignas(16) uint8_t rest[16] = {};
                std::memcpy(rest, stream, static_cast<size_t>(std::min<int64_t>(16, row + m_layout.rowBytes - stream)));
                for (int64_t part = 0; part < 16 && col + part < end; part += kLanes) {
                    sink.addTail(col + part, weights(rest, part, affine), std::min(kLanes, end - col - part));
                }
            }
        }
    }

  private:
    struct Affine {
        FloatVec scale, offset;
    };

    /// (code - zero) * scale as code * scale + offset.
    HWY_INLINE Affine affineOf(const uint8_t* row, int64_t group) const {
        const ScaleType type = m_layout.format.integer().scale;
        const uint8_t* at = row + m_layout.scaleOffset + scaleBytes(type) * group;
        const float scale = type == ScaleType::kF16 ? halfAt(at) : loadScale(type, at).value;
        const int zero = m_layout.format.integer().symmetric ? 1 << (m_bits - 1) : row[m_layout.zeroOffset + group];
        return {broadcast(scale), broadcast(-scale * static_cast<float>(zero))};
    }

    template <int kChain, class Sink>
    HWY_INLINE void addRun(const uint8_t* stream, const Affine& affine, int64_t col, Sink& sink) const {
        for (int64_t part = 0; part < 16; part += kLanes)
            sink.template add<kChain>(col + part, weights(stream, part, affine));
    }

    /// Weights [part, part + kLanes) of a run.
    HWY_INLINE FloatVec weights(const uint8_t* stream, int64_t part, const Affine& affine) const {
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
        return hn::MulAdd(toFloat(hn::BitCast(IntTag(), code)), affine.scale, affine.offset);
    }

    const PackedLayout& m_layout;
    int m_bits;
    const CodeWindows& m_windows;
};

}  // namespace halftone::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
