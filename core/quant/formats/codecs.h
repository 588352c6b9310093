// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/formats/block_codec.h"

/// Every storage type with a codec. To add a type: define `kNAMECodec` in its family's file and name it here.
#define HT_BLOCK_CODECS(X)                                                                                            \
    X(F32)                                                                                                            \
    X(F16) X(BF16) X(F64) X(I8) X(I16) X(I32) X(I64) X(U8) X(U16) X(U32) X(U64) X(Bool) X(F8E4M3) X(F8E5M2) X(F8E8M0) \
        X(Q4_0) X(Q4_1) X(Q5_0) X(Q5_1) X(Q8_0) X(Q8_1) X(Q2_K) X(Q3_K) X(Q4_K) X(Q5_K) X(Q6_K) X(Q8_K) X(IQ4_NL)     \
            X(IQ4_XS) X(TQ1_0) X(TQ2_0) X(MXFP4) X(NVFP4) X(Q1_0) X(Q2_0)

namespace halftone {

#define HT_DECLARE_CODEC(name) extern const BlockCodec k##name##Codec;
HT_BLOCK_CODECS(HT_DECLARE_CODEC)
#undef HT_DECLARE_CODEC

}  // namespace halftone
