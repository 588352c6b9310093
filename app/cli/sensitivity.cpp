// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/sensitivity.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/run_monitor.h"
#include "core/recipe/recipe_match.h"

namespace halftone::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kMostReferenceBytes = int64_t{4} << 30;

// A tried tensor with what the recipe makes of it.
struct Line {
    TensorSensitivity found;
    ResolvedTensor target;
};

// Matrices that the recipe changes and that the model computes with.
Result<std::vector<std::string>> tensorsToTry(const LoadedModel& model, const ResolvedRecipe& recipe,
                                              const std::string& regex) {
    CompiledMatch match(RuleMatch{.roles = {}, .firstBlock = {}, .lastBlock = {}, .regex = regex});
    if (!match.error().empty()) return usageError(fmt::format("In --tensor {}.", match.error()));
    std::vector<std::string> names;
    for (const TensorInfo& tensor : model.checkpoint->tensors()) {
        const ResolvedTensor* target = recipe.find(tensor.canonicalName);
        const bool isChanged = target && target->quantizable && !target->kept;
        if (isChanged && model.graph->findWeight(tensor.canonicalName) >= 0 && match.matches(tensor))
            names.push_back(tensor.canonicalName);
    }
    if (names.empty()) {
        return makeError(ErrorCode::kNotFound,
                         fmt::format("The recipe changes no tensor of {}{}.", model.checkpoint->path().string(),
                                     regex.empty() ? "" : fmt::format(" whose name matches \"{}\"", regex)));
    }
    return names;
}

Result<std::vector<Line>> tryTensors(const SensitivityOptions& options, Backend& backend, const JobContext& context) {
    const EvaluateOptions& measure = options.evaluate;
    HT_ASSIGN_OR_RETURN(const Protocol protocol, parseProtocol(measure));
    HT_ASSIGN_OR_RETURN(const std::string text, readText(measure.text));
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(measure.checkpoint));
    HT_ASSIGN_OR_RETURN(const Recipe recipe, loadRecipe(measure.format, *model.checkpoint));
    HT_ASSIGN_OR_RETURN(const ResolvedRecipe resolved, resolveRecipe(recipe, *model.checkpoint));
    HT_ASSIGN_OR_RETURN(auto names, tensorsToTry(model, resolved, options.tensorRegex));
    HT_ASSIGN_OR_RETURN(const auto tokens, model.tokenize(text));
    HT_ASSIGN_OR_RETURN(const auto windows,
                        makeWindows(tokens, protocol, evaluationBos(protocol, *model.tokenizer), measure.chunks));
    HT_TRY(checkContextLength(model.graph->config, protocol.contextLength));
    HT_ASSIGN_OR_RETURN(auto calibration, obtainCalibration(measure.format.calibration, model, true, context));
    HT_ASSIGN_OR_RETURN(const auto weights, RecipeWeights::create(model.checkpoint, model.graph));
    HT_ASSIGN_OR_RETURN(const auto applied, weights->applyMethods(resolved, std::move(calibration), context));
    HT_ASSIGN_OR_RETURN(const auto executable, backend.compile(model.graph, weights->original(), context));
    HT_ASSIGN_OR_RETURN(const auto session,
                        EvaluationSession::create(*executable, weights->original(), windows, protocol));
    HT_TRY(session->runReference(kMostReferenceBytes, {}, context));
    const SensitivityRequest request{weights->original(), applied.weights, std::move(names), options.precision};
    HT_ASSIGN_OR_RETURN(auto results, measureSensitivity(*session, *model.graph, request, {}, context));
    std::vector<Line> lines;
    for (TensorSensitivity& found : results) lines.push_back({found, *resolved.find(found.tensor)});
    std::ranges::stable_sort(lines, std::greater{}, [](const Line& line) { return line.found.kld.mean; });
    return lines;
}

double bitsOf(const ResolvedTensor& target) {
    return 8.0 * double(target.bytes) / (double(target.rows) * double(target.cols));
}

void printLines(const std::vector<Line>& lines) {
    double sum = 0;
    for (const Line& line : lines) sum += line.found.kld.mean;
    Table table({"tensor", "format", "bits", "bytes", "KLD alone", "share", "windows"},
                {Table::Align::kLeft, Table::Align::kLeft});
    for (const Line& line : lines) {
        table.add({line.found.tensor, line.target.format.name(), fmt::format("{:.2f}", bitsOf(line.target)),
                   countText(line.target.bytes), divergenceText(line.found.kld),
                   sum > 0 ? fmt::format("{:.1f} %", 100 * line.found.kld.mean / sum) : "",
                   countText(line.found.windows)});
    }
    table.print();
}

void printLinesJson(const std::vector<Line>& lines, const std::string& device) {
    Json json{{"device", device}, {"tensors", Json::array()}};
    for (const Line& line : lines) {
        json["tensors"].push_back({{"tensor", line.found.tensor},
                                   {"format", line.target.format.name()},
                                   {"method", line.target.method.name()},
                                   {"bytes", line.target.bytes},
                                   {"kld", line.found.kld.mean},
                                   {"kld_stderr", line.found.kld.standardError},
                                   {"windows", line.found.windows}});
    }
    printJson(json);
}

}  // namespace

Status runSensitivity(const SensitivityOptions& options, const CommonOptions& common) {
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const auto backend, openDevice(common.device));
    HT_ASSIGN_OR_RETURN(const auto lines, tryTensors(options, *backend, monitor.context()));
    monitor.hideProgress();
    common.json ? printLinesJson(lines, backend->name()) : printLines(lines);
    return {};
}

}  // namespace halftone::cli
