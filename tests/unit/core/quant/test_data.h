// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/quant/formats/format.h"

namespace halftone::test {

struct NamedValues {
    std::string name;
    std::vector<float> values;
};

/// `count` normal values, seeded.
std::vector<float> gaussian(size_t count, float sigma, uint32_t seed);

/// Positive weights of very different size, some zero.
std::vector<float> importanceWeights(size_t count, uint32_t seed);

/// Finite inputs that encoders get wrong: ties, signed zeros, outliers, subnormals, overflow, mixed magnitudes, ...
std::vector<NamedValues> adversarialInputs(size_t count);

/// `count` random bytes.
std::vector<std::byte> randomBytes(size_t count, uint32_t seed);

/// Every format that can be encoded: all block and plain types, and all members of the integer family.
std::vector<Format> encodableFormats();

}  // namespace halftone::test
