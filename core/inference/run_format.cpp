// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/run_format.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/format.h>

#include "core/base/hash.h"

namespace halftone {
namespace {

struct RoundingName {
    ActivationRounding rounding;
    std::string_view name;
};
constexpr std::array kNames{
    RoundingName{ActivationRounding::kNone, "none"}, RoundingName{ActivationRounding::kInt8, "int8"},
    RoundingName{ActivationRounding::kInt8Static, "int8-static"}, RoundingName{ActivationRounding::kFp8, "fp8"}};

constexpr float kLargestCode = 127.0f;
constexpr float kLargestE4M3 = 448.0f;
constexpr uint32_t kMagnitudeBits = 0x7FFFFFFFu;
constexpr uint32_t kInfinityBits = 0x7F800000u;
constexpr float kSmallestMaximum = 0x1p-100f;

/// Largest magnitude; NaN counts as more than infinity.
uint32_t largestBits(const float* in, int64_t width) {
    uint32_t largest = 0;
    for (int64_t i = 0; i < width; ++i) largest = std::max(largest, std::bit_cast<uint32_t>(in[i]) & kMagnitudeBits);
    return largest;
}

/// Nearest integer, ties to even, for magnitudes below 2^22.
float nearestInteger(float value) {
    constexpr float kShift = 12582912.0f;  // 1.5 * 2^23
    return (value + kShift) - kShift;
}

/// Nearest value of E4M3 (four exponent bits, three of mantissa, bias 7), ties to even, 448 at most.
float nearestE4M3(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    if (std::fabs(value) < 0x1p-6f) return nearestInteger(value * 0x1p9f) * 0x1p-9f;
    const uint32_t rounded = (bits + 0x7FFFFu + ((bits >> 20) & 1u)) & ~0xFFFFFu;
    return std::clamp(std::bit_cast<float>(rounded), -kLargestE4M3, kLargestE4M3);
}

}  // namespace

Result<ActivationFormat> ActivationFormat::parse(std::string_view text) {
    const auto found = std::ranges::find(kNames, text, &RoundingName::name);
    if (found != kNames.end()) return ActivationFormat{.rounding = found->rounding, .scales = nullptr};
    return makeError(
        ErrorCode::kInvalidArgument,
        fmt::format("\"{}\" is no rounding of activations; there are int8, int8-static, fp8 and none.", text));
}

std::string_view ActivationFormat::name() const {
    return std::ranges::find(kNames, rounding, &RoundingName::rounding)->name;
}

std::string RunFormat::name() const {
    std::string text;
    if (!cache.isFull()) text = "cache " + cache.name();
    if (!activations.isFull()) text += fmt::format("{}activations {}", text.empty() ? "" : ", ", activations.name());
    return text;
}

uint64_t RunFormat::signature() const {
    if (isFull()) return 0;
    const std::string text = name();
    uint64_t signature = hashBytes(std::as_bytes(std::span(text)));
    if (activations.scales) signature = hashBytes(std::as_bytes(std::span(*activations.scales)), signature);
    return std::max<uint64_t>(signature, 1);
}

Status checkRunFormat(const ModelGraph& graph, const RunFormat& format) {
    HT_TRY(checkCacheFormat(graph.config, format.cache));
    if (format.activations.rounding != ActivationRounding::kInt8Static) return {};
    const std::vector<float>* scales = format.activations.scales.get();
    for (const Op& op : graph.ops) {
        if (!roundsInput(graph, op, format)) continue;
        const auto weight = static_cast<size_t>(op.weight);
        const float scale = scales && weight < scales->size() ? (*scales)[weight] : 0.0f;
        if (scale > 0 && std::isfinite(scale)) continue;
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("There is no scale for the inputs of '{}'; static rounding of activations needs a "
                                     "calibration that has seen them.",
                                     graph.weights[weight].name));
    }
    return {};
}

bool roundsInput(const ModelGraph& graph, const Op& op, const RunFormat& format) {
    return !format.activations.isFull() && op.kind == OpKind::kLinear && op.block >= 0 &&
           op.block < graph.config.blockCount && op.out != graph.logits;
}

float roundActivations(ActivationRounding rounding, float scale, const float* in, float* out, int64_t width) {
    constexpr float kNoStep = std::numeric_limits<float>::quiet_NaN();
    const uint32_t largest = rounding == ActivationRounding::kNone ? kInfinityBits : largestBits(in, width);
    if (largest >= kInfinityBits) {
        std::copy_n(in, width, out);
        return kNoStep;
    }
    const auto maximum = std::bit_cast<float>(largest);
    if (maximum < kSmallestMaximum) {
        std::fill_n(out, width, 0.0f);
        return 0.0f;
    }
    if (rounding == ActivationRounding::kFp8) {
        const float step = maximum / kLargestE4M3, inverse = kLargestE4M3 / maximum;
        for (int64_t i = 0; i < width; ++i) out[i] = nearestE4M3(in[i] * inverse) * step;
        return kNoStep;
    }
    const bool isStatic = rounding == ActivationRounding::kInt8Static;
    const float step = isStatic ? scale : maximum / kLargestCode;
    const float inverse = isStatic ? 1.0f / scale : kLargestCode / maximum;
    for (int64_t i = 0; i < width; ++i)
        out[i] = nearestInteger(std::clamp(in[i] * inverse, -kLargestCode, kLargestCode)) * step;
    return step;
}

}  // namespace halftone
