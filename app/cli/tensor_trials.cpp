// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/tensor_trials.h"

#include <fmt/format.h>

#include "app/cli/inputs.h"
#include "core/recipe/recipe_match.h"

namespace halftone::cli {
namespace {

constexpr int64_t kMostReferenceBytes = int64_t{4} << 30;

// Matrices that the recipe changes and that the model computes with.
Result<std::vector<std::string>> tensorsToTry(const TrialRequest& request) {
    const std::string& regex = request.options.tensorRegex;
    CompiledMatch match(RuleMatch{.roles = {}, .firstBlock = {}, .lastBlock = {}, .regex = regex});
    if (!match.error().empty()) return usageError(fmt::format("In --tensor {}.", match.error()));
    std::vector<std::string> names;
    for (const TensorInfo& tensor : request.model.checkpoint->tensors()) {
        const ResolvedTensor* target = request.recipe.find(tensor.canonicalName);
        const bool isChanged = target && target->quantizable && !target->kept;
        if (isChanged && request.model.graph->findWeight(tensor.canonicalName) >= 0 && match.matches(tensor))
            names.push_back(tensor.canonicalName);
    }
    if (names.empty()) {
        return makeError(ErrorCode::kNotFound,
                         fmt::format("The recipe changes no tensor of {}{}.", request.model.checkpoint->path().string(),
                                     regex.empty() ? "" : fmt::format(" whose name matches \"{}\"", regex)));
    }
    return names;
}

}  // namespace

Result<std::vector<TensorSensitivity>> tryTensors(const TrialRequest& request, Backend& backend,
                                                  const JobContext& context) {
    const EvaluateOptions& measure = request.options.evaluate;
    const LoadedModel& model = request.model;
    HT_ASSIGN_OR_RETURN(const Protocol protocol, parseProtocol(measure));
    HT_ASSIGN_OR_RETURN(auto names, tensorsToTry(request));
    HT_ASSIGN_OR_RETURN(const std::string text, readText(measure.text));
    HT_ASSIGN_OR_RETURN(const auto tokens, model.tokenize(text));
    HT_ASSIGN_OR_RETURN(const auto windows,
                        makeWindows(tokens, protocol, evaluationBos(protocol, *model.tokenizer), measure.chunks));
    HT_TRY(checkContextLength(model.graph->config, protocol.contextLength));
    HT_ASSIGN_OR_RETURN(const auto weights, RecipeWeights::create(model.checkpoint, model.graph));
    weights->setEncoder(backend.encoder());
    HT_ASSIGN_OR_RETURN(const auto applied, weights->applyMethods(request.recipe, request.calibration, context));
    HT_ASSIGN_OR_RETURN(const auto executable, backend.compile(model.graph, weights->original(), context));
    HT_ASSIGN_OR_RETURN(const auto session,
                        EvaluationSession::create(*executable, weights->original(), windows, protocol));
    HT_TRY(session->runReference(kMostReferenceBytes, {}, context));
    const SensitivityRequest trials{weights->original(), applied.weights, std::move(names), request.options.precision};
    return measureSensitivity(*session, *model.graph, trials, {}, context);
}

}  // namespace halftone::cli
