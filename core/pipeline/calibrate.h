// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/pipeline/loaded_model.h"
#include "core/quant/methods/calibration.h"

namespace halftone {

struct CalibrationOptions {
    int64_t contextLength = 512;  ///< of a window, BOS included; at most the model's
    bool withHessians = true;     ///< second moments too: what GPTQ and AWQ need
    std::string dataset{};        ///< file name of the text
    /// Filled in the same pass where it is given: the distributions of the inputs, head included. Not owned.
    ActivationCapture* capture = nullptr;
    Backend* backend = nullptr;  ///< what runs the model and sums up; null: the processor's engine. Not owned
    std::vector<std::string>* remarks = nullptr;  ///< takes sentences about what the backend could not do. Not owned
};

/// Collects the inputs of every linear layer of the original model in one pass over a text, block by block: the hidden
/// states of all windows stay, and of the model one block at a time, so that memory does not grow with its depth. Sums
/// are made where the backend computes and come back once for each block. Layers that share an input share its
/// statistics. The head is included; embeddings that are only looked up have no inputs and are not. Progress in tokens
/// x parts. Same result for any number of threads. kInvalidArgument for an empty text, kUnsupported, kOutOfMemory and
/// kDeviceLost as the backend gives them.
Result<Calibration> collectCalibration(const LoadedModel& model, std::span<const TokenId> textTokens,
                                       const CalibrationOptions& options, const JobContext& context);

/// The same, handing on the statistics of each block as it is done instead of keeping them.
using CalibrationSink = std::function<Status(std::map<std::string, InputStatistics> block)>;
Status streamCalibration(const LoadedModel& model, std::span<const TokenId> textTokens,
                         const CalibrationOptions& options, const CalibrationSink& sink, const JobContext& context);

/// Windows that a text of this many tokens makes.
int64_t calibrationWindows(const LoadedModel& model, int64_t tokens, const CalibrationOptions& options);

/// The importance alone, for what takes no more.
ImportanceData importanceFrom(const Calibration& calibration);
/// A calibration that knows the importance alone.
Calibration calibrationFrom(const ImportanceData& importance);

}  // namespace halftone
