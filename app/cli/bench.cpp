// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/resource.h>

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/profile.h"
#include "app/cli/run_monitor.h"
#include "core/inference/speed.h"

namespace halftone::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Bench {
    RunningModel running;
    SpeedResult speed;
    std::optional<DeviceRates> limits;
    std::string device, deviceDescription;
    RunFormat format;
    int64_t cacheBytes = 0;  ///< of the longer of the two runs
    int64_t peakBytes = 0;   ///< of the process, the model loaded and run

    /// Of the multiply-adds that the device can do; prompts.
    [[nodiscard]] double shareOfOperations() const {
        return limits ? medianOf(speed.promptRates) * speed.operationsPerPromptToken / limits->peakOperations() : 0;
    }
    /// Of the bytes that the device can move; generation reads every matrix for each token.
    [[nodiscard]] double shareOfCopy() const {
        return limits ? medianOf(speed.generateRates) * double(speed.matrixBytes) / limits->copiedBytes : 0;
    }
};

int64_t peakResidentBytes() {
    rusage usage{};
    constexpr int64_t kUnit = 1024;  // Linux counts kibibytes
    return getrusage(RUSAGE_SELF, &usage) == 0 ? kUnit * usage.ru_maxrss : 0;
}

/// One more run of the prompt and one of the generation, apart, so that timing disturbs no figure.
Status profileRuns(const Bench& bench, SpeedOptions speed, RunProfile& profile, const JobContext& context) {
    if (!profile.isOn()) return {};
    const SpeedOptions both = speed;
    speed.repeats = 1;
    speed.warmUp = false;
    Executable& executable = *bench.running.executable;
    for (const bool isPrompt : {true, false}) {
        speed.promptTokens = isPrompt ? both.promptTokens : 0;
        speed.generateTokens = isPrompt ? 0 : both.generateTokens;
        if (speed.promptTokens + speed.generateTokens == 0) continue;
        HT_TRY(profile.watch(executable, isPrompt ? "prompt" : "generation"));
        HT_TRY(measureSpeed(executable, bench.running.weights, speed, context));
    }
    return executable.profileInto(nullptr);
}

Result<Bench> measure(const BenchOptions& options, Backend& backend, RunProfile& profile, const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(options.checkpoint));
    HT_ASSIGN_OR_RETURN(const Recipe recipe, loadRecipe(options.format, *model.checkpoint));
    Bench bench;
    bench.device = backend.name();
    bench.deviceDescription = backend.description();
    HT_ASSIGN_OR_RETURN(bench.format, parseRunFormat(options.run, options.format, model.graph->config));
    HT_ASSIGN_OR_RETURN(const auto calibration,
                        obtainCalibration({options.format.calibration}, model, backend, context));
    HT_ASSIGN_OR_RETURN(bench.running, prepareModel(model, recipe, calibration, backend, context));
    HT_ASSIGN_OR_RETURN(bench.format,
                        completeRunFormat(bench.format, *model.graph, calibration.get(), bench.running.inputScales));
    const SpeedOptions speed{.promptTokens = options.promptTokens,
                             .generateTokens = options.generateTokens,
                             .repeats = options.repeats,
                             .format = bench.format};
    bench.cacheBytes = cacheBytesPerToken(model.graph->config, bench.format.cache) *
                       std::max(options.promptTokens, options.generateTokens);
    HT_ASSIGN_OR_RETURN(bench.speed, measureSpeed(*bench.running.executable, bench.running.weights, speed, context));
    bench.peakBytes = peakResidentBytes();
    HT_TRY(profileRuns(bench, speed, profile, context));
    // Last, as its buffers are no part of what the model needs; what cannot be measured is left out of the report.
    auto limits = backend.measureRates(context);
    if (limits) {
        bench.limits = *limits;
    } else if (limits.error().code != ErrorCode::kUnsupported) {
        return tl::unexpected(limits.error());
    }
    profile.setLimits(bench.limits);
    return bench;
}

std::string rateText(const std::vector<double>& rates) {
    const auto [least, most] = std::ranges::minmax(rates);
    return fmt::format("{} tokens/s (median; {} to {})", numberText(medianOf(rates)), numberText(least),
                       numberText(most));
}

void printReport(const Bench& bench, const BenchOptions& options) {
    const RecipeTotals& totals = bench.running.recipe.totals;
    std::vector<std::pair<std::string, std::string>> fields{
        {"device", fmt::format("{}: {}", bench.device, bench.deviceDescription)},
        {"weights", fmt::format("{}, {:.3g} bits per weight", bytesText(double(totals.bytes)), totals.bitsPerWeight())},
        {"cache", fmt::format("{}, {} for {} tokens", bench.format.cache.name(), bytesText(double(bench.cacheBytes)),
                              countText(std::max(options.promptTokens, options.generateTokens)))},
        {"activations", std::string(bench.format.activations.name())},
        {"peak memory", bytesText(double(bench.peakBytes)) + " of the process"}};
    if (bench.limits) {
        std::string text = fmt::format("{}/s copied (read and written), {:.3g} GFLOP/s",
                                       bytesText(bench.limits->copiedBytes), bench.limits->operations / 1e9);
        if (bench.limits->matrixOperations > 0)
            text += fmt::format(", {:.3g} GFLOP/s on matrix units", bench.limits->matrixOperations / 1e9);
        fields.emplace_back("limits", std::move(text));
    }
    const auto add = [&](const char* name, int64_t tokens, const std::vector<double>& rates, const char* limit,
                         double share) {
        if (rates.empty()) return;
        std::string text = fmt::format("{} tokens: {}", countText(tokens), rateText(rates));
        if (bench.limits) text += fmt::format(", {:.1f} % of the {}", 100 * share, limit);
        fields.emplace_back(name, text);
    };
    add("prompt", options.promptTokens, bench.speed.promptRates, "multiply-adds", bench.shareOfOperations());
    add("generation", options.generateTokens, bench.speed.generateRates, "copy rate", bench.shareOfCopy());
    printFields(fields);
    printProblems(bench.running.recipe.problems);
}

Json reportJson(const Bench& bench, const BenchOptions& options) {
    const RecipeTotals& totals = bench.running.recipe.totals;
    Json json{{"device", bench.device},
              {"device_description", bench.deviceDescription},
              {"bytes", totals.bytes},
              {"bits_per_weight", totals.bitsPerWeight()},
              {"matrix_bytes", bench.speed.matrixBytes},
              {"cache", bench.format.cache.name()},
              {"cache_bytes", bench.cacheBytes},
              {"activations", bench.format.activations.name()},
              {"peak_resident_bytes", bench.peakBytes},
              {"prompt_tokens", options.promptTokens},
              {"prompt_tokens_per_second", medianOf(bench.speed.promptRates)},
              {"prompt_rates", bench.speed.promptRates},
              {"generate_tokens", options.generateTokens},
              {"generate_tokens_per_second", medianOf(bench.speed.generateRates)},
              {"generate_rates", bench.speed.generateRates}};
    if (bench.limits) {
        json["copied_bytes_per_second"] = bench.limits->copiedBytes;
        json["operations_per_second"] = bench.limits->operations;
        json["matrix_operations_per_second"] = bench.limits->matrixOperations;
        json["prompt_share_of_operations"] = bench.shareOfOperations();
        json["generate_share_of_copy"] = bench.shareOfCopy();
    }
    json["problems"] = problemsJson(bench.running.recipe.problems);
    return json;
}

}  // namespace

Status runBench(const BenchOptions& options, const CommonOptions& common) {
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const auto backend, openDevice(common));
    RunProfile profile(options.profile);
    HT_ASSIGN_OR_RETURN(const Bench bench, measure(options, *backend, profile, monitor.context()));
    monitor.hideProgress();
    if (common.json) {
        Json json = reportJson(bench, options);
        profile.addTo(json);
        printJson(json);
    } else {
        printReport(bench, options);
        profile.print();
    }
    return profile.writeTrace();
}

}  // namespace halftone::cli
