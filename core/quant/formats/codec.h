// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/quant/formats/packed_layout.h"

namespace halftone {

/// Rows of floats <-> packed rows. Stateless and thread-safe; vectorized with run-time dispatch, same bytes on every
/// path. Sources: the reference page on ggml blocks (sections 3 to 5) for block types, on algorithms (section 1) for
/// integers.

/// Decodes `rows` packed rows to floats. `out` holds rows * cols values. Unsupported types: kUnsupported.
Status decodeRows(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows, std::span<float> out);

/// Extra inputs of the encoder.
struct EncodeOptions {
    /// One weight per input channel (mean squared activation), or empty. Changes the search of the block types that
    /// use it and the learning of codebooks; integers and fixed levels take the nearest value without it.
    std::span<const float> importance;
    /// Tensor granularity: range over the whole tensor, which the caller found beforehand.
    float tensorMin = 0, tensorMax = 0;
    /// Codebooks with tensor granularity: the levels, ascending, found beforehand; empty: learned from the rows given.
    std::span<const float> codebook = {};
};

/// Round-to-nearest / reference block search. Values must be finite (the caller refuses or maps the others before).
/// Q4_0 .. Q6_K: byte-identical to the reference library. Granularity kBlock: bands of kBlockSide rows are counted from
/// the first row given, so a caller that cuts a matrix cuts it at multiples of that.
Status encodeRows(const PackedLayout& layout, std::span<const float> values, int64_t rows, const EncodeOptions& options,
                  std::span<std::byte> packed);

/// The same two, scalar code only: what the vectorized paths are held against.
Status decodeRowsReference(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows,
                           std::span<float> out);
Status encodeRowsReference(const PackedLayout& layout, std::span<const float> values, int64_t rows,
                           const EncodeOptions& options, std::span<std::byte> packed);

/// Checks that all scales are finite and all codes legal; the error names the first bad block.
Status validateRows(const PackedLayout& layout, std::span<const std::byte> packed, int64_t rows);

[[nodiscard]] bool canEncode(const Format& format);
[[nodiscard]] bool canDecode(const Format& format);

/// The values that a group of `format` can take for the group that holds element `col` of the packed row (quantization
/// levels of a histogram), ascending. Empty for plain types.
std::vector<float> groupLevels(const PackedLayout& layout, std::span<const std::byte> packedRow, int64_t col);

}  // namespace halftone
