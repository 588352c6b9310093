// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/cli/inputs.h"
#include "app/cli/output.h"
#include "app/cli/run_monitor.h"
#include "core/base/text_file.h"
#include "core/pipeline/method_plan.h"
#include "core/project/figure_text.h"
#include "core/project/report_page.h"
#include "core/project/session_file.h"
#include "core/quant/formats/packed_tensor.h"
#include "core/quant/methods/quantize.h"

namespace halftone::cli {
namespace {

using Errors = std::map<std::string, Distortion>;  // by tensor

struct Sources {
    SessionFile session;
    std::shared_ptr<const Checkpoint> checkpoint;
    ResolvedRecipe resolved;
    Errors errors;         // empty: not asked for
    bool isOther = false;  // the checkpoint is not the one that the session was made with
};

std::string withError(double value, std::optional<double> error) {
    return error ? fmt::format("{} ± {}", figureText(value, 4), figureText(*error, 2)) : figureText(value, 4);
}

std::string optionalText(const std::optional<double>& value, int significant = 3) {
    return value ? figureText(*value, significant) : figureText(std::numeric_limits<double>::quiet_NaN());
}

std::string nameOf(const RecordedRun& run) {
    if (run.recipeText.empty()) return "original";
    const auto recipe = Recipe::parse(run.recipeText);
    return recipe && !recipe->name.empty() ? recipe->name : "recipe";
}

/// The run of the session's recipe that was made last.
const RecordedRun* runOfRecipe(const SessionFile& session) {
    const std::string text = session.recipe.toText();
    const auto found = std::ranges::find(session.runs.rbegin(), session.runs.rend(), text, &RecordedRun::recipeText);
    return found == session.runs.rend() ? nullptr : &*found;
}

std::vector<std::string> totalsOf(const Sources& sources) {
    const auto& totals = sources.resolved.totals;
    std::vector<std::string> parts{
        fmt::format("{} bits per weight", figureText(totals.bitsPerWeight())),
        fmt::format("{} of {}", bytesText(double(totals.bytes)), bytesText(double(totals.sourceBytes)))};
    if (const RecordedRun* run = runOfRecipe(sources.session)) {
        parts.push_back(fmt::format("perplexity {}", withError(run->perplexity, run->perplexityError)));
        if (run->kldMean)
            parts.push_back(fmt::format("KL divergence {} nats", withError(*run->kldMean, run->kldError)));
    }
    return parts;
}

std::string rolesText(const RecipeRule& rule) {
    std::string text;
    for (const TensorRole role : rule.match.roles) text += (text.empty() ? "" : ", ") + std::string(roleName(role));
    return text.empty() ? "all" : text;
}

std::string blocksText(const RecipeRule& rule) {
    const auto& match = rule.match;
    if (!match.firstBlock && !match.lastBlock) return "all";
    return fmt::format("{} to {}", match.firstBlock ? std::to_string(*match.firstBlock) : "first",
                       match.lastBlock ? std::to_string(*match.lastBlock) : "last");
}

void fillRecipe(const Sources& sources, ReportContent& content) {
    const Recipe& recipe = sources.session.recipe;
    content.totals = totalsOf(sources);
    content.defaultSentence =
        recipe.defaultFormat
            ? fmt::format("Default: {}, {}.", recipe.defaultFormat->displayName(), recipe.defaultMethod.name())
            : "Tensors that no rule speaks of stay as they are stored.";
    if (sources.isOther) {
        content.remarks.push_back(
            "The checkpoint has changed since the session was saved; figures that were measured may not belong to it.");
    }
    content.rules.columns = {{"roles"}, {"blocks"}, {"names"}, {"format"}, {"method"}};
    for (const RecipeRule& rule : recipe.rules)
        content.rules.rows.push_back({rolesText(rule), blocksText(rule), rule.match.regex, rule.format.displayName(),
                                      rule.method ? rule.method->name() : ""});
    for (const RecipeProblem& problem : sources.resolved.problems) content.remarks.push_back(problem.message);
    content.recipeText = recipe.toText();
}

/// Runs that can be compared: those of the text and the conditions of the last one that has a divergence, each recipe
/// once.
void fillScatter(const Sources& sources, ReportContent& content) {
    const auto& runs = sources.session.runs;
    const auto last = std::ranges::find_if(runs.rbegin(), runs.rend(),
                                           [](const RecordedRun& run) { return run.kldMean.has_value(); });
    if (last == runs.rend()) return;
    const double original = double(sources.checkpoint->totalTensorBytes());
    const bool isLarge = original >= 1e9;
    const double unit = isLarge ? 1e9 : 1e6;
    std::map<std::string, ChartPoint> byRecipe;
    for (const RecordedRun& run : runs) {
        if (!run.kldMean || run.protocol != last->protocol || run.textPath != last->textPath) continue;
        byRecipe[run.recipeText] = {nameOf(run), double(run.bytes) / unit, *run.kldMean, run.kldError.value_or(0),
                                    run.recipeText == sources.session.recipe.toText()};
    }
    for (const auto& [recipe, point] : byRecipe) content.points.push_back(point);
    content.axes = {isLarge ? "size (GB)" : "size (MB)", "KL divergence (nats)", 0, original / unit};
    content.chartCaption =
        fmt::format("{} · {}", std::filesystem::path(last->textPath).filename().string(), last->protocol);
}

void fillRuns(const Sources& sources, ReportContent& content) {
    content.runs.columns = {{"run"},
                            {"perplexity", true},
                            {"KLD", true},
                            {"KLD p99", true},
                            {"same top-1", true},
                            {"BLEU", true},
                            {"ROUGE-L", true},
                            {"bits", true},
                            {"size", true},
                            {"protocol"},
                            {"text"},
                            {"device"}};
    const std::string current = sources.session.recipe.toText();
    for (const RecordedRun& run : sources.session.runs) {
        const bool isOfRecipe = !run.recipeText.empty() && run.recipeText == current;
        content.runs.rows.push_back(
            {(isOfRecipe ? "● " : "") + nameOf(run), withError(run.perplexity, run.perplexityError),
             run.kldMean ? withError(*run.kldMean, run.kldError) : optionalText(run.kldMean), optionalText(run.kldP99),
             run.top1Agreement ? figureText(100 * *run.top1Agreement, 4) + " %" : optionalText({}),
             optionalText(run.bleu), optionalText(run.rougeL), figureText(run.bitsPerWeight),
             bytesText(double(run.bytes)), run.protocol, std::filesystem::path(run.textPath).filename().string(),
             run.device});
    }
    fillScatter(sources, content);
}

using Means = std::map<int, std::map<TensorRole, double>>;  // by block and role

/// Means of what `value` gives for tensors, weighted by their sizes; experts share a place.
Means meansOf(const Sources& sources, const std::function<std::optional<double>(const ResolvedTensor&)>& value) {
    std::map<int, std::map<TensorRole, std::pair<double, double>>> sums;  // weighted sum and weight
    for (const ResolvedTensor& tensor : sources.resolved.tensors) {
        const TensorInfo* info = sources.checkpoint->find(tensor.name);
        const auto found = value(tensor);
        if (!info || !tensor.quantizable || info->block < 0 || !found) continue;
        auto& [sum, weight] = sums[info->block][info->role];
        sum += *found * double(info->elementCount());
        weight += double(info->elementCount());
    }
    Means means;
    for (const auto& [block, roles] : sums) {
        for (const auto& [role, sum] : roles) means[block][role] = sum.first / sum.second;
    }
    return means;
}

/// Blocks down, roles across.
ChartMatrix matrixOf(const Means& means, const std::string& label) {
    std::map<TensorRole, size_t> columns;
    for (const auto& [block, roles] : means) {
        for (const auto& [role, mean] : roles) columns[role] = 0;
    }
    ChartMatrix matrix;
    matrix.label = label;
    matrix.text = [](double number) { return figureText(number); };
    for (auto& [role, place] : columns) {
        place = matrix.columns.size();
        matrix.columns.emplace_back(roleName(role));
    }
    for (const auto& [block, roles] : means) {
        matrix.rows.push_back(std::to_string(block));
        matrix.cells.resize(matrix.rows.size() * columns.size());
        for (const auto& [role, mean] : roles)
            matrix.cells[(matrix.rows.size() - 1) * columns.size() + columns[role]] = {
                mean, fmt::format("block {}, {}", block, roleName(role))};
    }
    return matrix;
}

/// A line for each role, over the blocks.
std::vector<ChartLine> linesOf(const Means& means) {
    std::map<TensorRole, ChartLine> byRole;
    for (const auto& [block, roles] : means) {
        for (const auto& [role, mean] : roles) {
            if (mean > 0) byRole[role].points.emplace_back(block, mean);
        }
    }
    std::vector<ChartLine> lines;
    for (auto& [role, line] : byRole) {
        line.name = roleName(role);
        lines.push_back(std::move(line));
    }
    return lines;
}

ReportTable tensorTable(const Sources& sources) {
    std::vector<HtmlPage::Column> columns{{"tensor"}, {"role"},       {"shape"},     {"format"},
                                          {"method"}, {"bits", true}, {"size", true}};
    if (!sources.errors.empty()) {
        columns.push_back({"rel. error", true});
        columns.push_back({"SQNR dB", true});
    }
    std::vector<HtmlPage::Row> rows;
    for (const ResolvedTensor& tensor : sources.resolved.tensors) {
        const TensorInfo* info = sources.checkpoint->find(tensor.name);
        if (!info) continue;
        const bool isQuantized = tensor.quantizable && !tensor.kept;
        const double bits = 8.0 * double(tensor.bytes) / double(std::max<int64_t>(1, info->elementCount()));
        rows.push_back({tensor.name, std::string(roleName(info->role)), shapeText(info->shape),
                        isQuantized ? tensor.format.displayName() : std::string(dtypeInfo(info->dtype).name),
                        isQuantized ? tensor.method.name() : "", figureText(bits), bytesText(double(tensor.bytes))});
        if (sources.errors.empty()) continue;
        const auto found = sources.errors.find(tensor.name);
        const bool isKnown = found != sources.errors.end();
        rows.back().push_back(isKnown ? figureText(found->second.relativeMse()) : optionalText({}));
        rows.back().push_back(isKnown ? figureText(found->second.sqnrDb()) : optionalText({}));
    }
    return {std::move(columns), std::move(rows)};
}

void fillLayers(const Sources& sources, ReportContent& content) {
    const Means bits = meansOf(sources, [&](const ResolvedTensor& tensor) {
        const TensorInfo* info = sources.checkpoint->find(tensor.name);
        return std::optional(8.0 * double(tensor.bytes) / double(std::max<int64_t>(1, info->elementCount())));
    });
    const Means errors = meansOf(sources, [&](const ResolvedTensor& tensor) -> std::optional<double> {
        const auto found = sources.errors.find(tensor.name);
        return found == sources.errors.end() ? std::nullopt : std::optional(found->second.relativeMse());
    });
    content.matrices = {matrixOf(bits, "bits"), matrixOf(errors, "rel. error")};
    content.matrices.back().logarithmic = true;
    content.errorLines = linesOf(errors);
    content.errorLineX = "block";
    content.errorLineY = "rel. error";
    content.tensors = tensorTable(sources);
}

std::string modelSection(const Sources& sources) {
    const Checkpoint& checkpoint = *sources.checkpoint;
    const std::pair<std::string, std::string> fields[] = {
        {"name", checkpoint.name()},
        {"architecture", checkpoint.architecture()},
        {"files", std::to_string(checkpoint.files().size())},
        {"parameters", countText(checkpoint.parameterCount())},
        {"tensors", fmt::format("{}, {}", countText(int64_t(checkpoint.tensors().size())),
                                bytesText(double(checkpoint.totalTensorBytes())))}};
    return HtmlPage::fields(fields);
}

/// What each format does to its tensor.
Result<Errors> measureErrors(const Sources& sources, const std::string& calibrationPath, const CommonOptions& common,
                             const JobContext& context) {
    HT_ASSIGN_OR_RETURN(const LoadedModel model, LoadedModel::load(sources.checkpoint));
    DeviceOnDemand device(common);
    HT_ASSIGN_OR_RETURN(const auto calibration, obtainCalibration({calibrationPath}, model, device, context));
    HT_ASSIGN_OR_RETURN(const auto plan,
                        MethodPlan::create(sources.checkpoint, *model.graph, sources.resolved, calibration, context));
    JobContext inner = context;
    inner.progress = nullptr;
    context.start("Measuring", int64_t(sources.resolved.tensors.size()), "tensors");
    Errors errors;
    FactorCache factors;
    for (const ResolvedTensor& tensor : sources.resolved.tensors) {
        HT_TRY(context.checkpoint());
        context.advance(1);
        if (!tensor.quantizable || tensor.kept) continue;
        const TensorInfo& info = *sources.checkpoint->find(tensor.name);
        HT_ASSIGN_OR_RETURN(const PreparedMethod method, plan->prepare(tensor, factors, inner));
        HT_ASSIGN_OR_RETURN(auto rows, openRows(sources.checkpoint, info));
        rows = plan->scaled(tensor.name, std::move(rows));
        HT_ASSIGN_OR_RETURN(const QuantizedTensor quantized,
                            quantizeTensor(*rows, tensor.format, method.options(tensor.name), inner));
        errors[tensor.name] = quantized.distortion;
        sources.checkpoint->dropPages(info);
    }
    return errors;
}

std::string pageOf(const Sources& sources) {
    ReportContent content;
    const std::string& recipe = sources.session.recipe.name;
    const std::string name = sources.checkpoint->name();
    content.title = recipe.empty() ? name : fmt::format("{}, {}", name, recipe);
    content.made = fmt::format("Halftone {}", HT_VERSION);
    fillRecipe(sources, content);
    fillRuns(sources, content);
    fillLayers(sources, content);
    content.modelHtml = modelSection(sources);
    return composeReport(content);
}

}  // namespace

Status runReport(const ReportOptions& options, const CommonOptions& common) {
    RunMonitor monitor(common);
    Sources sources;
    HT_ASSIGN_OR_RETURN(sources.session, SessionFile::load(options.session));
    const std::string path = options.checkpoint.empty() ? sources.session.checkpoint.string() : options.checkpoint;
    HT_ASSIGN_OR_RETURN(sources.checkpoint, Checkpoint::open(path));
    const std::string& fingerprint = sources.session.fingerprint;
    sources.isOther = !fingerprint.empty() && fingerprint != sources.checkpoint->fingerprint();
    HT_ASSIGN_OR_RETURN(sources.resolved, resolveRecipe(sources.session.recipe, *sources.checkpoint));
    if (options.errors) {
        HT_ASSIGN_OR_RETURN(sources.errors, measureErrors(sources, options.calibration, common, monitor.context()));
    }
    const std::string page = pageOf(sources);
    HT_TRY(writeFileAtomically(options.output, page));
    monitor.hideProgress();
    if (common.json) {
        printJson({{"path", options.output},
                   {"bytes", page.size()},
                   {"runs", sources.session.runs.size()},
                   {"checkpoint_changed", sources.isOther}});
        return {};
    }
    printFields({{"written", options.output},
                 {"size", bytesText(double(page.size()))},
                 {"runs", std::to_string(sources.session.runs.size())}});
    if (sources.isOther)
        fmt::print("The checkpoint has changed since the session was saved; its figures may not belong to it.\n");
    return {};
}

}  // namespace halftone::cli
