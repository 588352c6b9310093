// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quant/methods/method.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/words.h"
#include "core/quant/formats/codec.h"
#include "core/quant/methods/block_grid.h"

namespace halftone {
namespace {

// Standard values: the reference page on algorithms, sections 1 to 4.
constexpr std::array<MethodParameter, 1> kPercentileParameters{
    {{"percent", "Share of the magnitudes that stays inside the range; the rest is clipped.", 99.9, 50, 100}}};
constexpr std::array<MethodParameter, 2> kMseParameters{
    {{"shrink", "Smallest range that is tried, as a share of the full one.", 0.2, 0.05, 1},
     {"steps", "Ranges that are tried between the full and the smallest one.", 80, 1, 1000, false, true}}};
constexpr std::array<MethodParameter, 4> kHqqParameters{
    {{"norm", "Power p of the error norm; below 1 it lets few large errors stand.", 0.7, 0.1, 1},
     {"beta", "Strength of the coupling; larger values trust the rounded weights more.", 10, 0.1, 1e6},
     {"iterations", "Steps at most.", 20, 1, 1000, false, true},
     {"scales", "Ranges that are tried, the one of least squared error is kept; 1 is the method as published.", 10, 1,
      100, false, true}}};
constexpr std::array<MethodParameter, 5> kGptqParameters{
    {{"damping", "Share of the mean diagonal that is added to the Hessian's diagonal.", 0.01, 0, 10},
     {"act_order", "Columns with large inputs go first: inside their group, and such groups first.", 1, 0, 1, true},
     {"static_groups", "Scales are fitted to the original weights; act_order then sorts across groups.", 0, 0, 1, true},
     {"mse", "Ranges are searched for the least squared error instead of taken from the extremes.", 1, 0, 1, true},
     {"refine", "Passes over the codes afterwards; each code moves to where the output error is least.", 3, 0, 100,
      false, true}}};
constexpr std::array<MethodParameter, 4> kAwqParameters{
    {{"grid", "Exponents that are tried for the channel scales.", 20, 1, 200, false, true},
     {"duo", "Divides by the magnitude of the weights too.", 1, 0, 1, true},
     {"clip", "Searches the ranges after scaling.", 1, 0, 1, true},
     {"scale", "Scales channels where the graph can undo it.", 1, 0, 1, true}}};

constexpr std::array<MethodParameter, 1> kSmoothParameters{
    {{"alpha", "How much of the outliers goes over: 0.5 shares them, 0.75 and more for models with extreme ones.", 0.5,
      0, 1}}};

constexpr std::array<MethodParameter, 4> kSparseGptParameters{
    {kGptqParameters[0],
     {"act_order", "Columns with large inputs go first: inside their group, and such groups first.", 1, 0, 1, true},
     kGptqParameters[3],
     kGptqParameters[4]}};

constexpr std::array<MethodParameter, 6> kAutoRoundParameters{
    {{"iterations", "Steps along the gradient.", 100, 1, 10000, false, true},
     {"batch", "Tokens that one step looks at.", 1024, 16, 1 << 20, false, true},
     {"tokens", "Tokens of the calibration text that are used at most.", 16384, 16, 1 << 24, false, true},
     {"reach", "How far a value may be pushed before it is rounded, in steps of its levels.", 0.2, 0.01, 1},
     {"scales", "Tunes the scales too.", 1, 0, 1, true},
     {"gptq", "Starts from what GPTQ finds, where the calibration has second moments.", 1, 0, 1, true}}};

constexpr std::array<MethodDescription, 10> kMethods{{
    {MethodId::kNearest,
     "nearest",
     "Nearest",
     "Takes the nearest value that the format has; block types search their scales as the reference library does.",
     "ggml; round-to-nearest",
     CalibrationNeed::kImportance,
     {}},
    {MethodId::kPercentile, "percentile", "Percentile clipping",
     "Cuts the range at a percentile of the magnitudes, so that a few outliers do not coarsen all other values.",
     "classical", CalibrationNeed::kNone, kPercentileParameters},
    {MethodId::kMse, "mse", "MSE clipping",
     "Tries smaller ranges for every group and keeps the one with the least error, weighted by importance if known.",
     "the mse option of GPTQ", CalibrationNeed::kImportance, kMseParameters},
    {MethodId::kHqq, "hqq", "HQQ",
     "Moves the zero point of every group until most errors are small and few are large; needs no calibration text.",
     "Badri and Shaji 2023", CalibrationNeed::kNone, kHqqParameters},
    {MethodId::kGptq, "gptq", "GPTQ",
     "Rounds column by column and lets the columns that are left make up for the error on the calibration inputs.",
     "arXiv 2210.17323", CalibrationNeed::kHessian, kGptqParameters},
    {MethodId::kAwq, "awq", "AWQ",
     "Scales up the channels that meet large inputs before rounding, folds the scales back, and clips the ranges.",
     "arXiv 2306.00978", CalibrationNeed::kHessian, kAwqParameters},
    {MethodId::kSmoothQuant, "smoothquant", "SmoothQuant",
     "Moves outliers of the inputs into the weights, for runs that round the inputs too; seldom helps weights alone.",
     "arXiv 2211.10438", CalibrationNeed::kMaxima, kSmoothParameters},
    {MethodId::kWanda,
     "wanda",
     "Wanda",
     "Leaves out the elements of each row whose magnitude times the size of their inputs is least, rounds the others "
     "to "
     "nearest.",
     "arXiv 2306.11695",
     CalibrationNeed::kMeanSquares,
     {}},
    {MethodId::kSparseGpt, "sparsegpt", "SparseGPT",
     "Leaves out and rounds column by column, and lets the columns that are left make up for the error.",
     "arXiv 2301.00774", CalibrationNeed::kHessian, kSparseGptParameters},
    {MethodId::kAutoRound, "autoround", "AutoRound",
     "Learns by gradient steps which way each value is rounded, so that the output of the whole block stays close; "
     "slow.",
     "arXiv 2309.05516", CalibrationNeed::kTokens, kAutoRoundParameters},
}};

const MethodParameter* findParameter(const MethodDescription& method, std::string_view key) {
    const auto found = std::ranges::find(method.parameters, key, &MethodParameter::key);
    return found == method.parameters.end() ? nullptr : &*found;
}

std::string methodList() {
    std::string out;
    for (const MethodDescription& method : kMethods) out += (out.empty() ? "" : ", ") + std::string(method.name);
    return out;
}

std::string parameterList(const MethodDescription& method) {
    if (method.parameters.empty()) return "it takes none";
    std::string out = "there are ";
    for (size_t i = 0; i < method.parameters.size(); ++i) {
        out += (i == 0 ? "" : ", ") + std::string(method.parameters[i].key);
    }
    return out;
}

Result<double> parseValue(const MethodDescription& method, const MethodParameter& parameter, std::string_view text) {
    double value = 0;
    const std::string lower = lowerCase(text);
    if (parameter.isFlag && (lower == "on" || lower == "yes" || lower == "true")) return 1.0;
    if (parameter.isFlag && (lower == "off" || lower == "no" || lower == "false")) return 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = parameter.isFlag || parameter.isWhole;
    const bool legal = error == std::errc{} && end == text.data() + text.size() && value >= parameter.minimum &&
                       value <= parameter.maximum && (!whole || value == std::floor(value));
    if (legal) return value;
    return makeError(ErrorCode::kInvalidArgument,
                     fmt::format("{} of {} takes {} from {:g} to {:g}, not \"{}\".", parameter.key, method.name,
                                 whole ? "a whole number" : "a number", parameter.minimum, parameter.maximum, text));
}

Status parseParameter(const MethodDescription& method, std::string_view text, MethodChoice& choice) {
    const size_t equals = text.find('=');
    const std::string key = lowerCase(text.substr(0, equals));
    const MethodParameter* parameter = findParameter(method, key);
    if (!parameter) {
        return makeError(ErrorCode::kInvalidArgument, fmt::format("The method {} has no parameter \"{}\"; {}.",
                                                                  method.name, key, parameterList(method)));
    }
    if (equals == std::string_view::npos) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("The parameter {} of {} needs a value: {}=...", key, method.name, key));
    }
    HT_ASSIGN_OR_RETURN(const double value, parseValue(method, *parameter, text.substr(equals + 1)));
    if (value == parameter->standard) {
        choice.parameters.erase(key);
    } else {
        choice.parameters[key] = value;
    }
    return {};
}

/// For methods that choose the grid of every group or row.
std::string scaleObstacle(const Format& format, std::string_view who) {
    if (format.isStorage()) {
        return fmt::format("{} fits the scales of the integer and level families; {} has a search of its own.", who,
                           format.displayName());
    }
    if (!format.sharesScalesBetweenRows()) return {};
    if (format.isCodebook()) {
        return fmt::format("{} fits one codebook per row; {} has a single one for the whole tensor.", who,
                           format.displayName());
    }
    return fmt::format("{} fits one scale per row or group; {} has {}.", who, format.displayName(),
                       format.granularity() == Granularity::kTensor ? "a single one for the whole tensor"
                                                                    : "one for 128 rows at a time");
}

/// For methods that choose a range.
std::string rangeObstacle(const Format& format, std::string_view who) {
    if (!format.isCodebook()) return scaleObstacle(format, who);
    return fmt::format("{} chooses a range, which {} does not have: k-means finds its levels itself.", who,
                       format.displayName());
}

std::string percentileObstacle(const Format& format) {
    if (format.isLevel() && levelTable(format.level().table).rule == ScaleRule::kMeanMagnitude) {
        return fmt::format("Percentile clipping cuts the range of the values, but {} takes its scale from their mean.",
                           format.displayName());
    }
    return rangeObstacle(format, "Percentile clipping");
}

std::string hqqObstacle(const Format& format) {
    const std::string obstacle = rangeObstacle(format, "HQQ");
    if (!obstacle.empty() || (format.isInteger() && !format.integer().symmetric)) return obstacle;
    return fmt::format("HQQ moves the zero point, which {} does not have; choose an asymmetric format.",
                       format.displayName());
}

std::string columnwiseObstacle(const Format& format, std::string_view who) {
    if (format.isStorage()) {
        if (hasBlockGrid(format.storage())) return {};
        return fmt::format("{} needs a format with evenly spaced levels per group, which {} does not have.", who,
                           format.displayName());
    }
    return scaleObstacle(format, who);
}

std::string gptqObstacle(const Format& format) {
    if (format.extras().sparsity.isNone()) return columnwiseObstacle(format, "GPTQ");
    return fmt::format("GPTQ rounds all elements, but {} leaves some out: choose SparseGPT, which does both at once.",
                       format.displayName());
}

std::string autoRoundObstacle(const Format& format) {
    const FormatExtras& extras = format.extras();
    if (extras.sparsity.isNone() && !extras.hasCorrection()) return columnwiseObstacle(format, "AutoRound");
    return fmt::format("AutoRound learns codes alone, but {} has more to it: choose {} instead.", format.displayName(),
                       format.base().name());
}

/// For methods that choose what a pattern leaves out.
std::string pruningObstacle(const Format& format, std::string_view who) {
    if (!format.extras().sparsity.isNone()) return {};
    return fmt::format(
        "{} chooses which elements are left out, and {} keeps them all: choose a sparse format, such as "
        "{}+2of4.",
        who, format.displayName(), format.keepsZero() ? format.base().name() : "int4_g128_sym");
}

std::string sparseGptObstacle(const Format& format) {
    std::string obstacle = pruningObstacle(format, "SparseGPT");
    if (!obstacle.empty() || format.isPlain()) return obstacle;
    return columnwiseObstacle(format, "SparseGPT");
}

}  // namespace

std::span<const MethodDescription> offeredMethods() {
    return kMethods;
}

const MethodDescription& describeMethod(MethodId id) {
    return *std::ranges::find(kMethods, id, &MethodDescription::id);
}

double MethodChoice::value(std::string_view key) const {
    const auto found = parameters.find(key);
    if (found != parameters.end()) return found->second;
    const MethodParameter* parameter = findParameter(describeMethod(id), key);
    HT_CHECK(parameter != nullptr);
    return parameter->standard;
}

std::string MethodChoice::name() const {
    std::string out(describeMethod(id).name);
    for (const auto& [key, value] : parameters) out += fmt::format(":{}={}", key, value);
    return out;
}

std::string MethodChoice::displayName() const {
    std::string details;
    for (const auto& [key, value] : parameters)
        details += fmt::format("{}{} {:g}", details.empty() ? "" : ", ", key, value);
    const std::string_view shown = describeMethod(id).displayName;
    return details.empty() ? std::string(shown) : fmt::format("{} ({})", shown, details);
}

Result<MethodChoice> MethodChoice::parse(std::string_view text) {
    const size_t end = std::min(text.find(':'), text.size());
    std::string word = lowerCase(text.substr(0, end));
    if (word == "rtn") word = "nearest";
    const auto method = std::ranges::find(kMethods, std::string_view(word), &MethodDescription::name);
    if (method == kMethods.end()) {
        return makeError(ErrorCode::kInvalidArgument,
                         fmt::format("\"{}\" is not a method; there are {}.", text.substr(0, end), methodList()));
    }
    MethodChoice choice{.id = method->id, .parameters = {}};
    text.remove_prefix(end);
    while (!text.empty()) {
        text.remove_prefix(1);
        const size_t next = std::min(text.find(':'), text.size());
        HT_TRY(parseParameter(*method, text.substr(0, next), choice));
        text.remove_prefix(next);
    }
    return choice;
}

std::string methodObstacle(MethodId method, const Format& format) {
    if (method == MethodId::kNearest) return {};
    if (method == MethodId::kWanda) return pruningObstacle(format, "Wanda");
    if (method == MethodId::kSparseGpt) return sparseGptObstacle(format);
    if (format.isPlain()) {
        return fmt::format("{} stores every value on its own, so there is nothing for {} to choose.",
                           format.displayName(), describeMethod(method).displayName);
    }
    switch (method) {
        case MethodId::kGptq:
            return gptqObstacle(format);
        case MethodId::kPercentile:
            return percentileObstacle(format);
        case MethodId::kMse:
            return rangeObstacle(format, describeMethod(method).displayName);
        case MethodId::kHqq:
            return hqqObstacle(format);
        case MethodId::kAutoRound:
            return autoRoundObstacle(format);
        case MethodId::kNearest:
        case MethodId::kAwq:
        case MethodId::kSmoothQuant:
        case MethodId::kWanda:
        case MethodId::kSparseGpt:
            break;
    }
    return {};
}

}  // namespace halftone
