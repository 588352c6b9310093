// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/formats/vector_codecs.h"

#include "core/quant/formats/codecs.h"
#include "core/quant/formats/search_kernels.h"

namespace halftone {

#define HT_FORWARD(name)                                                                                       \
    void decode##name##Vector(const uint8_t* packed, int64_t blocks, float* out) { k##name##Codec.decode(packed, blocks, out); }
HT_FORWARD(F16) HT_FORWARD(BF16) HT_FORWARD(Q4_0) HT_FORWARD(Q4_1) HT_FORWARD(Q5_0) HT_FORWARD(Q5_1) HT_FORWARD(Q8_0)
HT_FORWARD(Q4_K) HT_FORWARD(Q5_K) HT_FORWARD(Q6_K)
#define HT_FORWARD_ENCODE(name)                                                                   \
    void encode##name##Vector(std::span<const float> values, const float*, uint8_t* packed) {    \
        k##name##Codec.encode(values, nullptr, packed);                                          \
    }
HT_FORWARD_ENCODE(F16) HT_FORWARD_ENCODE(BF16) HT_FORWARD_ENCODE(Q4_0) HT_FORWARD_ENCODE(Q4_1)
HT_FORWARD_ENCODE(Q5_0) HT_FORWARD_ENCODE(Q5_1) HT_FORWARD_ENCODE(Q8_0)

void decodeIntegerRowVector(const PackedLayout& layout, const uint8_t* row, float* out) { decodeIntegerRow(layout, row, out); }
void encodeIntegerRowVector(const PackedLayout& layout, const float* values, ValueRange tensorRange, uint8_t* row) {
    encodeIntegerRow(layout, values, tensorRange, row);
}
const SearchKernels& vectorSearchKernels() { return scalarSearchKernels(); }

}  // namespace halftone
