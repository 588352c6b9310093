// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/cache_format.h"
#include "core/model/model_graph.h"

namespace halftone {

/// What is done to a token's row of activations before it meets the weights of a linear layer.
enum class ActivationRounding : uint8_t {
    kNone,        ///< stays binary32
    kInt8,        ///< dynamic, symmetric: scale = max |x| / 127 of the row, codes -127..127, ties to even
    kInt8Static,  ///< the same with one scale for all rows of a layer, found beforehand; larger values are clipped
    kFp8,         ///< dynamic FP8 E4M3: scale = max |x| / 448 of the row
};

/// Rounding of activations: what W8A8 and W4A8 runtimes do to the inputs of all linear layers inside blocks. The head
/// keeps binary32 inputs, as such runtimes leave it out. Sources: the reference page on algorithms, sections 5, 15, 16.
///
/// A code times its scale is a binary32 value, and it is those values that are multiplied here, on every backend:
/// arithmetically the product of integers, up to the rounding of binary32 sums. A backend may multiply the codes
/// themselves where weights are integers as well, and sum them up exactly, as runtimes do. Weights
/// are what the recipe says. Rows that hold NaN or infinity are left as they are, so that they show; rows without a
/// value of at least 2^-100 become zero.
struct ActivationFormat {
    ActivationRounding rounding = ActivationRounding::kNone;
    /// kInt8Static: the scale of the input of each weight, by WeightId (0 where the weight is not in a linear layer);
    /// layers that read one input have one scale.
    std::shared_ptr<const std::vector<float>> scales;

    /// "int8", "int8-static", "fp8" or "none", without scales. kInvalidArgument lists what there is.
    static Result<ActivationFormat> parse(std::string_view text);
    [[nodiscard]] std::string_view name() const;
    [[nodiscard]] bool isFull() const { return rounding == ActivationRounding::kNone; }
};

/// How a sequence is run: what its attention cache keeps of keys and values, and what linear layers get to see. By
/// default all of it, in binary32. A value.
struct RunFormat {
    CacheFormat cache;
    ActivationFormat activations;

    [[nodiscard]] bool isFull() const { return cache.isFull() && activations.isFull(); }
    /// "cache q8_0, activations int8"; empty for the full one.
    [[nodiscard]] std::string name() const;
    /// Equal for formats that give the same figures; 0 for the full one.
    [[nodiscard]] uint64_t signature() const;
};

/// kInvalidArgument with what does not fit: a head that blocks of the cache do not divide, static rounding without a
/// scale for each linear layer.
Status checkRunFormat(const ModelGraph& graph, const RunFormat& format);

/// Whether a run rounds the input of this operation: the linear layers inside blocks.
[[nodiscard]] bool roundsInput(const ModelGraph& graph, const Op& op, const RunFormat& format);

/// One row of `width` activations, rounded. `scale`: of kInt8Static, not read otherwise. Returns what all of `out` are
/// whole multiples of, at most 127 of it each: 0 for a row of zeros, NaN where that is not so (a row that was left as
/// it is, FP8). Pure; any thread.
float roundActivations(ActivationRounding rounding, float scale, const float* in, float* out, int64_t width);

}  // namespace halftone
