// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include "core/checkpoint/checkpoint.h"
#include "core/export/gguf_export.h"

namespace halftone {

/// Row of the Hugging Face tensor that becomes row `row` of the GGUF tensor, for a head of `headRows` rows: adjacent
/// rotation pairs instead of two halves (reference page on GGUF, section 4).
[[nodiscard]] constexpr int64_t permutedSourceRow(int64_t row, int64_t headRows) {
    const int64_t within = row % headRows;
    return row - within + (within % 2) * (headRows / 2) + within / 2;
}

/// The rows of a planned tensor in the order in which the file has them.
Result<std::shared_ptr<const RowSource>> openExportRows(std::shared_ptr<const Checkpoint> checkpoint,
                                                        const TensorInfo& tensor, const ExportTensorPlan& plan);

}  // namespace halftone
