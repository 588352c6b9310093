// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/generation_report.h"
#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/run_monitor.h"

namespace halftone::cli {
namespace {

// First token at which the two differ; -1 where they do not.
int64_t firstDifference(const GenerateResult& a, const GenerateResult& b) {
    const size_t common = std::min(a.tokens.size(), b.tokens.size());
    for (size_t i = 0; i < common; ++i) {
        if (a.tokens[i].id != b.tokens[i].id) return static_cast<int64_t>(i);
    }
    return a.tokens.size() == b.tokens.size() ? -1 : static_cast<int64_t>(common);
}

std::string sizeText(const RecipeTotals& totals) {
    return fmt::format("{}, {:.3g} bits per weight", bytesText(double(totals.bytes)), totals.bitsPerWeight());
}

struct Column {
    std::string title;
    RunFormat format;
    RecipeTotals totals;
    GenerateResult result;
};

std::string changedTitle(const FormatChoice& choice, const Recipe& recipe) {
    if (!choice.isSet()) return "original weights";
    return recipe.name.empty() ? choice.recipe : recipe.name;
}

void printColumns(const GenerateCommandOptions& options, const Column& original, const Column& changed) {
    for (const Column* column : {&original, &changed}) {
        const std::string format = column->format.isFull() ? "" : ", " + column->format.name();
        fmt::print("--- {} ({}{}) ---\n{}{}\n\n", column->title, sizeText(column->totals), format, options.prompt,
                   column->result.text);
    }
    const int64_t difference = firstDifference(original.result, changed.result);
    if (difference < 0) {
        fmt::print("Both wrote the same {} tokens.\n", original.result.tokens.size());
        return;
    }
    const auto at = [&](const GenerateResult& result) {
        const auto index = static_cast<size_t>(difference);
        return index < result.tokens.size() ? result.tokens[index].text : std::string("(end)");
    };
    fmt::print("They differ from token {} on: \"{}\" and \"{}\".\n", difference + 1, at(original.result),
               at(changed.result));
}

void printColumnsJson(const GenerateCommandOptions& options, const Column& original, const Column& changed,
                      const std::string& device, std::span<const RecipeProblem> problems) {
    const auto columnJson = [](const Column& column) {
        nlohmann::ordered_json json{{"weights", column.title},
                                    {"bytes", column.totals.bytes},
                                    {"bits_per_weight", column.totals.bitsPerWeight()},
                                    {"cache", column.format.cache.name()},
                                    {"activations", column.format.activations.name()}};
        json.update(generationJson(column.result));
        return json;
    };
    const int64_t difference = firstDifference(original.result, changed.result);
    nlohmann::ordered_json json{
        {"prompt", options.prompt}, {"original", columnJson(original)}, {"changed", columnJson(changed)}};
    json["first_difference"] = difference < 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(difference);
    json["device"] = device;
    json["problems"] = problemsJson(problems);
    printJson(json);
}

}  // namespace

Status runCompare(const GenerateCommandOptions& options, const CommonOptions& common) {
    if (!options.format.isSet() && !options.run.isSet()) {
        return usageError(
            "There is nothing to compare with the original: give --format, --mix, --recipe, --cache or --activations.");
    }
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(options.checkpoint));
    HT_ASSIGN_OR_RETURN(const Recipe recipe, loadRecipe(options.format, *model.checkpoint));
    HT_ASSIGN_OR_RETURN(const ResolvedRecipe resolved, resolveRecipe(recipe, *model.checkpoint));
    HT_ASSIGN_OR_RETURN(RunFormat format, parseRunFormat(options.run, options.format, model.graph->config));
    HT_ASSIGN_OR_RETURN(const auto backend, openDevice(common));
    GenerateOptions generate{.maxTokens = options.tokens, .sampling = options.sampling};

    // One after the other on one executable: the second set of weights replaces the first.
    HT_ASSIGN_OR_RETURN(const auto weights, RecipeWeights::create(model.checkpoint, model.graph));
    weights->setEncoder(backend->encoder());
    HT_ASSIGN_OR_RETURN(const auto executable, backend->compile(model.graph, weights->original(), monitor.context()));
    Column original{.title = "original",
                    .format = {},
                    .totals = resolve(Recipe{}, model.checkpoint->tensors()).totals,
                    .result = {}};
    HT_ASSIGN_OR_RETURN(original.result,
                        generateText(*executable, model.tokenizer, options.prompt, generate, {}, monitor.context()));
    HT_TRY(cancelledUnlessFinished(original.result));
    HT_ASSIGN_OR_RETURN(const auto calibration,
                        obtainCalibration({options.format.calibration}, model, *backend, monitor.context()));
    HT_ASSIGN_OR_RETURN(const auto applied, weights->applyMethods(resolved, calibration, monitor.context()));
    HT_ASSIGN_OR_RETURN(generate.format,
                        completeRunFormat(format, *model.graph, calibration.get(), applied.inputScales));
    HT_TRY(executable->updateWeights(applied.weights, monitor.context()));
    Column changed{.title = changedTitle(options.format, recipe),
                   .format = generate.format,
                   .totals = resolved.totals,
                   .result = {}};
    HT_ASSIGN_OR_RETURN(changed.result,
                        generateText(*executable, model.tokenizer, options.prompt, generate, {}, monitor.context()));
    monitor.hideProgress();
    if (common.json) {
        printColumnsJson(options, original, changed, backend->name(), resolved.problems);
    } else {
        printColumns(options, original, changed);
        printProblems(resolved.problems);
    }
    return cancelledUnlessFinished(changed.result);
}

}  // namespace halftone::cli
