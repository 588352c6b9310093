// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "app/cli/options.h"

namespace halftone::cli {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;
constexpr const char* kUsageMark = "usage";

struct AllOptions {
    CommonOptions common;
    InspectOptions inspect;
    StatsOptions stats;
    EvaluateOptions evaluate;
    SensitivityOptions sensitivity;
    AllocateOptions allocate;
    GenerateCommandOptions generate, compare;
    BenchOptions bench;
    QuantizeCommandOptions quantize;
    ReportOptions report;
    RotateOptions rotate;
    TokenizeOptions tokenize;
    ErrorOptions error;
    CalibrateOptions calibrate;
    std::function<Status()> run;
};

void addCommon(CLI::App& verb, CommonOptions& common) {
    verb.add_option("--device", common.device, "auto, vulkan, vulkan:N, cpu or cpu-reference")
        ->capture_default_str()
        ->group("Common");
    verb.add_option("--threads", common.threads, "Worker threads; 0: one per hardware thread")
        ->check(CLI::Range(0, 4096))
        ->capture_default_str()
        ->group("Common");
    verb.add_option("--memory-limit", common.memoryLimitBytes,
                    "Memory to take of a Vulkan device, as in 800MB or 2GiB; weights beyond it stream from the host")
        ->transform(CLI::AsSizeValue(true))
        ->group("Common");
    verb.add_flag("--json", common.json, "Report as JSON on standard output")->group("Common");
}

CLI::App& addVerb(CLI::App& app, AllOptions& all, const std::string& name, const std::string& description,
                  std::function<Status()> run) {
    CLI::App* verb = app.add_subcommand(name, description);
    addCommon(*verb, all.common);
    verb->callback([&all, run = std::move(run)] { all.run = run; });
    return *verb;
}

void addCheckpoint(CLI::App& verb, std::string& checkpoint) {
    verb.add_option("CHECKPOINT", checkpoint, "Hugging Face folder, .gguf or .safetensors file")->required();
}

void addFormat(CLI::App& verb, FormatChoice& choice, bool required) {
    auto* format = verb.add_option("--format", choice.format,
                                   "Format of every weight matrix: q4_k, q8_0, int4_g64_fzero, nf4_g64_dq, "
                                   "fp8_e4m3_channel, int4_g128_sym+2of4, q4_0+rank32, ...");
    auto* mix =
        verb.add_option("--mix", choice.mix, "Mixture of types by its common name: q4_k_m, q4_k_s, q3_k_l, ...");
    auto* recipe = verb.add_option("--recipe", choice.recipe, "Recipe file that gives each tensor its format");
    format->excludes(recipe)->excludes(mix);
    mix->excludes(recipe);
    verb.add_option(
        "--method", choice.method,
        "How codes are chosen with --format or --mix: nearest, mse, hqq, gptq, awq, ...; gptq:damping=0.05");
    if (!required) return;
    auto* group = verb.add_option_group("format");
    group->add_options(format, mix, recipe);
    group->require_option(1);
}

void addCalibration(CLI::App& verb, FormatChoice& choice) {
    verb.add_option(
        "--calibration", choice.calibration,
        "Text or saved calibration for methods that need one (gptq, awq) and for --activations int8-static");
}

void addRun(CLI::App& verb, RunChoice& choice) {
    verb.add_option("--cache", choice.cache,
                    "Cells of the attention cache: f32, f16, q8_0 or q4_0; apart as in k=q8_0,v=q4_0. Otherwise f32");
    verb.add_option(
        "--activations", choice.activations,
        "Rounding of what enters the linear layers of blocks: int8, int8-static (with --calibration) or fp8");
}

void addProfile(CLI::App& verb, ProfileChoice& choice) {
    verb.add_flag("--profile", choice.table, "Time of every kind of operation, beside what the device can do at most");
    verb.add_option("--trace", choice.trace,
                    "File to write the single operations to, for ui.perfetto.dev or chrome://tracing");
}

void addMethodVerbs(CLI::App& app, AllOptions& all) {
    CLI::App& error = addVerb(app, all, "error", "What formats and methods do to single tensors",
                              [&all] { return runError(all.error, all.common); });
    addCheckpoint(error, all.error.checkpoint);
    error.add_option("--tensor", all.error.tensorRegex, "Only tensors whose name matches this regular expression");
    error.add_option("--formats", all.error.formats, "Formats, separated by commas")->capture_default_str();
    error.add_option("--methods", all.error.methods, "Methods, separated by commas")->capture_default_str();
    error.add_option("--text", all.error.text, "Calibration text, or a saved calibration: shows the error of outputs");

    CLI::App& calibrate = addVerb(app, all, "calibrate", "Collects what methods need to know from a text and saves it",
                                  [&all] { return runCalibrate(all.calibrate, all.common); });
    addCheckpoint(calibrate, all.calibrate.checkpoint);
    calibrate.add_option("--text", all.calibrate.inputs, "Texts to run, and saved calibrations to add")->required();
    calibrate.add_option("--output", all.calibrate.output, "File to write; .dat: the older importance form")
        ->required();
    calibrate.add_flag("--importance-only", all.calibrate.importanceOnly, "Leave the second moments out");
}

void addSampling(CLI::App& verb, GenerateCommandOptions& options) {
    verb.add_option("--prompt", options.prompt, "Text to continue")->required();
    verb.add_option("-n,--tokens", options.tokens, "Tokens to generate at most")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 30))
        ->capture_default_str();
    verb.add_option("--temp", options.sampling.temperature, "Temperature; 0: always the likeliest token")
        ->check(CLI::Range(0.0, 1000.0))
        ->capture_default_str();
    verb.add_option("--seed", options.sampling.seed, "Seed of the random numbers")->capture_default_str();
    verb.add_option("--top-k", options.sampling.topK, "Only the k likeliest tokens; 0: off")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 30))
        ->capture_default_str();
    verb.add_option("--top-p", options.sampling.topP, "Only the likeliest tokens of this total probability")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    verb.add_option("--min-p", options.sampling.minP,
                    "Only tokens of at least this share of the likeliest's probability")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    verb.add_option("--repeat-penalty", options.sampling.repeatPenalty, "Makes recent tokens less likely; 1: off")
        ->check(CLI::Range(0.01, 100.0))
        ->capture_default_str();
}

void addReadingVerbs(CLI::App& app, AllOptions& all) {
    addVerb(app, all, "devices", "Lists what models can run on", [&all] { return runDevices(all.common); });

    CLI::App& inspect = addVerb(app, all, "inspect", "Shows what a checkpoint holds",
                                [&all] { return runInspect(all.inspect, all.common); });
    addCheckpoint(inspect, all.inspect.checkpoint);

    CLI::App& stats = addVerb(app, all, "stats", "Statistics of weights or activations",
                              [&all] { return runStats(all.stats, all.common); });
    addCheckpoint(stats, all.stats.checkpoint);
    stats.add_option("--tensor", all.stats.tensorRegex, "Only tensors whose name matches this regular expression");
    auto* text = stats.add_option("--text", all.stats.text, "Text to run through the model");
    auto* activations =
        stats.add_flag("--activations", all.stats.activations, "Inputs of the linear layers instead of weights");
    activations->needs(text);
    text->needs(activations);

    CLI::App& tokenize = addVerb(app, all, "tokenize", "Turns a text into token ids",
                                 [&all] { return runTokenize(all.tokenize, all.common); });
    addCheckpoint(tokenize, all.tokenize.checkpoint);
    tokenize.add_option("TEXT", all.tokenize.text, "The text")->required();
    tokenize.add_flag("--special", all.tokenize.special,
                      "Add BOS and the like where the tokenizer does, and parse control tokens in the text");
}

void addMeasurement(CLI::App& verb, EvaluateOptions& evaluate) {
    addCheckpoint(verb, evaluate.checkpoint);
    verb.add_option("--text", evaluate.text, "Text to evaluate on")->required();
    verb.add_option("--protocol", evaluate.protocol, "p512, p2048, p4096, bos-window or plain-window")
        ->capture_default_str();
    verb.add_option("--ctx", evaluate.contextLength, "Window length instead of the protocol's")
        ->check(CLI::Range(int64_t{2}, int64_t{1} << 24));
    verb.add_option("--chunks", evaluate.chunks, "Windows to evaluate at most")
        ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
}

void addSensitivityVerb(CLI::App& app, AllOptions& all) {
    CLI::App& verb = addVerb(app, all, "sensitivity", "What each tensor alone costs in its format, worst first",
                             [&all] { return runSensitivity(all.sensitivity, all.common); });
    addMeasurement(verb, all.sensitivity.evaluate);
    addFormat(verb, all.sensitivity.evaluate.format, true);
    addCalibration(verb, all.sensitivity.evaluate.format);
    verb.add_option("--tensor", all.sensitivity.tensorRegex, "Only tensors whose name matches this regular expression");
    verb.add_option("--precision", all.sensitivity.precision,
                    "Run windows until the 95 % interval is this share of the figure; 0: all windows")
        ->capture_default_str()
        ->check(CLI::Range(0.0, 10.0));
}

void addAllocateVerb(CLI::App& app, AllOptions& all) {
    AllocateOptions& allocate = all.allocate;
    CLI::App& verb = addVerb(app, all, "allocate", "The recipe that loses least at a given size",
                             [&all] { return runAllocate(all.allocate, all.common); });
    addMeasurement(verb, allocate.trials.evaluate);
    addCalibration(verb, allocate.trials.evaluate.format);
    auto* bits = verb.add_option("--bits", allocate.bits, "Bits per weight in all")->check(CLI::Range(0.5, 32.0));
    verb.add_option("--size", allocate.megabytes, "Size of all tensors in megabytes")
        ->excludes(bits)
        ->check(CLI::PositiveNumber);
    verb.add_option("--formats", allocate.formats,
                    "Formats to choose from, separated by commas; otherwise q2_k to q8_0");
    verb.add_option("--probe", allocate.probe, "Format in which each tensor is tried alone")->capture_default_str();
    verb.add_option("--output", allocate.output, "The recipe file to write; otherwise it is printed");
}

void addRunningVerbs(CLI::App& app, AllOptions& all) {
    EvaluateOptions& evaluate = all.evaluate;
    CLI::App& evaluateVerb =
        addVerb(app, all, "evaluate", "Perplexity, and divergence from the original or a reference",
                [&all] { return runEvaluate(all.evaluate, all.common); });
    addMeasurement(evaluateVerb, evaluate);
    addFormat(evaluateVerb, evaluate.format, false);
    addCalibration(evaluateVerb, evaluate.format);
    addRun(evaluateVerb, evaluate.run);
    addProfile(evaluateVerb, evaluate.profile);
    evaluateVerb.add_option("--reference", evaluate.reference,
                            "Checkpoint to compare with instead of the original weights");
    addSensitivityVerb(app, all);
    addAllocateVerb(app, all);

    CLI::App& generate =
        addVerb(app, all, "generate", "Continues a prompt", [&all] { return runGenerate(all.generate, all.common); });
    addCheckpoint(generate, all.generate.checkpoint);
    addSampling(generate, all.generate);
    addFormat(generate, all.generate.format, false);
    addCalibration(generate, all.generate.format);
    addRun(generate, all.generate.run);
    addProfile(generate, all.generate.profile);

    CLI::App& compare = addVerb(app, all, "compare", "Continues a prompt with the original and with a recipe",
                                [&all] { return runCompare(all.compare, all.common); });
    addCheckpoint(compare, all.compare.checkpoint);
    addSampling(compare, all.compare);
    addFormat(compare, all.compare.format, false);
    addCalibration(compare, all.compare.format);
    addRun(compare, all.compare.run);

    CLI::App& bench = addVerb(app, all, "bench", "How fast a model reads and writes text, beside the device's limits",
                              [&all] { return runBench(all.bench, all.common); });
    addCheckpoint(bench, all.bench.checkpoint);
    addFormat(bench, all.bench.format, false);
    addCalibration(bench, all.bench.format);
    addRun(bench, all.bench.run);
    addProfile(bench, all.bench.profile);
    bench.add_option("--prompt", all.bench.promptTokens, "Tokens to read at once; 0: do not measure")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 20))
        ->capture_default_str();
    bench.add_option("--generate", all.bench.generateTokens, "Tokens to write one by one; 0: do not measure")
        ->check(CLI::Range(int64_t{0}, int64_t{1} << 20))
        ->capture_default_str();
    bench.add_option("--repeat", all.bench.repeats, "Runs that count, after one that does not")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
}

void addQuantizeVerb(CLI::App& app, AllOptions& all) {
    CLI::App& quantize =
        addVerb(app, all, "quantize", "Writes a GGUF file", [&all] { return runQuantize(all.quantize, all.common); });
    addCheckpoint(quantize, all.quantize.checkpoint);
    addFormat(quantize, all.quantize.format, true);
    quantize.add_option("--output", all.quantize.output, "The file to write")->required();
    quantize.add_option(
        "--text", all.quantize.format.calibration,
        "Calibration text, or a saved calibration: weights that meet large inputs are kept more exactly");

    CLI::App& rotate =
        addVerb(app, all, "rotate", "Writes the model with its outliers rotated away, its outputs the same",
                [&all] { return runRotate(all.rotate, all.common); });
    addCheckpoint(rotate, all.rotate.checkpoint);
    rotate.add_option("--output", all.rotate.output, "The GGUF file to write")->required();
    rotate.add_option("--storage", all.rotate.storage, "Type of its matrices: f16, bf16 or f32")->capture_default_str();
    rotate.add_option("--seed", all.rotate.seed, "Another seed gives another rotation")->capture_default_str();
    rotate.add_flag("--stream-only", all.rotate.streamOnly,
                    "Rotate the residual stream alone, not the values of the attention heads");
}

void addReportVerb(CLI::App& app, AllOptions& all) {
    CLI::App& report =
        addVerb(app, all, "report", "Writes what a session of the studio found out as one HTML page, in English",
                [&all] { return runReport(all.report, all.common); });
    report.add_option("SESSION", all.report.session, "Session that the studio saved (.halftone)")->required();
    report.add_option("--output", all.report.output, "The page to write")->required();
    report.add_option("--checkpoint", all.report.checkpoint, "Where the checkpoint lies now, if it has moved");
    report.add_flag("--errors", all.report.errors, "Quantize every tensor to show what its format loses");
    report.add_option("--calibration", all.report.calibration,
                      "Text or saved calibration for --errors, where the recipe's methods need one");
}

// One line, whatever a message holds.
void printError(std::string message) {
    std::ranges::replace(message, '\n', ' ');
    while (message.ends_with(' ')) message.pop_back();
    fmt::print(stderr, "halftone-cli: {}\n", message);
}

// A first word that is no verb gets an answer of its own; empty otherwise.
std::string unknownVerb(const CLI::App& app, int argc, const char* const* argv) {
    if (argc < 2 || argv[1][0] == '-') return {};
    std::string verbs;
    for (const CLI::App* verb : app.get_subcommands({})) {
        if (verb->get_name() == argv[1]) return {};
        verbs += (verbs.empty() ? "" : ", ") + verb->get_name();
    }
    return fmt::format("\"{}\" is not something to do; there are {}.", argv[1], verbs);
}

int runVerb(const AllOptions& all) {
    const Status status = all.run();
    if (status && std::fflush(stdout) == 0 && !std::ferror(stdout)) return kDone;
    if (status) {
        printError("The report could not be written to the standard output.");
        return kFailed;
    }
    std::fflush(stdout);
    printError(status.error().message);
    return isUsageError(status.error()) ? kWrongUsage : kFailed;
}

}  // namespace

tl::unexpected<Error> usageError(std::string message) {
    return makeError(ErrorCode::kInvalidArgument, std::move(message), kUsageMark);
}

bool isUsageError(const Error& error) {
    return error.code == ErrorCode::kInvalidArgument && error.context == kUsageMark;
}

int runCommandLine(int argc, const char* const* argv) {
    CLI::App app("Halftone: quantize language models and see what it costs.", "halftone-cli");
    app.set_version_flag("--version", std::string("halftone-cli ") + HT_VERSION);
    app.require_subcommand(1);
    app.get_formatter()->label("SUBCOMMAND", "VERB");
    app.get_formatter()->label("Subcommands", "Verbs");
    AllOptions all;
    addReadingVerbs(app, all);
    addRunningVerbs(app, all);
    addQuantizeVerb(app, all);
    addReportVerb(app, all);
    addMethodVerbs(app, all);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        if (const std::string message = unknownVerb(app, argc, argv); !message.empty()) {
            printError(message);
            return kWrongUsage;
        }
        const auto verbs = app.get_subcommands();
        printError(fmt::format("{}. See halftone-cli {}{}--help.", error.what(),
                               verbs.empty() ? "" : verbs.front()->get_name(), verbs.empty() ? "" : " "));
        return kWrongUsage;
    }
    try {
        return runVerb(all);
    } catch (const std::bad_alloc&) {
        printError("There is not enough memory for this.");
    } catch (const std::exception& error) {
        printError(fmt::format("Internal error: {}", error.what()));
    }
    return kFailed;
}

}  // namespace halftone::cli
