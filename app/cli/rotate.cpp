// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/run_monitor.h"
#include "core/pipeline/rotate_model.h"

namespace halftone::cli {
namespace {

Result<DType> storageNamed(const std::string& name) {
    const auto format = Format::parse(name);
    const bool isPlain = format && format->isPlain() && format->extras().isNone();
    if (!isPlain) return usageError(fmt::format("--storage takes f16, bf16 or f32, not \"{}\".", name));
    return format->storage();
}

void printReport(const ExportReport& report) {
    printFields({{"written", report.path.string()},
                 {"size", bytesText(double(report.fileBytes))},
                 {"tensors",
                  fmt::format("{} written, {} read back and checked", report.tensorsWritten, report.tensorsVerified)},
                 {"time", fmt::format("{:.3g} s", report.seconds)}});
    printProblems(report.problems);
}

}  // namespace

Status runRotate(const RotateOptions& options, const CommonOptions& common) {
    HT_ASSIGN_OR_RETURN(const DType storage, storageNamed(options.storage));
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(options.checkpoint));
    const RotationSettings settings{.seed = options.seed, .headValues = !options.streamOnly};
    HT_ASSIGN_OR_RETURN(const ExportReport report, exportRotated(model.checkpoint, *model.graph, settings, storage,
                                                                 options.output, monitor.context()));
    monitor.hideProgress();
    if (!common.json) {
        printReport(report);
        return {};
    }
    printJson({{"path", report.path.string()},
               {"file_bytes", report.fileBytes},
               {"tensors_written", report.tensorsWritten},
               {"tensors_verified", report.tensorsVerified},
               {"seed", options.seed},
               {"seconds", report.seconds},
               {"problems", problemsJson(report.problems)}});
    return {};
}

}  // namespace halftone::cli
