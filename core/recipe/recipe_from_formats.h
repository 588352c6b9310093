// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <string>

#include "core/recipe/recipe.h"

namespace halftone {

/// A recipe that gives each quantizable tensor the format that `formatOf` names, in as few rules as a person would
/// write: `base` is the default, and tensors of one role in neighbouring blocks share a rule. Tensors that rules by
/// role and block cannot tell apart from others with another format are named one by one.
[[nodiscard]] Recipe recipeFromFormats(const Format& base, std::span<const TensorInfo> tensors,
                                       const std::function<Format(const TensorInfo&)>& formatOf);

/// The format that most bytes of these tensors would have, for use as the base.
[[nodiscard]] Format commonestFormat(std::span<const TensorInfo> tensors,
                                     const std::function<Format(const TensorInfo&)>& formatOf);

}  // namespace halftone
