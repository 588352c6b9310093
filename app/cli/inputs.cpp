// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/inputs.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/text_file.h"
#include "core/pipeline/activation_scales.h"
#include "core/quant/methods/calibration_file.h"
#include "core/recipe/stock_mix.h"

namespace halftone::cli {
namespace {

constexpr int64_t kMaxTextBytes = int64_t{1} << 30;
constexpr int64_t kCalibrationContext = 512;

}  // namespace

Result<Recipe> loadRecipe(const FormatChoice& choice, const Checkpoint& checkpoint) {
    if (!choice.method.empty() && choice.format.empty() && choice.mix.empty()) {
        return usageError("--method goes with --format or --mix; a recipe file names its methods itself.");
    }
    const auto method = MethodChoice::parse(choice.method.empty() ? "nearest" : choice.method);
    if (!method) return usageError(method.error().message);
    if (!choice.recipe.empty()) return Recipe::load(choice.recipe);
    if (!choice.mix.empty()) {
        const auto mix = findStockMix(choice.mix);
        if (!mix) return usageError(mix.error().message);
        Recipe recipe = stockMixRecipe(*mix, checkpoint.tensors(), !choice.calibration.empty());
        recipe.defaultMethod = *method;
        return recipe;
    }
    if (choice.format.empty()) return Recipe{};
    const auto format = Format::parse(choice.format);
    if (!format) return usageError(format.error().message);
    if (std::string obstacle = methodObstacle(method->id, *format); !obstacle.empty()) {
        return usageError(std::move(obstacle));
    }
    return Recipe::pure(*format, *method);
}

std::vector<std::string> splitList(const std::string& list) {
    std::vector<std::string> words;
    size_t begin = 0;
    while (begin <= list.size()) {
        const size_t end = std::min(list.find(',', begin), list.size());
        if (end > begin) words.push_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

Result<Protocol> parseProtocol(const EvaluateOptions& options) {
    auto protocol = Protocol::parse(options.protocol);
    if (!protocol) return usageError(protocol.error().message);
    if (options.contextLength > 0) protocol->contextLength = options.contextLength;
    return *protocol;
}

Result<ResolvedRecipe> resolveRecipe(const Recipe& recipe, const Checkpoint& checkpoint) {
    ResolvedRecipe resolved = resolve(recipe, checkpoint.tensors());
    const auto error = std::ranges::find(resolved.problems, RecipeProblem::Severity::kError, &RecipeProblem::severity);
    if (error != resolved.problems.end()) return makeError(ErrorCode::kInvalidArgument, error->message);
    return resolved;
}

Result<RunFormat> parseRunFormat(const RunChoice& choice, const FormatChoice& format, const ModelConfig& config) {
    RunFormat run;
    if (!choice.cache.empty()) {
        const auto cache = CacheFormat::parse(choice.cache);
        if (!cache) return usageError(cache.error().message);
        run.cache = *cache;
    }
    if (!choice.activations.empty()) {
        const auto activations = ActivationFormat::parse(choice.activations);
        if (!activations) return usageError(activations.error().message);
        run.activations = *activations;
    }
    if (run.activations.rounding == ActivationRounding::kInt8Static && format.calibration.empty())
        return usageError("--activations int8-static needs --calibration: the scales come from it.");
    HT_TRY(checkCacheFormat(config, run.cache));
    return run;
}

Result<RunFormat> completeRunFormat(RunFormat format, const ModelGraph& graph, const Calibration* calibration,
                                    const std::map<std::string, std::vector<float>>& inputScales) {
    if (format.activations.rounding != ActivationRounding::kInt8Static) return format;
    HT_ASSIGN_OR_RETURN(format.activations, staticActivations(graph, *calibration, inputScales));
    return format;
}

Result<std::string> readText(const std::string& path) {
    HT_ASSIGN_OR_RETURN(std::string text, readTextFile(path, kMaxTextBytes));
    if (text.empty())
        return makeError(ErrorCode::kInvalidArgument, fmt::format("{} is empty: there is no text to run.", path));
    return text;
}

Result<RunningModel> prepareModel(const LoadedModel& model, const Recipe& recipe, Backend& backend,
                                  const JobContext& context) {
    return prepareModel(model, recipe, nullptr, backend, context);
}

Result<RunningModel> prepareModel(const LoadedModel& model, const Recipe& recipe,
                                  std::shared_ptr<const Calibration> calibration, Backend& backend,
                                  const JobContext& context) {
    RunningModel running{.model = model, .recipe = {}, .weights = {}, .inputScales = {}, .executable = nullptr};
    HT_ASSIGN_OR_RETURN(running.recipe, resolveRecipe(recipe, *model.checkpoint));
    HT_ASSIGN_OR_RETURN(const auto weights, RecipeWeights::create(model.checkpoint, model.graph));
    weights->setEncoder(backend.encoder());
    HT_ASSIGN_OR_RETURN(const auto applied, weights->applyMethods(running.recipe, std::move(calibration), context));
    for (const std::string& note : applied.notes) {
        running.recipe.problems.push_back({RecipeProblem::Severity::kNote, note, {}});
    }
    HT_ASSIGN_OR_RETURN(running.executable, backend.compile(model.graph, applied.weights, context));
    running.weights = applied.weights;
    running.inputScales = applied.inputScales;
    return running;
}

static Result<std::shared_ptr<const Calibration>> calibrate(const CalibrationInput& input, const LoadedModel& model,
                                                            Backend& backend, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const std::string text, readText(input.path));
    HT_ASSIGN_OR_RETURN(const auto tokens, model.tokenize(text));
    std::vector<std::string> remarks;
    const CalibrationOptions options{.contextLength = calibrationContext(model.graph->config),
                                     .withHessians = input.withHessians,
                                     .dataset = std::filesystem::path(input.path).filename().string(),
                                     .backend = &backend,
                                     .remarks = &remarks};
    HT_ASSIGN_OR_RETURN(Calibration collected, collectCalibration(model, tokens, options, context));
    for (const std::string& remark : remarks) fmt::print(stderr, "{}\n", remark);
    return std::make_shared<const Calibration>(std::move(collected));
}

/// Null for an empty path; nothing for a text, which has to be run.
static Result<std::optional<std::shared_ptr<const Calibration>>> savedCalibration(const std::string& path) {
    using Saved = std::optional<std::shared_ptr<const Calibration>>;
    if (path.empty()) return Saved(nullptr);
    if (!isCalibrationFile(path)) return Saved();
    HT_ASSIGN_OR_RETURN(Calibration loaded, loadCalibration(path));
    return Saved(std::make_shared<const Calibration>(std::move(loaded)));
}

Result<std::shared_ptr<const Calibration>> obtainCalibration(const CalibrationInput& input, const LoadedModel& model,
                                                             DeviceOnDemand& device, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const auto saved, savedCalibration(input.path));
    if (saved) return *saved;
    HT_ASSIGN_OR_RETURN(const auto backend, device.get());
    return calibrate(input, model, *backend, context);
}

Result<std::shared_ptr<const Calibration>> obtainCalibration(const CalibrationInput& input, const LoadedModel& model,
                                                             Backend& backend, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const auto saved, savedCalibration(input.path));
    if (saved) return *saved;
    return calibrate(input, model, backend, context);
}

int64_t calibrationContext(const ModelConfig& config) {
    return config.contextLength > 0 ? std::min(kCalibrationContext, config.contextLength) : kCalibrationContext;
}

}  // namespace halftone::cli
