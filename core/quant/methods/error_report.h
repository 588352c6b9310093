// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/quant/methods/quantize.h"

namespace halftone {

struct InputStatistics;

/// How a quantized matrix uses the levels that its format gives it. Codes are counted by their place among the levels
/// of their group, from the lowest.
struct CodeUsage {
    int64_t levels = 0;        ///< that a group has; 0 for plain types, and then nothing else is filled
    int64_t unusedLevels = 0;  ///< that no value of the tensor takes
    double entropyBits = 0;    ///< of the codes; below log2(levels) bits are wasted
    double clippedShare = 0;   ///< values further outside the outermost level than half a step
};

/// What a format and a method do to one tensor.
struct TensorError {
    Distortion distortion;
    /// Error of the layer's outputs on the calibration inputs, relative to the outputs: tr(D H D^T) / tr(W H W^T).
    /// Absent without calibration for this tensor.
    std::optional<double> outputError;
    bool fromDiagonal = false;  ///< outputError used the diagonal of H alone
    int64_t bytes = 0;
    double bitsPerWeight = 0;  ///< of these bytes
    CodeUsage codes;
    int64_t nonFinite = 0;
};

/// Holds `quantized` against `source`. `source` is read once; memory is one tile per thread. Same result for any number
/// of threads. `statistics` may be null. Advances the progress by rows.
Result<TensorError> measureTensorError(const RowSource& source, const QuantizedTensor& quantized,
                                       const InputStatistics* statistics, const JobContext& context);

}  // namespace halftone
