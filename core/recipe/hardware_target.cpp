// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/recipe/hardware_target.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace halftone {
namespace {

using enum DType;

// ggml-cpu/repack.cpp of llama.cpp: types whose blocks are interleaved at load, so that a register holds one position
// of several rows. On x86-64 these are Q4_0, Q4_K, IQ4_NL and MXFP4 with AVX2, Q2_K with AVX-512; the other K-quants,
// Q5_0, Q5_1, Q4_1 and Q8_0 have vector code that takes a row at a time.
constexpr std::array kCpuServerTypes{kF32,  kF16,  kBF16,   kQ8_0,   kQ6_K,  kQ5_K, kQ5_1, kQ5_0,  kQ4_K,
                                     kQ4_1, kQ4_0, kIQ4_NL, kIQ4_XS, kMXFP4, kQ3_K, kQ2_K, kTQ2_0, kTQ1_0};

// The same file for Arm with dot products (Armv8.2 and later).
constexpr std::array kEdgeTypes{kF32, kF16, kQ8_0, kQ6_K, kQ5_K, kQ4_K, kQ4_0, kIQ4_NL, kMXFP4};

// docs/backend/OPENCL.md of llama.cpp: Q4_0 is what the kernels were made for, Q8_0 and MXFP4 are supported, Q6_K runs
// but "not optimized". Of plain types the backend multiplies with F16 and F32.
constexpr std::array kMobileTypes{kF32, kF16, kQ8_0, kQ4_0, kMXFP4};

// vLLM: 16-bit floats as they are; MXFP4 and NVFP4 as compressed-tensors packs them.
constexpr std::array kGpuServerTypes{kF16, kBF16, kMXFP4, kNVFP4};

constexpr ParametricShape integers(int bits, Granularity granularity, uint16_t groupSize = 0) {
    return {.bits = bits, .granularity = granularity, .groupSize = groupSize};
}
constexpr ParametricShape fp8(Granularity granularity) {
    return {.family = FormatFamily::kLevel, .table = LevelTable::kFp8E4M3, .granularity = granularity};
}

// Marlin: 4 and 8 bits, a scale per row or per 32, 64 or 128 columns, symmetric or with a zero point. FP8 E4M3 with a
// scale per tensor, per row, or per square of 128.
constexpr std::array kGpuServerShapes{integers(4, Granularity::kChannel),
                                      integers(4, Granularity::kGroup, 32),
                                      integers(4, Granularity::kGroup, 64),
                                      integers(4, Granularity::kGroup, 128),
                                      integers(8, Granularity::kChannel),
                                      integers(8, Granularity::kGroup, 32),
                                      integers(8, Granularity::kGroup, 64),
                                      integers(8, Granularity::kGroup, 128),
                                      fp8(Granularity::kTensor),
                                      fp8(Granularity::kChannel),
                                      fp8(Granularity::kBlock)};

constexpr std::string_view kNoGgufType = "{} is no type of GGUF, and llama.cpp loads nothing else.";

constexpr std::array kTargets{
    HardwareTarget{.id = "cpu-server",
                   .name = "CPU server",
                   .runtime = "llama.cpp on x86-64 with AVX2 or AVX-512",
                   .sentence = "Q4_0, Q4_K, IQ4_NL and MXFP4 are fastest: their blocks are interleaved at load.",
                   .source = "llama.cpp, ggml/src/ggml-cpu/repack.cpp; wiki, Feature matrix",
                   .suggested = "q4_k",
                   .storage = kCpuServerTypes,
                   .whyNotStorage = "{} is slow on processors, or so new that an older llama.cpp refuses the file.",
                   .whyNotParametric = kNoGgufType},
    HardwareTarget{.id = "gpu-server",
                   .name = "GPU server",
                   .runtime = "vLLM on NVIDIA, weights as compressed-tensors",
                   .sentence = "Integers of 4 or 8 bits per row or in groups of 32, 64 or 128, FP8 E4M3, MXFP4, NVFP4.",
                   .source = "vLLM documentation, Quantization; compressed-tensors, config/base.py; Marlin kernels",
                   .suggested = "int4_g128_sym",
                   .storage = kGpuServerTypes,
                   .whyNotStorage = "{} is a type of GGUF, which vLLM reads through an experimental plug-in only.",
                   .parametric = kGpuServerShapes,
                   .whyNotParametric = "vLLM has no fast kernel for {}: it wants integers of 4 or 8 bits per row or in "
                                       "groups of 32, 64 or 128, or FP8 E4M3.",
                   .rowMultiple = 64,
                   .colMultiple = 128,
                   .fusesLayers = true},
    HardwareTarget{.id = "mobile",
                   .name = "Mobile",
                   .runtime = "llama.cpp on Adreno GPUs through OpenCL",
                   .sentence = "Q4_0 throughout is fastest; Q8_0, MXFP4 and F16 have kernels too.",
                   .source = "llama.cpp, docs/backend/OPENCL.md",
                   .suggested = "q4_0",
                   .storage = kMobileTypes,
                   .whyNotStorage = "{} has no fast kernel on phone GPUs: take Q4_0, Q8_0 or MXFP4.",
                   .whyNotParametric = kNoGgufType},
    HardwareTarget{.id = "edge",
                   .name = "Edge",
                   .runtime = "llama.cpp on Arm processors with dot products",
                   .sentence = "Types whose blocks are interleaved at load: Q4_0, IQ4_NL, MXFP4, Q4_K to Q6_K, Q8_0.",
                   .source = "llama.cpp, ggml/src/ggml-cpu/repack.cpp",
                   .suggested = "q4_0",
                   .storage = kEdgeTypes,
                   .whyNotStorage =
                       "{} has no interleaved kernel on Arm, so prompts take long: take Q4_0, IQ4_NL, Q4_K "
                       "to Q6_K or Q8_0.",
                   .whyNotParametric = kNoGgufType},
};

bool matches(const ParametricShape& shape, const Format& format) {
    if (shape.family != format.family() || shape.granularity != format.granularity()) return false;
    if (shape.granularity == Granularity::kGroup && format.groupSize() != shape.groupSize) return false;
    if (format.isLevel()) return format.level().table == shape.table;
    return format.integer().bits == shape.bits && !format.integer().floatZero &&
           format.integer().scale != ScaleType::kNested;
}

// Layers that are one matrix in a runtime that fuses them.
int fusedSetOf(TensorRole role) {
    switch (role) {
        case TensorRole::kAttnQ:
        case TensorRole::kAttnK:
        case TensorRole::kAttnV:
            return 1;
        case TensorRole::kFfnGate:
        case TensorRole::kFfnUp:
            return 2;
        case TensorRole::kExpertGate:
        case TensorRole::kExpertUp:
        case TensorRole::kExpertDown:
            return 3;
        default:
            return 0;
    }
}

// "blk.7." of a canonical name.
std::string_view blockPrefix(std::string_view name) {
    if (!name.starts_with("blk.")) return {};
    return name.substr(0, name.find('.', 4) + 1);
}

void reportFused(const ResolvedRecipe& resolved, std::vector<RecipeProblem>& problems) {
    std::map<std::pair<std::string_view, int>, const ResolvedTensor*> first;
    std::map<std::pair<std::string_view, int>, bool> told;
    for (const ResolvedTensor& tensor : resolved.tensors) {
        const auto prefix = blockPrefix(tensor.name);
        const int set = fusedSetOf(tensor.role);
        if (!tensor.quantizable || prefix.empty() || set == 0) continue;
        const auto key = std::pair(prefix, set);
        const auto [found, isFirst] = first.try_emplace(key, &tensor);
        if (isFirst || found->second->format == tensor.format || std::exchange(told[key], true)) continue;
        problems.push_back(
            {RecipeProblem::Severity::kWarning,
             fmt::format("{} is {} and {} is {}: vLLM makes one matrix of them, give both the same.", tensor.name,
                         tensor.format.displayName(), found->second->name, found->second->format.displayName()),
             tensor.name});
    }
}

}  // namespace

std::span<const HardwareTarget> hardwareTargets() {
    return kTargets;
}

const HardwareTarget* findHardwareTarget(std::string_view id) {
    const auto found = std::ranges::find(kTargets, id, &HardwareTarget::id);
    return found == kTargets.end() ? nullptr : &*found;
}

std::string targetObstacle(const HardwareTarget& target, const Format& format) {
    const std::string name = format.displayName();
    if (!format.extras().isNone())
        return fmt::format("{} leaves out zeros or adds corrections, which no runtime has for {}.", name, target.name);
    if (format.isStorage()) {
        if (std::ranges::find(target.storage, format.storage()) != target.storage.end()) return {};
        return fmt::format(fmt::runtime(target.whyNotStorage), name);
    }
    const bool isTaken =
        std::ranges::any_of(target.parametric, [&](const ParametricShape& shape) { return matches(shape, format); });
    return isTaken ? std::string() : fmt::format(fmt::runtime(target.whyNotParametric), name);
}

std::vector<RecipeProblem> targetProblems(const HardwareTarget& target, const ResolvedRecipe& resolved) {
    std::vector<RecipeProblem> problems;
    for (const ResolvedTensor& tensor : resolved.tensors) {
        if (!tensor.quantizable) continue;
        std::string obstacle = targetObstacle(target, tensor.format);
        if (!obstacle.empty()) {
            problems.push_back({RecipeProblem::Severity::kWarning,
                                fmt::format("{} does not suit {}: {}", tensor.name, target.name, obstacle),
                                tensor.name});
            continue;
        }
        const bool isOdd = !tensor.format.isStorage() &&
                           (tensor.rows % target.rowMultiple != 0 || tensor.cols % target.colMultiple != 0);
        if (!isOdd) continue;
        problems.push_back(
            {RecipeProblem::Severity::kWarning,
             fmt::format("{} does not suit {}: its fast kernels want outputs in multiples of {} and inputs of {}.",
                         tensor.name, target.name, target.rowMultiple, target.colMultiple),
             tensor.name});
    }
    if (target.fusesLayers) reportFused(resolved, problems);
    return problems;
}

}  // namespace halftone
