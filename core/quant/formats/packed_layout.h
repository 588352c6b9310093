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
/// Integer family, little-endian, per row:
///   codes   element i occupies bits [i*bits, (i+1)*bits) of a bit stream that starts at the row's first byte
///           (least significant bit first); the stream is padded to 4 bytes. Symmetric codes are stored with an
///           offset: stored = q + 2^(bits-1), so that all stored codes are unsigned.
///   scales  one F16 per group, at scaleOffset; padded to 4 bytes
///   zeros   asymmetric only: one byte per group, at zeroOffset; padded to 4 bytes
/// Channel and tensor granularity have one group per row (a per-tensor scale is repeated in each row).
/// Value: symmetric (stored - 2^(bits-1)) * scale; asymmetric (stored - zero) * scale; each operation in binary32.
struct PackedLayout {
    Format format;
    int64_t cols = 0;
    int64_t rowBytes = 0;
    int64_t groupSize = 0;     ///< elements per scale within a row (cols for channel and tensor)
    int64_t groupsPerRow = 0;  ///< integer family only
    int64_t scaleOffset = 0;
    int64_t zeroOffset = 0;

    /// Precondition: format.fitsRow(cols).
    static PackedLayout of(const Format& format, int64_t cols);
};

}  // namespace halftone
