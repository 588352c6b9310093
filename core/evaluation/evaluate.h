// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/evaluation/evaluation_result.h"
#include "core/evaluation/reference_run.h"
#include "core/inference/backend.h"

namespace halftone {

/// Perplexity alone.
Result<EvaluationResult> evaluatePerplexity(const ModelRun& run, std::span<const EvaluationWindow> windows,
                                            const Protocol& protocol, const EvaluationObserver& observer,
                                            const JobContext& context);

/// Perplexity and divergence of another set of weights on the same windows.
Result<EvaluationResult> evaluateAgainst(const ModelRun& run, std::span<const EvaluationWindow> windows,
                                         const Protocol& protocol, const ReferenceRun& reference,
                                         const EvaluationObserver& observer, const JobContext& context);

/// The same without a store: both run side by side, window by window, and the distributions are compared exactly as
/// they come. Memory: one window's logits, whatever the length of the text. The result is that of `own`; the
/// reference keeps all of its cache and activations.
/// kInvalidArgument if the two vocabularies differ in size.
Result<EvaluationResult> evaluateSideBySide(Executable& reference, const ModelRun& own,
                                            std::span<const EvaluationWindow> windows, const Protocol& protocol,
                                            const EvaluationObserver& observer, const JobContext& context);

/// Runs a calibration text through the original and collects the inputs of every linear layer.
/// Windows of `contextLength` tokens (BOS first where the model has one); a short text gives one short window.
Result<ActivationCapture> captureActivations(Executable& executable, std::span<const TokenId> textTokens,
                                             int64_t contextLength, std::optional<TokenId> bos,
                                             const JobContext& context);

}  // namespace halftone
