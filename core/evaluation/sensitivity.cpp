// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/sensitivity.h"

#include <fmt/format.h>

namespace halftone {
namespace {

// With fewer the spread between windows is a guess.
constexpr int64_t kMinWindows = 3;

}  // namespace

Result<std::vector<TensorSensitivity>> measureSensitivity(EvaluationSession& session, const ModelGraph& graph,
                                                          const SensitivityRequest& request,
                                                          const SensitivityObserver& observer,
                                                          const JobContext& context) {
    if (!session.reference())
        return makeError(ErrorCode::kInvalidArgument,
                         "Sensitivity needs the original's run: make the reference first.");
    // Each try reports one step; the runs inside have no progress of their own to show.
    const JobContext inner{.stop = context.stop, .progress = nullptr, .pool = context.pool};
    HT_TRY(session.evaluate(request.original, {}, {}, inner));
    context.start("Trying tensors", static_cast<int64_t>(request.tensors.size()), "tensors");
    const StopRule stop{.relativeHalfWidth = request.relativeHalfWidth, .minWindows = kMinWindows};
    std::vector<TensorSensitivity> results;
    for (const std::string& name : request.tensors) {
        HT_TRY(context.checkpoint());
        const WeightId id = graph.findWeight(name);
        if (id < 0) {
            return makeError(ErrorCode::kInvalidArgument,
                             fmt::format("{} takes no part in the model's computation and cannot be tried.", name));
        }
        HT_ASSIGN_OR_RETURN(const SessionFigures figures,
                            session.probe(request.original.with(graph, name, request.changed.at(id)), stop, {}, inner));
        TensorSensitivity sensitivity{.tensor = name, .kld = {}, .windows = figures.result.windows};
        if (figures.projectedKld) sensitivity.kld = *figures.projectedKld;
        if (observer) observer(sensitivity);
        results.push_back(std::move(sensitivity));
        context.advance(1);
    }
    return results;
}

}  // namespace halftone
