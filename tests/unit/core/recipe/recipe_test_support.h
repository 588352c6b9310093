// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/recipe/recipe.h"

namespace halftone::test {

/// The tensors of a small llama: `blocks` blocks of hidden size 256, ffn 172 (no block type divides it), F16, tied
/// head.
std::vector<TensorInfo> llamaTensors(int blocks);
/// A tensor of the given canonical name, role and shape, stored as `dtype`.
TensorInfo makeTensor(std::string name, TensorRole role, std::vector<int64_t> shape, DType dtype = DType::kF16);
/// Parses a format name; fails the test if it is none.
Format format(std::string_view name);

}  // namespace halftone::test
