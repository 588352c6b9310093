// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/run_monitor.h"
#include "core/evaluation/evaluate.h"
#include "core/quant/formats/packed_tensor.h"
#include "core/recipe/recipe_match.h"
#include "core/stats/tensor_stats.h"

namespace halftone::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kWorstChannels = 5;

Json statsJson(const TensorStats& stats) {
    Json json{{"count", stats.count},
              {"min", stats.min},
              {"max", stats.max},
              {"mean", stats.mean},
              {"std", stats.standardDeviation},
              {"kurtosis", stats.kurtosis},
              {"zero_share", stats.zeroShare()},
              {"non_finite", stats.nonFiniteCount},
              {"outliers", stats.outlierCount},
              {"max_over_sigma", stats.maxOverSigma()}};
    for (size_t i = 0; i < kShownPercentiles.size(); ++i) {
        json["percentiles"][fmt::format("{:g}", kShownPercentiles[i])] = stats.percentiles[i];
    }
    return json;
}

std::vector<std::string> statsHeader(std::string first, std::string second) {
    std::vector<std::string> header{std::move(first), std::move(second), "min", "max", "mean", "std", "kurtosis"};
    for (double percentile : kShownPercentiles) header.push_back(fmt::format("p{:g}", percentile));
    for (const char* name : {"zeros", "non-finite", "outliers", "max/std"}) header.emplace_back(name);
    return header;
}

std::vector<std::string> statsRow(std::string first, std::string second, const TensorStats& stats) {
    std::vector<std::string> row{std::move(first),          std::move(second),      numberText(stats.min),
                                 numberText(stats.max),     numberText(stats.mean), numberText(stats.standardDeviation),
                                 numberText(stats.kurtosis)};
    for (double value : stats.percentiles) row.push_back(numberText(value));
    row.push_back(fmt::format("{:.3g} %", 100 * stats.zeroShare()));
    row.push_back(countText(stats.nonFiniteCount));
    row.push_back(countText(stats.outlierCount));
    row.push_back(numberText(stats.maxOverSigma()));
    return row;
}

// The tensors that --tensor names; all of them without it.
Result<std::vector<const TensorInfo*>> selectTensors(const Checkpoint& checkpoint, const std::string& regex) {
    CompiledMatch match(RuleMatch{.roles = {}, .firstBlock = {}, .lastBlock = {}, .regex = regex});
    if (!match.error().empty()) return usageError(fmt::format("In --tensor {}.", match.error()));
    std::vector<const TensorInfo*> selected;
    for (const TensorInfo& tensor : checkpoint.tensors()) {
        if (match.matches(tensor)) selected.push_back(&tensor);
    }
    if (!match.error().empty())
        return makeError(ErrorCode::kInvalidArgument, fmt::format("In --tensor {}.", match.error()));
    if (selected.empty()) {
        const std::string which =
            regex.empty() ? "has no tensors" : fmt::format("has no tensor whose name matches \"{}\"", regex);
        return makeError(ErrorCode::kNotFound, fmt::format("{} {}.", checkpoint.path().string(), which));
    }
    return selected;
}

struct WeightStats {
    const TensorInfo* tensor = nullptr;
    std::optional<TensorStats> stats;  // absent: not decodable
    std::string whyNot;
};

// Finished tensors stay in `done` when a cancel or an error ends the run early.
Status collectWeightStats(const std::shared_ptr<const Checkpoint>& checkpoint,
                          const std::vector<const TensorInfo*>& tensors, const JobContext& context,
                          std::vector<WeightStats>& done) {
    int64_t total = 0;
    for (const TensorInfo* tensor : tensors) total += static_cast<int64_t>(tensor->sizeBytes);
    context.start("Reading weights", total, "bytes");
    JobContext inner = context;
    inner.progress = nullptr;
    for (const TensorInfo* tensor : tensors) {
        WeightStats entry{.tensor = tensor, .stats = {}, .whyNot = {}};
        const auto rows = openRows(checkpoint, *tensor);
        if (rows) {
            HT_ASSIGN_OR_RETURN(entry.stats, computeTensorStats(**rows, inner));
            checkpoint->dropPages(*tensor);
        } else {
            entry.whyNot = rows.error().message;
        }
        context.advance(static_cast<int64_t>(tensor->sizeBytes));
        done.push_back(std::move(entry));
    }
    return {};
}

void reportWeights(const std::vector<WeightStats>& entries, bool asJson) {
    Json json{{"tensors", Json::array()}};
    Table table(statsHeader("tensor", "type"), {Table::Align::kLeft, Table::Align::kLeft});
    double seconds = 0, bytes = 0;
    for (const WeightStats& entry : entries) {
        const std::string type(dtypeInfo(entry.tensor->dtype).name);
        Json object{{"name", entry.tensor->canonicalName}, {"type", type}, {"shape", entry.tensor->shape}};
        if (entry.stats) {
            object.update(statsJson(*entry.stats));
            table.add(statsRow(entry.tensor->canonicalName, type, *entry.stats));
            seconds += entry.stats->elapsedSeconds;
            bytes += double(entry.stats->storedBytesRead);
        } else {
            object["why_not"] = entry.whyNot;
            table.add({entry.tensor->canonicalName, type, "not decodable here"});
        }
        json["tensors"].push_back(std::move(object));
    }
    json["bytes"] = bytes;
    json["seconds"] = seconds;
    if (asJson) return printJson(json);
    table.print();
    if (seconds > 0) fmt::print("{} in {:.3g} s, {}/s\n", bytesText(bytes), seconds, bytesText(bytes / seconds));
}

void reportActivations(const ActivationCapture& capture, CompiledMatch& match, bool asJson) {
    Json json{{"activations", Json::array()}};
    Table table(statsHeader("input of", "tokens"));
    std::vector<std::string> worst;
    for (const auto& [name, activation] : capture.byWeight) {
        TensorInfo named;
        named.canonicalName = name;
        if (!match.matches(named)) continue;
        const TensorStats stats = activation.summary();
        table.add(statsRow(name, countText(activation.tokenCount), stats));
        Json object{{"name", name}, {"tokens", activation.tokenCount}, {"channels", activation.absMax.size()}};
        object.update(statsJson(stats));
        object["importance"] = activation.importance();
        object["worst_channels"] = Json::array();
        std::string line = name + ":";
        for (int64_t channel : activation.worstChannels(kWorstChannels)) {
            const float largest = activation.absMax[static_cast<size_t>(channel)];
            object["worst_channels"].push_back({{"channel", channel}, {"abs_max", largest}});
            line += fmt::format("  {} ({})", channel, numberText(double(largest)));
        }
        worst.push_back(std::move(line));
        json["activations"].push_back(std::move(object));
    }
    if (asJson) return printJson(json);
    table.print();
    fmt::print("\nworst channels (largest magnitude)\n");
    for (const std::string& line : worst) fmt::print("{}\n", line);
}

Status runActivationStats(const StatsOptions& options, const CommonOptions& common) {
    CompiledMatch match(RuleMatch{.roles = {}, .firstBlock = {}, .lastBlock = {}, .regex = options.tensorRegex});
    if (!match.error().empty()) return usageError(fmt::format("In --tensor {}.", match.error()));
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const std::string text, readText(options.text));
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(options.checkpoint));
    HT_ASSIGN_OR_RETURN(const auto backend, openDevice(common));
    HT_ASSIGN_OR_RETURN(const RunningModel running, prepareModel(model, Recipe{}, *backend, monitor.context()));
    HT_ASSIGN_OR_RETURN(const auto tokens, model.tokenize(text));
    const auto bos = model.tokenizer->addsBos() ? model.tokenizer->bos() : std::nullopt;
    HT_ASSIGN_OR_RETURN(const auto capture,
                        captureActivations(*running.executable, tokens, calibrationContext(model.graph->config), bos,
                                           monitor.context()));
    monitor.hideProgress();
    reportActivations(capture, match, common.json);
    return {};
}

}  // namespace

Status runStats(const StatsOptions& options, const CommonOptions& common) {
    if (options.activations) return runActivationStats(options, common);
    HT_ASSIGN_OR_RETURN(const auto checkpoint, Checkpoint::open(options.checkpoint));
    HT_ASSIGN_OR_RETURN(const auto tensors, selectTensors(*checkpoint, options.tensorRegex));
    RunMonitor monitor(common);
    std::vector<WeightStats> done;
    const Status status = collectWeightStats(checkpoint, tensors, monitor.context(), done);
    monitor.hideProgress();
    if (!status && status.error().code != ErrorCode::kCancelled) return status;
    reportWeights(done, common.json);
    if (status) return {};
    return makeError(ErrorCode::kCancelled,
                     fmt::format("Cancelled after {} of {} tensors.", done.size(), tensors.size()));
}

}  // namespace halftone::cli
