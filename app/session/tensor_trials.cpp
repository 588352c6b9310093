// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session/tensor_trials.h"

namespace halftone::app {

std::vector<std::string> changedTensors(const ResolvedRecipe& recipe, const ModelGraph& graph) {
    std::vector<std::string> names;
    for (const auto& tensor : recipe.tensors) {
        if (tensor.quantizable && !tensor.kept && graph.findWeight(tensor.name) >= 0) names.push_back(tensor.name);
    }
    return names;
}

Result<std::vector<TensorSensitivity>> runTrials(TensorTrials& trials, const SensitivityObserver& observer,
                                                 const Engine::LostHandler& lost, const JobContext& context) {
    const auto& protocol = trials.measurement.protocol;
    const auto& model = *trials.engineRequest.model;
    HT_TRY(checkContextLength(model.graph->config, protocol.contextLength));
    HT_ASSIGN_OR_RETURN(const auto tokens, tokenizeFile(model, trials.measurement.textPath));
    HT_ASSIGN_OR_RETURN(const auto windows, makeWindows(tokens.ids, protocol, evaluationBos(protocol, *model.tokenizer),
                                                        trials.measurement.maxWindows));
    auto& engine = *trials.engine;
    using Found = std::vector<TensorSensitivity>;
    return engine.run<Found>(trials.engineRequest, lost, [&]() -> Result<Found> {
        HT_ASSIGN_OR_RETURN(auto* session, engine.evaluation(trials.engineRequest, windows, protocol, context));
        if (!session->reference()) HT_TRY(session->runReference(kMostReferenceBytes, {}, context));
        HT_TRY(session->setFormat({}));  // what a tensor is worth is asked with all else kept
        HT_ASSIGN_OR_RETURN(const auto applied, engine.recipeWeights(trials.weights, context));
        const SensitivityRequest request{
            .original = engine.originalWeights(), .changed = applied.weights, .tensors = trials.tensors};
        return measureSensitivity(*session, *model.graph, request, observer, context);
    });
}

}  // namespace halftone::app
