// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/pipeline/allocate_recipe.h"

#include <algorithm>
#include <map>

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

Result<std::vector<Format>> parseFormats(const std::string& list) {
    if (list.empty()) return usualAllocationFormats();
    std::vector<Format> formats;
    for (const std::string& name : splitList(list)) {
        const auto format = Format::parse(name);
        if (!format) return usageError(format.error().message);
        formats.push_back(*format);
    }
    return formats;
}

int64_t budgetOf(const AllocateOptions& options, const Checkpoint& checkpoint) {
    if (options.megabytes > 0) return static_cast<int64_t>(options.megabytes * 1e6);
    return static_cast<int64_t>(options.bits * double(checkpoint.parameterCount()) / 8.0);
}

Result<AllocatedRecipe> run(const AllocateOptions& options, Backend& backend, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const auto formats, parseFormats(options.formats));
    const auto probe = Format::parse(options.probe);
    if (!probe) return usageError(probe.error().message);
    const EvaluateOptions& measure = options.trials.evaluate;
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(measure.checkpoint));
    HT_ASSIGN_OR_RETURN(const ResolvedRecipe probed, resolveRecipe(Recipe::pure(*probe), *model.checkpoint));
    HT_ASSIGN_OR_RETURN(auto calibration, obtainCalibration({.path = measure.format.calibration, .withHessians = false},
                                                            model, backend, context));
    HT_ASSIGN_OR_RETURN(const auto found, tryTensors({options.trials, model, probed, calibration}, backend, context));
    HT_ASSIGN_OR_RETURN(const auto table,
                        allocationTable({model.checkpoint, found, probed, formats, calibration}, context));
    return allocateRecipe(*model.checkpoint, table, budgetOf(options, *model.checkpoint));
}

void printReport(const AllocatedRecipe& allocated, const AllocateOptions& options) {
    printFields({{"size", fmt::format("{}, {:.3f} bits per weight", bytesText(double(allocated.totals.bytes)),
                                      allocated.totals.bitsPerWeight())},
                 {"predicted KLD", numberText(allocated.predictedKld)},
                 {"rules", countText(static_cast<int64_t>(allocated.recipe.rules.size()))}});
    if (options.output.empty()) {
        fmt::print("\n{}", allocated.recipe.toText());
    } else {
        fmt::print("The recipe is in {}.\n", options.output);
    }
}

}  // namespace

Status runAllocate(const AllocateOptions& options, const CommonOptions& common) {
    RunMonitor monitor(common);
    if ((options.bits > 0) == (options.megabytes > 0))
        return usageError("Say how large the recipe may be: either --bits or --size.");
    HT_ASSIGN_OR_RETURN(const auto backend, openDevice(common));
    HT_ASSIGN_OR_RETURN(const AllocatedRecipe allocated, run(options, *backend, monitor.context()));
    if (!options.output.empty()) HT_TRY(allocated.recipe.save(options.output));
    monitor.hideProgress();
    if (common.json) {
        printJson(Json{{"bytes", allocated.totals.bytes},
                       {"bits_per_weight", allocated.totals.bitsPerWeight()},
                       {"predicted_kld", allocated.predictedKld},
                       {"device", backend->name()},
                       {"recipe", allocated.recipe.toText()}});
    } else {
        printReport(allocated, options);
    }
    return {};
}

}  // namespace halftone::cli
