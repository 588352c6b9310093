// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

#include "core/quant/formats/format.h"

namespace halftone {

/// Byte layout of one row in memory and on the device. Rows are independent and equally long, so that any row can be
/// decoded alone and tiles of rows can be encoded in parallel.
///
/// Block and plain types: the row is exactly GGUF's row (blocks back to back).
///
/// Parametric families, little-endian, per row:
///   codes   element i occupies bits [i*bits, (i+1)*bits) of a bit stream that starts at the row's first byte
///           (least significant bit first); the stream is padded to 4 bytes. Symmetric integer codes are stored with an
///           offset: stored = q + 2^(bits-1), so that all stored codes are unsigned.
///   scales  one per group, F16, BF16, F32 or E8M0, at scaleOffset; padded to 4 bytes
///           nested: one byte per group, padded to 4 bytes, then the second level (nested_scale.h)
///           codebooks: instead the 2^bits levels of the row, F16, ascending
///   zeros   asymmetric integers only, at zeroOffset: one byte per group, padded to 4 bytes; where the zero point is a
///           float, instead the value of code 0 of every group, stored as the scales are
/// Channel and tensor granularity have one group per row, 128 x 128 blocks a group per 128 columns (a scale that rows
/// share is repeated in each of them).
/// Value: symmetric (stored - 2^(bits-1)) * scale; asymmetric (stored - zero) * scale, or stored * scale + minimum;
/// level family level[stored] * scale; codebooks level[stored]; each operation in binary32.
struct PackedLayout {
    Format format;  ///< without extras: a pattern's zeros are codes, corrections lie beside the rows
    int64_t cols = 0;
    int64_t rowBytes = 0;
    int64_t groupSize = 0;     ///< elements per scale within a row (cols for channel and tensor granularity)
    int64_t groupsPerRow = 0;  ///< parametric families only
    int64_t scaleOffset = 0;
    int64_t zeroOffset = 0;

    /// Precondition: format.fitsRow(cols).
    static PackedLayout of(const Format& format, int64_t cols);
};

}  // namespace halftone
