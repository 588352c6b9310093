// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/sensitivity.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/run_monitor.h"
#include "app/cli/tensor_trials.h"

namespace halftone::cli {
namespace {

using Json = nlohmann::ordered_json;

// A tried tensor with what the recipe makes of it.
struct Line {
    TensorSensitivity found;
    ResolvedTensor target;
};

Result<std::vector<Line>> rankTensors(const SensitivityOptions& options, Backend& backend, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(options.evaluate.checkpoint));
    HT_ASSIGN_OR_RETURN(const Recipe recipe, loadRecipe(options.evaluate.format, *model.checkpoint));
    HT_ASSIGN_OR_RETURN(const ResolvedRecipe resolved, resolveRecipe(recipe, *model.checkpoint));
    HT_ASSIGN_OR_RETURN(auto calibration,
                        obtainCalibration({options.evaluate.format.calibration}, model, backend, context));
    HT_ASSIGN_OR_RETURN(const auto results,
                        tryTensors({options, model, resolved, std::move(calibration)}, backend, context));
    std::vector<Line> lines;
    for (const TensorSensitivity& found : results) lines.push_back({found, *resolved.find(found.tensor)});
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
    HT_ASSIGN_OR_RETURN(const auto backend, openDevice(common));
    HT_ASSIGN_OR_RETURN(const auto lines, rankTensors(options, *backend, monitor.context()));
    monitor.hideProgress();
    common.json ? printLinesJson(lines, backend->name()) : printLines(lines);
    return {};
}

}  // namespace halftone::cli
