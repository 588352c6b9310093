// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/evaluation/figures.h"

namespace halftone {

/// The frame that every evaluation shares: progress, cancel, clock and the observer around a function that scores one
/// window into `figures`.
Status runWindows(std::span<const EvaluationWindow> windows, FiguresBuilder& figures,
                  const EvaluationObserver& observer, const JobContext& context,
                  const std::function<Status(const EvaluationWindow&)>& scoreWindow);

/// A sequence that holds the longest of the windows.
Result<std::unique_ptr<Sequence>> createWindowSequence(const ModelRun& run, std::span<const EvaluationWindow> windows);

}  // namespace halftone
