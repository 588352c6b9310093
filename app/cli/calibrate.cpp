// SPDX-License-Identifier: GPL-3.0-or-later
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/run_monitor.h"
#include "core/quant/methods/calibration_file.h"

namespace halftone::cli {
namespace {

int64_t hessianCount(const Calibration& calibration) {
    std::set<const void*> seen;
    for (const auto& [name, statistics] : calibration.byTensor) {
        if (statistics.hessian) seen.insert(statistics.hessian.get());
    }
    return static_cast<int64_t>(seen.size());
}

/// `device`: what ran the texts; empty where there was none.
void report(const Calibration& calibration, const CalibrateOptions& options, const std::string& device, bool asJson) {
    std::string texts;
    for (const std::string& name : calibration.datasets) texts += (texts.empty() ? "" : ", ") + name;
    const auto tensors = static_cast<int64_t>(calibration.byTensor.size());
    if (asJson) {
        printJson({{"path", options.output},
                   {"texts", calibration.datasets},
                   {"device", device},
                   {"chunks", calibration.chunkCount},
                   {"tensors", tensors},
                   {"hessians", hessianCount(calibration)}});
        return;
    }
    std::vector<std::pair<std::string, std::string>> fields{
        {"written", options.output},
        {"texts", texts},
        {"windows", countText(calibration.chunkCount)},
        {"tensors", countText(tensors)},
        {"matrices of second moments", countText(hessianCount(calibration))}};
    if (!device.empty()) fields.emplace_back("device", device);
    printFields(fields);
}

}  // namespace

Status runCalibrate(const CalibrateOptions& options, const CommonOptions& common) {
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(options.checkpoint));
    DeviceOnDemand device(common);
    Calibration all;
    for (const std::string& input : options.inputs) {
        HT_ASSIGN_OR_RETURN(const auto part, obtainCalibration({.path = input, .withHessians = !options.importanceOnly},
                                                               model, device, monitor.context()));
        HT_TRY(all.merge(*part, monitor.context()));
    }
    const bool isLegacy = std::filesystem::path(options.output).extension() == ".dat";
    if (isLegacy) {
        HT_TRY(saveLegacyImportance(all, options.output));
    } else {
        HT_TRY(saveCalibration(all, options.output, !options.importanceOnly, monitor.context()));
    }
    monitor.hideProgress();
    const Backend* used = device.opened();
    report(all, options, used ? used->name() + " " + used->description() : "", common.json);
    return {};
}

}  // namespace halftone::cli
