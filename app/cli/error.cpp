// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/error_report.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/device.h"
#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/run_monitor.h"
#include "core/pipeline/method_plan.h"
#include "core/recipe/recipe_match.h"

namespace halftone::cli {
namespace {

using Json = nlohmann::ordered_json;

// One combination to try.
struct Attempt {
    Format format;
    MethodChoice method;
};

// One line of the table.
struct Line {
    std::string tensor;
    Attempt attempt;
    std::optional<TensorError> error;
    std::string whyNot;  // where there is no error figure
};

Result<std::vector<Attempt>> parseAttempts(const ErrorOptions& options) {
    std::vector<Attempt> attempts;
    for (const std::string& formatName : splitList(options.formats)) {
        const auto format = Format::parse(formatName);
        if (!format) return usageError(format.error().message);
        for (const std::string& methodName : splitList(options.methods)) {
            auto method = MethodChoice::parse(methodName);
            if (!method) return usageError(method.error().message);
            attempts.push_back({*format, std::move(*method)});
        }
    }
    if (attempts.empty()) return usageError("There is no format or no method to try.");
    return attempts;
}

Result<std::vector<const TensorInfo*>> selectMatrices(const Checkpoint& checkpoint, const std::string& regex) {
    CompiledMatch match(RuleMatch{.roles = {}, .firstBlock = {}, .lastBlock = {}, .regex = regex});
    if (!match.error().empty()) return usageError(fmt::format("In --tensor {}.", match.error()));
    std::vector<const TensorInfo*> selected;
    for (const TensorInfo& tensor : checkpoint.tensors()) {
        if (tensor.isQuantizable() && tensor.cols() > 0 && match.matches(tensor)) selected.push_back(&tensor);
    }
    if (selected.empty()) {
        return makeError(ErrorCode::kNotFound, fmt::format("{} has no weight matrix whose name matches \"{}\".",
                                                           checkpoint.path().string(), regex));
    }
    return selected;
}

// Runs all attempts on the selected tensors. Each attempt is a recipe of its own, so that methods which scale channels
// together (AWQ) see their neighbours.
class ErrorTable {
  public:
    ErrorTable(LoadedModel model, std::shared_ptr<const Calibration> calibration, std::shared_ptr<EncodeDevice> encoder,
               const JobContext& context)
        : m_model(std::move(model)),
          m_calibration(std::move(calibration)),
          m_encoder(std::move(encoder)),
          m_context(context),
          m_inner(context) {
        m_inner.progress = nullptr;
    }

    Status run(const std::vector<const TensorInfo*>& tensors, const std::vector<Attempt>& attempts) {
        m_context.start("Measuring", static_cast<int64_t>(tensors.size() * attempts.size()), "tensors");
        for (const Attempt& attempt : attempts) {
            const std::string obstacle = methodObstacle(attempt.method.id, attempt.format);
            const Recipe recipe = Recipe::pure(attempt.format, attempt.method);
            const ResolvedRecipe resolved = resolve(recipe, m_model.checkpoint->tensors());
            std::shared_ptr<const MethodPlan> plan;
            if (obstacle.empty()) {
                HT_ASSIGN_OR_RETURN(
                    plan, MethodPlan::create(m_model.checkpoint, *m_model.graph, resolved, m_calibration, m_inner));
            }
            FactorCache factors;
            for (const TensorInfo* tensor : tensors) {
                HT_TRY(m_context.checkpoint());
                Line line{tensor->canonicalName, attempt, {}, obstacle};
                if (plan) HT_TRY(measure(*tensor, *plan, *resolved.find(tensor->canonicalName), factors, line));
                m_lines.push_back(std::move(line));
                m_context.advance(1);
            }
        }
        std::ranges::stable_sort(m_lines, {}, [&](const Line& line) {
            return std::ranges::find(tensors, line.tensor, &TensorInfo::canonicalName) - tensors.begin();
        });
        return {};
    }

    [[nodiscard]] const std::vector<Line>& lines() const { return m_lines; }

  private:
    Status measure(const TensorInfo& tensor, const MethodPlan& plan, const ResolvedTensor& resolved,
                   FactorCache& factors, Line& line) {
        if (resolved.kept || resolved.fellBack()) {
            line.whyNot = resolved.kept ? "is stored as that already" : "does not fit rows of this length";
            return {};
        }
        HT_ASSIGN_OR_RETURN(const PreparedMethod method, plan.prepare(resolved, factors, m_inner));
        HT_ASSIGN_OR_RETURN(auto rows, openRows(m_model.checkpoint, tensor));
        rows = plan.scaled(tensor.canonicalName, std::move(rows));
        QuantizeOptions options = method.options(tensor.canonicalName);
        options.nonFinite = NonFinitePolicy::kMapToZero;
        options.device = m_encoder.get();
        HT_ASSIGN_OR_RETURN(const QuantizedTensor quantized, quantizeTensor(*rows, resolved.format, options, m_inner));
        const InputStatistics* statistics = m_calibration ? m_calibration->find(tensor.canonicalName) : nullptr;
        InputStatistics scaled;
        if (statistics) {
            scaled = scaledStatistics(*statistics, plan.scaleOf(tensor.canonicalName).columns);
            statistics = &scaled;
        }
        HT_ASSIGN_OR_RETURN(line.error, measureTensorError(*rows, quantized, statistics, m_inner));
        m_model.checkpoint->dropPages(tensor);
        return {};
    }

    LoadedModel m_model;
    std::shared_ptr<const Calibration> m_calibration;
    std::shared_ptr<EncodeDevice> m_encoder;
    const JobContext& m_context;
    JobContext m_inner;
    std::vector<Line> m_lines;
};

std::string decibels(double value) {
    return std::isfinite(value) ? fmt::format("{:.2f}", value) : "exact";
}

void printLines(const std::vector<Line>& lines) {
    using Align = Table::Align;
    Table table({"tensor", "format", "method", "relative MSE", "SQNR dB", "worst", "cosine", "output error", "bits",
                 "bytes", "clipped", "entropy", "unused"},
                {Align::kLeft, Align::kLeft, Align::kLeft});
    for (const Line& line : lines) {
        std::vector<std::string> row{line.tensor, line.attempt.format.name(), line.attempt.method.name()};
        if (!line.error) {
            row.push_back(line.whyNot);
            table.add(std::move(row));
            continue;
        }
        const TensorError& error = *line.error;
        const CodeUsage& codes = error.codes;
        row.push_back(numberText(error.distortion.relativeMse()));
        row.push_back(decibels(error.distortion.sqnrDb()));
        row.push_back(numberText(error.distortion.maxAbsError));
        row.push_back(fmt::format("{:.6f}", error.distortion.cosine()));
        row.push_back(error.outputError ? numberText(*error.outputError) + (error.fromDiagonal ? " (diagonal)" : "")
                                        : "");
        row.push_back(fmt::format("{:.3f}", error.bitsPerWeight));
        row.push_back(countText(error.bytes));
        row.push_back(codes.levels ? fmt::format("{:.3g} %", 100 * codes.clippedShare) : "");
        row.push_back(codes.levels ? fmt::format("{:.2f} of {:.2f}", codes.entropyBits, std::log2(double(codes.levels)))
                                   : "");
        row.push_back(codes.levels ? fmt::format("{} of {}", codes.unusedLevels, codes.levels) : "");
        table.add(std::move(row));
    }
    table.print();
}

void printLinesJson(const std::vector<Line>& lines) {
    Json json{{"results", Json::array()}};
    for (const Line& line : lines) {
        Json entry{
            {"tensor", line.tensor}, {"format", line.attempt.format.name()}, {"method", line.attempt.method.name()}};
        if (!line.error) {
            entry["why_not"] = line.whyNot;
            json["results"].push_back(std::move(entry));
            continue;
        }
        const TensorError& error = *line.error;
        entry["relative_mse"] = error.distortion.relativeMse();
        if (std::isfinite(error.distortion.sqnrDb())) entry["sqnr_db"] = error.distortion.sqnrDb();
        entry["max_abs_error"] = error.distortion.maxAbsError;
        entry["cosine"] = error.distortion.cosine();
        if (error.outputError) {
            entry["output_error"] = *error.outputError;
            entry["output_error_from"] = error.fromDiagonal ? "importance" : "hessian";
        }
        entry["bytes"] = error.bytes;
        entry["bits_per_weight"] = error.bitsPerWeight;
        entry["non_finite"] = error.nonFinite;
        if (error.codes.levels) {
            entry["levels"] = error.codes.levels;
            entry["unused_levels"] = error.codes.unusedLevels;
            entry["entropy_bits"] = error.codes.entropyBits;
            entry["clipped_share"] = error.codes.clippedShare;
        }
        json["results"].push_back(std::move(entry));
    }
    printJson(json);
}

}  // namespace

Status runError(const ErrorOptions& options, const CommonOptions& common) {
    RunMonitor monitor(common);
    HT_ASSIGN_OR_RETURN(const std::vector<Attempt> attempts, parseAttempts(options));
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::open(options.checkpoint));
    HT_ASSIGN_OR_RETURN(const auto tensors, selectMatrices(*model.checkpoint, options.tensorRegex));
    DeviceOnDemand device(common);
    HT_ASSIGN_OR_RETURN(const auto calibration, obtainCalibration({options.text}, model, device, monitor.context()));
    HT_ASSIGN_OR_RETURN(const auto encoder, openEncoder(device));
    ErrorTable table(model, calibration, encoder, monitor.context());
    HT_TRY(table.run(tensors, attempts));
    monitor.hideProgress();
    printRemarks(encoder.get());
    if (common.json) {
        printLinesJson(table.lines());
    } else {
        printLines(table.lines());
    }
    return {};
}

}  // namespace halftone::cli
