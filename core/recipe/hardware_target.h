// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/recipe/recipe.h"

namespace halftone {

/// Members of a parametric family that a runtime has kernels for.
struct ParametricShape {
    FormatFamily family = FormatFamily::kInteger;
    int bits = 0;                         ///< of a code, integers only
    LevelTable table = LevelTable::kNf4;  ///< levels only
    Granularity granularity = Granularity::kGroup;
    uint16_t groupSize = 0;  ///< for kGroup
};

/// A kind of machine that a model is to run on, with the runtime that people use there: which formats it multiplies
/// with fast, as data. Formats beyond those are refused with a sentence, although some of them would load.
struct HardwareTarget {
    std::string_view id;             ///< in settings and on the command line: "cpu-server"
    std::string_view name;           ///< "CPU server"
    std::string_view runtime;        ///< what runs there and on what
    std::string_view sentence;       ///< what it wants of formats
    std::string_view source;         ///< where that is said
    std::string_view suggested;      ///< name of the format to begin with
    std::span<const DType> storage;  ///< GGUF types that are taken
    std::string_view whyNotStorage;  ///< a sentence about the others; {}: the format
    std::span<const ParametricShape> parametric{};
    std::string_view whyNotParametric;
    int64_t rowMultiple = 1, colMultiple = 1;  ///< of matrices in a parametric format
    bool fusesLayers = false;                  ///< q, k and v are one matrix there, gate and up another
};

/// In the order menus show them.
[[nodiscard]] std::span<const HardwareTarget> hardwareTargets();
/// By id; null: there is none of that name.
[[nodiscard]] const HardwareTarget* findHardwareTarget(std::string_view id);

/// Why a tensor of this format does not run well there, as one sentence; empty: it does.
[[nodiscard]] std::string targetObstacle(const HardwareTarget& target, const Format& format);

/// What of a recipe breaks the target's limits, a warning each: formats, shapes, layers that are fused there and differ
/// here. Norms and biases are not quantized and do not count.
[[nodiscard]] std::vector<RecipeProblem> targetProblems(const HardwareTarget& target, const ResolvedRecipe& resolved);

}  // namespace halftone
