// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/reference_run.h"

#include <chrono>
#include <numeric>

#include <fmt/format.h>

#include "core/base/hash.h"
#include "core/evaluation/reference_builder.h"
#include "core/evaluation/window_scorer.h"

namespace halftone {

int64_t scoredCount(std::span<const EvaluationWindow> windows) {
    int64_t count = 0;
    for (const EvaluationWindow& window : windows) count += window.scoreEnd - window.scoreBegin;
    return count;
}

uint64_t hashWindows(std::span<const EvaluationWindow> windows) {
    uint64_t hash = windows.size();
    for (const EvaluationWindow& window : windows) {
        const int64_t range[] = {window.scoreBegin, window.scoreEnd};
        hash = hashBytes(std::as_bytes(std::span(range)), hash);
        hash = hashBytes(std::as_bytes(std::span(window.tokens)), hash);
    }
    return hash;
}

int64_t ReferenceRun::sizeBytes() const {
    return scored() * (m_rows.bytesPerRow() + static_cast<int64_t>(sizeof(double)));
}

Result<std::shared_ptr<const ReferenceRun>> runReference(Executable& executable,
                                                         std::span<const EvaluationWindow> windows,
                                                         const Protocol& protocol, int64_t maxBytes,
                                                         const EvaluationObserver& observer, const JobContext& context,
                                                         const ReferenceStoreOptions& store) {
    if (windows.empty()) return makeError(ErrorCode::kInvalidArgument, "There is no window to evaluate.");
    const ModelConfig& config = executable.graph().config;
    HT_ASSIGN_OR_RETURN(const std::string note, checkContextLength(config, protocol.contextLength));
    ReferenceRunBuilder builder(config.vocabSize, windows, protocol, store);
    HT_TRY(builder.reserve(maxBytes));
    WindowScorer scorer(executable, windows, nullptr);
    int64_t total = 0;
    for (const EvaluationWindow& window : windows) total += static_cast<int64_t>(window.tokens.size());
    context.start("Evaluating", total, "tokens");
    const auto start = std::chrono::steady_clock::now();
    const auto finish = [&](size_t window) {
        builder.finishWindow(windows[window],
                             std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        context.advance(static_cast<int64_t>(windows[window].tokens.size()));
        if (observer) observer(builder.running());
    };
    while (builder.windowsDone() < windows.size()) {
        HT_TRY(context.checkpoint());
        HT_TRY(addReferenceWindows({scorer, builder, windows, {}, finish}, context));
    }
    return builder.finish(note);
}

Status addReferenceWindows(const ReferenceStep& step, const JobContext& context) {
    ReferenceRunBuilder& builder = step.builder;
    const size_t first = builder.windowsDone();
    builder.dropUnfinishedWindow();
    std::vector<size_t> candidates(step.windows.size() - first);
    std::iota(candidates.begin(), candidates.end(), first);
    HT_ASSIGN_OR_RETURN(const size_t count, step.scorer.countTogether(candidates));
    std::vector<WindowPart> parts(count);
    const auto finishBefore = [&step, &builder](size_t end) {
        while (builder.windowsDone() < end) step.finish(builder.windowsDone());
    };
    // Rows come in the order of the windows, so those before the window of a row are complete.
    for (size_t i = 0; i < count; ++i) {
        const size_t window = first + i;
        const EvaluationWindow& text = step.windows[window];
        parts[i].window = window;
        if (step.startOf) parts[i].start = step.startOf(window);
        parts[i].logits = [&builder, &text, &context, &finishBefore, window, row = text.scoreBegin](
                              int64_t position, int64_t rows, std::span<const float> logits) mutable -> Status {
            finishBefore(window);
            HT_TRY(builder.addRows(logits, position, text.tokens.data() + row + 1, context));
            row += rows;
            if (row == text.scoreEnd) finishBefore(window + 1);
            return {};
        };
    }
    HT_TRY(step.scorer.runLogits(parts, context));
    finishBefore(first + count);
    return {};
}

Status checkSameRun(const Executable& executable, std::span<const EvaluationWindow> windows, const Protocol& protocol,
                    const ReferenceRun& reference) {
    const int64_t vocabSize = executable.graph().config.vocabSize;
    if (vocabSize != reference.vocabSize()) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The reference has a vocabulary of {} tokens, this model one of {}; their distributions "
                        "cannot be compared.",
                        reference.vocabSize(), vocabSize));
    }
    if (protocol.name() != reference.result().protocol || scoredCount(windows) != reference.scored()) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("The reference was run by {} on {} positions, this run is {} on {}; run the reference again.",
                        reference.result().protocol, reference.scored(), protocol.name(), scoredCount(windows)));
    }
    if (hashWindows(windows) != reference.windowsHash()) {
        return makeError(ErrorCode::kInvalidArgument,
                         "The reference was run on another text of the same length; run the reference again.");
    }
    return {};
}

}  // namespace halftone
