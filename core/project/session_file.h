// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/evaluation/evaluate.h"
#include "core/recipe/recipe.h"

namespace halftone {

/// One measured recipe, kept for the history and the chart.
struct RecordedRun {
    std::string recipeText;
    std::string protocol;
    std::string textPath;
    int64_t bytes = 0;
    double bitsPerWeight = 0;
    double perplexity = 0, perplexityError = 0;
    std::optional<double> kldMean, kldError, kldP99, kldMax, top1Agreement;
    std::optional<double> bleu, rougeL;     ///< of texts continued by the recipe, against the original's
    std::optional<double> tokensPerSecond;  ///< of a run that reused nothing
    std::string device;
    double seconds = 0;
    std::string when;  ///< ISO 8601, UTC
    /// Equal for equal weights, calibration included, within one checkpoint; empty: not known.
    std::string weights;
};

/// How the calibration that was there was made. Its sums can be gigabytes, and the same text makes them again.
struct RecordedCalibration {
    std::filesystem::path text;
    int64_t contextLength = 0, maxTokens = 0;
    bool isUsed = true;  ///< by methods
    bool operator==(const RecordedCalibration&) const = default;
};

/// What people preferred without knowing which text was whose.
struct VoteTally {
    int64_t original = 0, recipe = 0, ties = 0;
    bool operator==(const VoteTally&) const = default;
};

/// A saved studio session (`.halftone`, JSON): what was open and what was found out. Results that are large live
/// elsewhere.
struct SessionFile {
    /// 2 keeps the machine and the way of running; files of version 1 load without them.
    static constexpr int kVersion = 2;
    std::filesystem::path checkpoint;
    std::string fingerprint;  ///< of the checkpoint; a mismatch on reopening is told
    Recipe recipe;
    std::vector<std::string> lockedTensors;  ///< canonical names of tensors that edits leave alone
    std::filesystem::path evaluationText, calibrationText;
    std::optional<RecordedCalibration> calibration;  ///< nullopt: there was none
    std::string protocol;
    std::vector<std::string> prompts;
    /// Id of the hardware target; empty: none is set. nullopt: the file does not say (version 1).
    std::optional<std::string> target;
    std::string cacheFormat, activationFormat;  ///< how recipes are run, by the names of their parts; empty: not said
    VoteTally votes;
    std::vector<RecordedRun> runs;
    std::string uiState;  ///< opaque to core

    /// Atomic write.
    [[nodiscard]] Status save(const std::filesystem::path& path) const;
    /// A file of a newer version is refused with a sentence that says so.
    static Result<SessionFile> load(const std::filesystem::path& path);
};

}  // namespace halftone
