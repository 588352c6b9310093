// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <utility>
#include <vector>

#include "core/quant/formats/packed_tensor.h"

namespace halftone {

/// One row of F32 that owns its values: a norm weight or a bias as backends and exporters take it.
inline PackedTensor packedVector(std::vector<float> values) {
    auto owner = std::make_shared<const std::vector<float>>(std::move(values));
    PackedTensor packed;
    packed.layout = PackedLayout::of(Format::of(DType::kF32), static_cast<int64_t>(owner->size()));
    packed.rows = 1;
    packed.bytes = std::as_bytes(std::span<const float>(*owner));
    packed.owner = std::move(owner);
    return packed;
}

}  // namespace halftone
