// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/job_context.h"
#include "core/tokenizer/tokenizer.h"

namespace halftone {

/// A row of logits summed up: log softmax(row)[i] = row[i] - logNormalizer. F64 throughout.
struct RowSummary {
    double logNormalizer = 0;
    int64_t top = 0;       ///< index of the largest logit, the first of equals
    bool isFinite = true;  ///< false: the row holds NaN or infinity and the rest means nothing
};

RowSummary summarizeRow(std::span<const float> logits);

/// KL(reference || other) in nats from two rows of logits and their summaries; exactly zero for equal rows.
double rowDivergence(std::span<const float> reference, const RowSummary& referenceSummary, std::span<const float> other,
                     const RowSummary& otherSummary);

/// kInvalidData: the logits at this position are not finite.
[[nodiscard]] tl::unexpected<Error> notFinite(int64_t position);

/// Summaries of consecutive rows, in parallel. kInvalidData that names the first position whose logits are not finite;
/// `firstPosition` is that of row 0.
Result<std::vector<RowSummary>> summarizeRows(std::span<const float> logits, int64_t vocabSize, int64_t firstPosition,
                                              const JobContext& context);

}  // namespace halftone
