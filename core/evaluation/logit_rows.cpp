// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/logit_rows.h"

#include <cmath>

#include <fmt/format.h>

#include "core/evaluation/logit_math.h"

namespace halftone {

RowSummary summarizeRow(std::span<const float> logits) {
    const LogitSum sum = sumExponentials(logits);
    return {double(sum.largest) + std::log(sum.sum), sum.top, sum.isFinite};
}

double rowDivergence(std::span<const float> reference, const RowSummary& referenceSummary, std::span<const float> other,
                     const RowSummary& otherSummary) {
    return sumDivergence(reference, referenceSummary.logNormalizer, other, otherSummary.logNormalizer).divergence;
}

tl::unexpected<Error> notFinite(int64_t position) {
    return makeError(
        ErrorCode::kInvalidData,
        fmt::format("The model's logits at position {} are not finite: the weights or their format are broken.",
                    position));
}

Result<std::vector<RowSummary>> summarizeRows(std::span<const float> logits, int64_t vocabSize, int64_t firstPosition,
                                              const JobContext& context) {
    const auto rows = static_cast<int64_t>(logits.size()) / vocabSize;
    std::vector<RowSummary> summaries(static_cast<size_t>(rows));
    context.pool.parallelFor(rows, 1, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            summaries[static_cast<size_t>(row)] =
                summarizeRow(logits.subspan(static_cast<size_t>(row * vocabSize), static_cast<size_t>(vocabSize)));
        }
    });
    for (int64_t row = 0; row < rows; ++row) {
        if (summaries[static_cast<size_t>(row)].isFinite) continue;
        return notFinite(firstPosition + row);
    }
    return summaries;
}

}  // namespace halftone
