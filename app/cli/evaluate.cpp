// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/evaluate.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/profile.h"
#include "app/cli/run_monitor.h"
#include "core/tokenizer/text_coverage.h"

namespace halftone::cli {
namespace {

using Json = nlohmann::ordered_json;

// One evaluation with what its report says beside the figures.
struct Evaluation {
    RunningModel subject;
    RunFormat format;  // of the subject; the reference keeps everything
    std::optional<RunningModel> reference;
    Protocol protocol;
    std::vector<EvaluationWindow> windows;
    std::string description;  // "Q4_K", "original weights"
    std::string coverage;     // what the vocabulary loses of the text; usually nothing
};

// The model to compare with: another checkpoint, or the original weights of the same one.
Result<RunningModel> prepareReference(const EvaluateOptions& options, const LoadedModel& model, const std::string& text,
                                      Backend& backend, const JobContext& context) {
    if (options.reference.empty()) return prepareModel(model, Recipe{}, backend, context);
    HT_ASSIGN_OR_RETURN(const LoadedModel reference, LoadedModel::open(options.reference));
    HT_ASSIGN_OR_RETURN(const auto ownTokens, model.tokenize(text));
    HT_ASSIGN_OR_RETURN(const auto itsTokens, reference.tokenize(text));
    if (ownTokens != itsTokens) {
        return makeError(
            ErrorCode::kInvalidArgument,
            fmt::format("{} and {} turn the text into different tokens, so their predictions cannot be compared.",
                        model.checkpoint->name(), reference.checkpoint->name()));
    }
    return prepareModel(reference, Recipe{}, backend, context);
}

Result<Evaluation> prepareEvaluation(const EvaluateOptions& options, Backend& backend, const JobContext& context) {
    Evaluation evaluation;
    HT_ASSIGN_OR_RETURN(evaluation.protocol, parseProtocol(options));
    HT_ASSIGN_OR_RETURN(const std::string text, readText(options.text));
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(options.checkpoint));
    HT_ASSIGN_OR_RETURN(const Recipe recipe, loadRecipe(options.format, *model.checkpoint));
    HT_ASSIGN_OR_RETURN(evaluation.format, parseRunFormat(options.run, options.format, model.graph->config));
    HT_ASSIGN_OR_RETURN(const auto tokens, model.tokenize(text));
    evaluation.coverage = coverageNote(textCoverage(*model.tokenizer, text, tokens), model.checkpoint->name());
    HT_ASSIGN_OR_RETURN(
        evaluation.windows,
        makeWindows(tokens, evaluation.protocol, evaluationBos(evaluation.protocol, *model.tokenizer), options.chunks));
    HT_TRY(checkContextLength(model.graph->config, evaluation.protocol.contextLength));
    HT_ASSIGN_OR_RETURN(const auto calibration,
                        obtainCalibration({options.format.calibration}, model, backend, context));
    HT_ASSIGN_OR_RETURN(evaluation.subject, prepareModel(model, recipe, calibration, backend, context));
    HT_ASSIGN_OR_RETURN(evaluation.format, completeRunFormat(evaluation.format, *model.graph, calibration.get(),
                                                             evaluation.subject.inputScales));
    if (options.format.isSet() || !evaluation.format.isFull() || !options.reference.empty()) {
        HT_ASSIGN_OR_RETURN(evaluation.reference, prepareReference(options, model, text, backend, context));
    }
    evaluation.description = !options.format.isSet() ? "original weights"
                             : recipe.name.empty()   ? options.format.recipe
                                                     : recipe.name;
    return evaluation;
}

Json resultJson(const Evaluation& evaluation, const EvaluationResult& result) {
    const RecipeTotals& totals = evaluation.subject.recipe.totals;
    Json json{{"tokens", result.tokens},
              {"scored", result.scored},
              {"windows", result.windows},
              {"protocol", result.protocol},
              {"cache", evaluation.format.cache.name()},
              {"activations", evaluation.format.activations.name()},
              {"perplexity", result.perplexity.mean},
              {"perplexity_stderr", result.perplexity.standardError},
              {"nll", result.nll.mean},
              {"nll_stderr", result.nll.standardError}};
    if (result.reference) {
        const auto& against = *result.reference;
        json["reference_cache"] = CacheFormat().name();
        json["reference_activations"] = ActivationFormat().name();
        json["kld_mean"] = against.kld.mean;
        json["kld_stderr"] = against.kld.standardError;
        json["kld_max"] = against.kldMax;
        for (size_t i = 0; i < kKldPercentiles.size(); ++i) {
            json["kld_percentiles"][fmt::format("{:g}", kKldPercentiles[i])] = against.kldPercentiles[i];
        }
        json["kld_p99"] = against.kldPercentiles[5];
        json["top1_agreement"] = against.top1Agreement.mean;
        json["top1_agreement_stderr"] = against.top1Agreement.standardError;
        json["reference_perplexity"] = against.referencePerplexity.mean;
        json["reference_perplexity_stderr"] = against.referencePerplexity.standardError;
        json["perplexity_ratio"] = against.perplexityRatio.mean;
        json["perplexity_ratio_stderr"] = against.perplexityRatio.standardError;
    }
    json["bytes"] = totals.bytes;
    json["bits_per_weight"] = totals.bitsPerWeight();
    json["device"] = result.device;
    json["seconds"] = result.seconds;
    json["notes"] = result.notes;
    json["problems"] = problemsJson(evaluation.subject.recipe.problems);
    return json;
}

void printResult(const Evaluation& evaluation, const EvaluationResult& result) {
    const RecipeTotals& totals = evaluation.subject.recipe.totals;
    std::vector<std::pair<std::string, std::string>> fields{
        {"weights", fmt::format("{} ({}, {:.3g} bits per weight)", evaluation.description,
                                bytesText(double(totals.bytes)), totals.bitsPerWeight())},
        {"protocol", fmt::format("{}: {} windows, {} tokens, {} scored", result.conditions(), result.windows,
                                 countText(result.tokens), countText(result.scored))},
        {"perplexity", perplexityText(result.perplexity)}};
    if (result.reference) {
        const auto& against = *result.reference;
        fields.emplace_back("reference perplexity",
                            perplexityText(against.referencePerplexity) +
                                (result.runFormat.empty() ? "" : " (cache f32, activations none)"));
        fields.emplace_back("perplexity ratio", fmt::format("{:.5f} ± {:.5f}", against.perplexityRatio.mean,
                                                            against.perplexityRatio.standardError));
        fields.emplace_back("KL divergence", divergenceText(against.kld));
        std::string percentiles;
        for (size_t i = 0; i < kKldPercentiles.size(); ++i) {
            percentiles +=
                fmt::format("{}p{:g} {:.4g}", i == 0 ? "" : "  ", kKldPercentiles[i], against.kldPercentiles[i]);
        }
        fields.emplace_back("  percentiles", fmt::format("{}  max {:.4g}", percentiles, against.kldMax));
        fields.emplace_back("same top token", percentText(against.top1Agreement));
    }
    fields.emplace_back("device", result.device);
    const double rate = result.seconds > 0 ? double(result.tokens) / result.seconds : 0;
    fields.emplace_back("time", fmt::format("{} s, {} tokens/s", numberText(result.seconds), numberText(rate)));
    printFields(fields);
    for (const std::string& note : result.notes) fmt::print("note: {}\n", note);
    printProblems(evaluation.subject.recipe.problems);
}

Result<EvaluationResult> runWithReference(Evaluation& evaluation, const EvaluationObserver& observer,
                                          const JobContext& context) {
    const ModelRun subject(*evaluation.subject.executable, evaluation.format);
    if (!evaluation.reference) {
        return evaluatePerplexity(subject, evaluation.windows, evaluation.protocol, observer, context);
    }
    return evaluateSideBySide(*evaluation.reference->executable, subject, evaluation.windows, evaluation.protocol,
                              observer, context);
}

// What a cancelled run has brought is told as well, so nothing here can be cancelled.
Status finishProfile(RunProfile& profile, const Evaluation& evaluation, Backend& backend) {
    if (!profile.isOn()) return {};
    HT_TRY(evaluation.subject.executable->profileInto(nullptr));
    if (evaluation.reference) HT_TRY(evaluation.reference->executable->profileInto(nullptr));
    HT_TRY(profile.measureLimits(backend, JobContext()));
    return profile.writeTrace();
}

}  // namespace

Status runEvaluate(const EvaluateOptions& options, const CommonOptions& common) {
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const auto backend, openDevice(common));
    HT_ASSIGN_OR_RETURN(Evaluation evaluation, prepareEvaluation(options, *backend, monitor.context()));
    RunProfile profile(options.profile);
    HT_TRY(profile.watch(*evaluation.subject.executable, "model"));
    if (evaluation.reference) HT_TRY(profile.watch(*evaluation.reference->executable, "reference"));
    EvaluationResult partial;
    const auto keep = [&](const EvaluationResult& running) { partial = running; };
    auto result = runWithReference(evaluation, keep, monitor.context());
    monitor.hideProgress();
    const bool cancelled = !result && result.error().code == ErrorCode::kCancelled && partial.windows > 0;
    if (!result && !cancelled) return tl::unexpected(result.error());
    HT_TRY(finishProfile(profile, evaluation, *backend));
    if (cancelled && partial.reference) partial.reference->kldPercentiles = computeKldPercentiles(partial.tokenKld);
    EvaluationResult& shown = cancelled ? partial : *result;
    shown.device = backend->name();
    const std::string chance = worseThanChanceNote(shown, evaluation.subject.model.graph->config.vocabSize);
    for (const std::string& note : {evaluation.coverage, chance}) {
        if (!note.empty()) shown.notes.push_back(note);
    }
    if (common.json) {
        Json json = resultJson(evaluation, shown);
        if (cancelled) json["cancelled"] = true;
        profile.addTo(json);
        printJson(json);
    } else {
        printResult(evaluation, shown);
        profile.print();
    }
    if (!cancelled) return {};
    return makeError(ErrorCode::kCancelled,
                     fmt::format("Cancelled after {} of {} windows.", partial.windows, evaluation.windows.size()));
}

}  // namespace halftone::cli
