// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/tensor/dtype.h"

namespace halftone::test {

/// One golden vector: inputs, and what the reference library made of them.
struct GoldenVector {
    std::string name;  ///< "q4_K/gauss_1"
    DType type;
    int64_t rows = 0;
    int64_t cols = 0;
    std::vector<float> values;
    std::vector<float> importance;  ///< empty: none
    std::vector<std::byte> packed;
    std::vector<float> decoded;
    bool undefinedUpstream = false;  ///< the reference leaves its defined domain: only "does not crash" is required
    bool failsValidation = false;
};

/// All vectors of shared/golden/ggml.
std::vector<GoldenVector> loadGoldenVectors(const std::filesystem::path& folder);

}  // namespace halftone::test
