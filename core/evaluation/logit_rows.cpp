// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/logit_rows.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace halftone {

RowSummary summarizeRow(std::span<const float> logits) {
    RowSummary summary;
    float largest = -std::numeric_limits<float>::infinity();
    for (size_t i = 0; i < logits.size(); ++i) {
        if (!std::isfinite(logits[i])) {
            summary.isFinite = false;
            return summary;
        }
        if (logits[i] > largest) {
            largest = logits[i];
            summary.top = static_cast<int64_t>(i);
        }
    }
    double sum = 0;
    for (float logit : logits) sum += std::exp(double(logit) - double(largest));
    summary.logNormalizer = double(largest) + std::log(sum);
    return summary;
}

double rowDivergence(std::span<const float> reference, const RowSummary& referenceSummary, std::span<const float> other,
                     const RowSummary& otherSummary) {
    double sum = 0;
    for (size_t i = 0; i < reference.size(); ++i) {
        const double logProb = double(reference[i]) - referenceSummary.logNormalizer;
        const double otherLogProb = double(other[i]) - otherSummary.logNormalizer;
        sum += std::exp(logProb) * (logProb - otherLogProb);
    }
    return sum;
}

double rowDivergence(std::span<const double> referenceLogProbs, std::span<const float> other,
                     const RowSummary& otherSummary) {
    double sum = 0;
    for (size_t i = 0; i < referenceLogProbs.size(); ++i) {
        const double logProb = referenceLogProbs[i];
        sum += std::exp(logProb) * (logProb - (double(other[i]) - otherSummary.logNormalizer));
    }
    return sum;
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
        return makeError(
            ErrorCode::kInvalidData,
            fmt::format("The model's logits at position {} are not finite: the weights or their format are broken.",
                        firstPosition + row));
    }
    return summaries;
}

}  // namespace halftone
