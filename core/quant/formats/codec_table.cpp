// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "core/quant/formats/codecs.h"

namespace halftone {
namespace {

#define HT_CODEC_ADDRESS(name) &k##name##Codec,
constexpr std::array kCodecs{HT_BLOCK_CODECS(HT_CODEC_ADDRESS)};
#undef HT_CODEC_ADDRESS

}  // namespace

const BlockCodec* findBlockCodec(DType type) {
    for (const BlockCodec* codec : kCodecs) {
        if (codec->type == type) return codec;
    }
    return nullptr;
}

}  // namespace halftone
