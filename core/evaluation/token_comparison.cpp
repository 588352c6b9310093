// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/token_comparison.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/evaluation/paired_run.h"

namespace halftone {
namespace {

Status checkText(const Executable& executable, int64_t length, int64_t begin) {
    if (begin < 1 || begin >= length) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The text of {} tokens has no token after its first {} to compare.", length,
                                     std::max<int64_t>(begin, 1)));
    }
    const int64_t context = executable.graph().config.contextLength;
    // The last token is predicted, not fed.
    if (length - 1 > context) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The text has {} tokens, but the model's context holds {}; shorten it.", length, context));
    }
    return {};
}

/// Rows are independent of each other, so each goes to whichever thread is free.
void compareRows(const PairedRows& rows, std::span<const TokenId> targets, std::span<TokenComparison> out,
                 const ThreadPool& pool) {
    pool.parallelFor(static_cast<int64_t>(rows.count()), 1, [&](int64_t begin, int64_t end) {
        for (auto row = static_cast<size_t>(begin); row < static_cast<size_t>(end); ++row) {
            out[row] = {.token = targets[row],
                        .reference = predictionOf(rows.reference(row), targets[row]),
                        .own = predictionOf(rows.own(row), targets[row]),
                        .kld = rows.divergence(row)};
        }
    });
}

}  // namespace

Result<std::vector<TokenComparison>> compareTokens(Executable& reference, const ModelRun& own,
                                                   std::span<const TokenId> tokens, int64_t begin,
                                                   const TokenComparisonSink& sink, const JobContext& context) {
    const auto length = static_cast<int64_t>(tokens.size());
    HT_TRY(checkText(own.executable, length, begin));
    HT_TRY(checkText(reference, length, begin));
    PairedRun run(reference, own, context);
    HT_TRY(run.prepare(length - 1));
    context.start("Comparing predictions", length - begin, "tokens");
    std::vector<TokenComparison> comparisons(static_cast<size_t>(length - begin));
    const auto visit = [&](const PairedRows& rows) -> Status {
        HT_TRY(context.checkpoint());
        const auto at = static_cast<size_t>(rows.firstPosition + 1 - begin);
        const auto part = std::span(comparisons).subspan(at, rows.count());
        compareRows(rows, tokens.subspan(static_cast<size_t>(rows.firstPosition + 1), rows.count()), part,
                    context.pool);
        context.advance(static_cast<int64_t>(rows.count()));
        if (sink) sink(rows.firstPosition + 1, part);
        return {};
    };
    HT_TRY(run.run(tokens.first(static_cast<size_t>(length - 1)), begin - 1, length - 1, visit));
    return comparisons;
}

}  // namespace halftone
