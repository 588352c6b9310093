// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/run_monitor.h"
#include "core/export/gguf_export.h"
#include "core/pipeline/method_plan.h"

namespace halftone::cli {
namespace {

using Json = nlohmann::ordered_json;

void printReportJson(const ExportReport& report, const ResolvedRecipe& recipe, const ImportanceData& importance) {
    Json json{{"path", report.path.string()},
              {"file_bytes", report.fileBytes},
              {"bytes", recipe.totals.bytes},
              {"bits_per_weight", recipe.totals.bitsPerWeight()},
              {"source_bytes", recipe.totals.sourceBytes},
              {"tensors_written", report.tensorsWritten},
              {"tensors_verified", report.tensorsVerified},
              {"seconds", report.seconds}};
    if (!report.adapter.empty()) {
        json["adapter"] = report.adapter.string();
        json["adapter_bytes"] = report.adapterBytes;
    }
    if (!importance.byTensor.empty()) {
        json["calibration"] = {
            {"text", importance.dataset}, {"chunks", importance.chunkCount}, {"tensors", importance.byTensor.size()}};
    }
    json["tensors"] = Json::array();
    for (const auto& [name, distortion] : report.distortion) {
        Json entry{{"name", name},
                   {"format", recipe.find(name)->format.name()},
                   {"relative_mse", distortion.relativeMse()},
                   {"sqnr_db", distortion.sqnrDb()},
                   {"cosine", distortion.cosine()},
                   {"max_abs_error", distortion.maxAbsError}};
        const auto carrier = report.carrierError.find(name);
        if (carrier != report.carrierError.end()) entry["carrier_error"] = carrier->second;
        json["tensors"].push_back(std::move(entry));
    }
    json["problems"] = problemsJson(report.problems);
    printJson(json);
}

// The tensor that lost most, for the one-line summary.
std::pair<std::string, double> worstTensor(const ExportReport& report) {
    std::pair<std::string, double> worst{"", 0};
    for (const auto& [name, distortion] : report.distortion) {
        if (distortion.relativeMse() > worst.second) worst = {name, distortion.relativeMse()};
    }
    return worst;
}

void printReport(const ExportReport& report, const ResolvedRecipe& recipe) {
    const auto [worst, error] = worstTensor(report);
    std::vector<std::pair<std::string, std::string>> fields{
        {"written", report.path.string()},
        {"size", fmt::format("{} ({:.3g} bits per weight; the source has {})", bytesText(double(report.fileBytes)),
                             recipe.totals.bitsPerWeight(), bytesText(double(recipe.totals.sourceBytes)))},
        {"tensors",
         fmt::format("{} written, {} read back and checked", report.tensorsWritten, report.tensorsVerified)}};
    if (!report.adapter.empty())
        fields.emplace_back("adapter",
                            fmt::format("{} ({})", report.adapter.string(), bytesText(double(report.adapterBytes))));
    if (!worst.empty())
        fields.emplace_back("largest error", fmt::format("{} (relative squared error {:.3g})", worst, error));
    fields.emplace_back("time", fmt::format("{:.3g} s", report.seconds));
    printFields(fields);
    printProblems(report.problems);
}

struct Outcome {
    ExportReport report;
    ResolvedRecipe recipe;
    ImportanceData importance;
    std::shared_ptr<EncodeDevice> encoder;  ///< null: the processor
};

bool usesMethods(const ResolvedRecipe& recipe) {
    return std::ranges::any_of(recipe.tensors, [](const ResolvedTensor& tensor) { return !tensor.method.isDefault(); });
}

// Methods and calibrations need the model's graph; a recipe without them is written for any checkpoint.
Result<Outcome> writeFile(const QuantizeCommandOptions& options, const std::shared_ptr<const Checkpoint>& checkpoint,
                          DeviceOnDemand& device, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const Recipe recipe, loadRecipe(options.format, *checkpoint));
    Outcome outcome;
    HT_ASSIGN_OR_RETURN(outcome.recipe, resolveRecipe(recipe, *checkpoint));
    HT_ASSIGN_OR_RETURN(outcome.encoder, openEncoder(device));
    EncodeDevice* encoder = outcome.encoder.get();
    if (!usesMethods(outcome.recipe) && options.format.calibration.empty()) {
        HT_ASSIGN_OR_RETURN(outcome.report, exportGguf(checkpoint, outcome.recipe, recipe.toText(), outcome.importance,
                                                       options.output, context, {.device = encoder}));
        return outcome;
    }
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::load(checkpoint));
    HT_ASSIGN_OR_RETURN(
        const auto calibration,
        obtainCalibration({options.format.calibration, needsHessians(outcome.recipe)}, model, device, context));
    if (calibration) outcome.importance = importanceFrom(*calibration);
    HT_ASSIGN_OR_RETURN(outcome.report, exportWithMethods(checkpoint, *model.graph, outcome.recipe, recipe.toText(),
                                                          calibration, options.output, context, encoder));
    return outcome;
}

}  // namespace

Status runQuantize(const QuantizeCommandOptions& options, const CommonOptions& common) {
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const auto checkpoint, Checkpoint::open(options.checkpoint));
    DeviceOnDemand device(common);
    HT_ASSIGN_OR_RETURN(const auto outcome, writeFile(options, checkpoint, device, monitor.context()));
    const auto& [report, resolved, importance, encoder] = outcome;
    monitor.hideProgress();
    printRemarks(encoder.get());
    if (common.json) {
        printReportJson(report, resolved, importance);
    } else {
        printReport(report, resolved);
    }
    return {};
}

}  // namespace halftone::cli
