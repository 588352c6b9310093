// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inference/generate.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/generation_report.h"
#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/profile.h"
#include "app/cli/run_monitor.h"

namespace halftone::cli {

std::string_view stopReasonName(StopReason reason) {
    switch (reason) {
        case StopReason::kMaxTokens:
            return "length";
        case StopReason::kEndToken:
            return "end";
        case StopReason::kContextFull:
            return "context";
        case StopReason::kCancelled:
            return "cancelled";
    }
    return "";
}

nlohmann::ordered_json generationJson(const GenerateResult& result) {
    std::vector<TokenId> ids;
    std::vector<float> logProbs;
    for (const GeneratedToken& token : result.tokens) {
        ids.push_back(token.id);
        logProbs.push_back(token.prediction.logProb);
    }
    const auto rate = [](size_t count, double seconds) { return seconds > 0 ? double(count) / seconds : 0.0; };
    return {{"text", result.text},
            {"ids", ids},
            {"log_probs", logProbs},
            {"prompt_ids", result.promptIds},
            {"stop", stopReasonName(result.reason)},
            {"prompt_seconds", result.promptSeconds},
            {"generate_seconds", result.generateSeconds},
            {"tokens_per_second", rate(result.tokens.size(), result.generateSeconds)}};
}

Status cancelledUnlessFinished(const GenerateResult& result) {
    if (result.reason != StopReason::kCancelled) return {};
    return makeError(ErrorCode::kCancelled, fmt::format("Cancelled after {} tokens.", result.tokens.size()));
}

Status runGenerate(const GenerateCommandOptions& options, const CommonOptions& common) {
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(options.checkpoint));
    HT_ASSIGN_OR_RETURN(const Recipe recipe, loadRecipe(options.format, *model.checkpoint));
    HT_ASSIGN_OR_RETURN(RunFormat format, parseRunFormat(options.run, options.format, model.graph->config));
    HT_ASSIGN_OR_RETURN(const auto backend, openDevice(common));
    HT_ASSIGN_OR_RETURN(const auto calibration,
                        obtainCalibration({options.format.calibration}, model, *backend, monitor.context()));
    HT_ASSIGN_OR_RETURN(const RunningModel running,
                        prepareModel(model, recipe, calibration, *backend, monitor.context()));
    HT_ASSIGN_OR_RETURN(format, completeRunFormat(format, *model.graph, calibration.get(), running.inputScales));
    const auto stream = [&](const GeneratedToken& token) {
        if (common.json) return;
        monitor.hideProgress();
        fmt::print("{}", token.text);
        std::fflush(stdout);
    };
    const GenerateOptions generate{.maxTokens = options.tokens, .sampling = options.sampling, .format = format};
    RunProfile profile(options.profile);
    HT_TRY(profile.watch(*running.executable, "text"));
    HT_ASSIGN_OR_RETURN(const GenerateResult result, generateText(*running.executable, model.tokenizer, options.prompt,
                                                                  generate, stream, monitor.context()));
    HT_TRY(running.executable->profileInto(nullptr));
    HT_TRY(profile.measureLimits(*backend, JobContext()));
    HT_TRY(profile.writeTrace());
    monitor.hideProgress();
    if (!common.json) {
        fmt::print("\n");
        profile.print();
        return cancelledUnlessFinished(result);
    }
    nlohmann::ordered_json json{{"prompt", options.prompt}};
    json.update(generationJson(result));
    json["bytes"] = running.recipe.totals.bytes;
    json["bits_per_weight"] = running.recipe.totals.bitsPerWeight();
    json["cache"] = format.cache.name();
    json["activations"] = format.activations.name();
    json["device"] = backend->name();
    json["problems"] = problemsJson(running.recipe.problems);
    profile.addTo(json);
    printJson(json);
    return cancelledUnlessFinished(result);
}

}  // namespace halftone::cli
