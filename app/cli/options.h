// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/inference/sampler.h"

namespace halftone::cli {

/// What every verb takes.
struct CommonOptions {
    std::string device = "auto";
    int threads = 0;  ///< 0: one per hardware thread
    bool json = false;
    uint64_t memoryLimitBytes = 0;  ///< of a Vulkan device; 0: what it has
};

/// One of the first three, or none.
struct FormatChoice {
    std::string format;         ///< applied to every weight matrix
    std::string mix;            ///< a mixture by its common name: "q4_k_m"
    std::string recipe;         ///< a .recipe file
    std::string method{};       ///< with `format` or `mix`: how codes are chosen
    std::string calibration{};  ///< text, or saved calibration, for methods that need one
    [[nodiscard]] bool isSet() const { return !format.empty() || !mix.empty() || !recipe.empty(); }
};

/// How a model is run: by default with all of its cache and activations.
struct RunChoice {
    std::string cache;        ///< CacheFormat::parse()
    std::string activations;  ///< ActivationFormat::parse()
    [[nodiscard]] bool isSet() const { return !cache.empty() || !activations.empty(); }
};

/// Whether single operations are timed.
struct ProfileChoice {
    bool table = false;
    std::string trace;  ///< file for their events; empty: none
    [[nodiscard]] bool isSet() const { return table || !trace.empty(); }
};

struct InspectOptions {
    std::string checkpoint;
};

struct StatsOptions {
    std::string checkpoint;
    std::string tensorRegex;
    bool activations = false;
    std::string text;
};

struct EvaluateOptions {
    std::string checkpoint;
    std::string text;
    std::string protocol = "p512";
    int64_t contextLength = 0;  ///< 0: the protocol's
    int64_t chunks = 0;         ///< 0: all
    FormatChoice format;
    RunChoice run{};
    ProfileChoice profile{};
    std::string reference;
};

struct SensitivityOptions {
    EvaluateOptions evaluate;
    std::string tensorRegex;
    double precision = 0.1;  ///< half width of the 95 % interval as a share of the figure
};

struct AllocateOptions {
    SensitivityOptions trials;  ///< its format choice holds the calibration alone
    double bits = 0;            ///< per weight; or
    double megabytes = 0;
    std::string formats;  ///< empty: the usual ones
    std::string probe = "q4_k";
    std::string output;
};

struct GenerateCommandOptions {
    std::string checkpoint;
    std::string prompt;
    int64_t tokens = 128;
    SamplingOptions sampling;
    FormatChoice format;
    RunChoice run{};
    ProfileChoice profile{};
};

struct BenchOptions {
    std::string checkpoint;
    FormatChoice format;
    RunChoice run{};
    ProfileChoice profile{};
    int64_t promptTokens = 512;
    int64_t generateTokens = 128;
    int repeats = 5;
};

struct QuantizeCommandOptions {
    std::string checkpoint;
    FormatChoice format;
    std::string output;
};

struct RotateOptions {
    std::string checkpoint;
    std::string output;
    std::string storage = "f16";
    uint64_t seed = 1;
    bool streamOnly = false;  ///< leave the values of the heads alone
};

struct ReportOptions {
    std::string session;  ///< a .halftone file
    std::string output;
    std::string checkpoint;  ///< where it lies now; empty: where the session says
    bool errors = false;     ///< quantize every tensor for its error
    std::string calibration;
};

struct TokenizeOptions {
    std::string checkpoint;
    std::string text;
    bool special = false;
};

struct ErrorOptions {
    std::string checkpoint;
    std::string tensorRegex;
    std::string formats = "int4_g128_asym";
    std::string methods = "nearest";
    std::string text;
};

struct CalibrateOptions {
    std::string checkpoint;
    std::vector<std::string> inputs;  ///< texts and saved calibrations
    std::string output;
    bool importanceOnly = false;
};

/// An error of the command line itself: exit status 2 instead of 1.
tl::unexpected<Error> usageError(std::string message);
[[nodiscard]] bool isUsageError(const Error& error);

Status runDevices(const CommonOptions& common);
Status runInspect(const InspectOptions& options, const CommonOptions& common);
Status runStats(const StatsOptions& options, const CommonOptions& common);
Status runEvaluate(const EvaluateOptions& options, const CommonOptions& common);
Status runSensitivity(const SensitivityOptions& options, const CommonOptions& common);
Status runAllocate(const AllocateOptions& options, const CommonOptions& common);
Status runGenerate(const GenerateCommandOptions& options, const CommonOptions& common);
Status runBench(const BenchOptions& options, const CommonOptions& common);
Status runCompare(const GenerateCommandOptions& options, const CommonOptions& common);
Status runQuantize(const QuantizeCommandOptions& options, const CommonOptions& common);
Status runReport(const ReportOptions& options, const CommonOptions& common);
Status runRotate(const RotateOptions& options, const CommonOptions& common);
Status runError(const ErrorOptions& options, const CommonOptions& common);
Status runCalibrate(const CalibrateOptions& options, const CommonOptions& common);
Status runTokenize(const TokenizeOptions& options, const CommonOptions& common);

/// Parses the arguments and runs the verb; returns the exit status. Failures go to stderr in one line.
int runCommandLine(int argc, const char* const* argv);

}  // namespace halftone::cli
