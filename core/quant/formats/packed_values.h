// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/quant/formats/packed_tensor.h"

namespace halftone {

/// F32 values in memory as a tensor of rows of `cols`; borrows them.
inline PackedTensor packedView(std::span<const float> values, int64_t cols) {
    PackedTensor packed;
    packed.layout = PackedLayout::of(Format::of(DType::kF32), cols);
    packed.rows = std::ssize(values) / cols;
    packed.bytes = std::as_bytes(values);
    return packed;
}

/// The same, owning them.
inline PackedTensor packedRows(std::vector<float> values, int64_t cols) {
    auto owner = std::make_shared<const std::vector<float>>(std::move(values));
    PackedTensor packed = packedView(*owner, cols);
    packed.owner = std::move(owner);
    return packed;
}

/// One row: a norm weight or a bias as backends and exporters take it.
inline PackedTensor packedVector(std::vector<float> values) {
    const auto cols = std::ssize(values);
    return packedRows(std::move(values), cols);
}

}  // namespace halftone
