// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/inference/generate.h"

namespace halftone::cli {

/// "length", "end", "context" or "cancelled".
std::string_view stopReasonName(StopReason reason);
nlohmann::ordered_json generationJson(const GenerateResult& result);
/// kCancelled with the count of tokens for a generation that was interrupted.
Status cancelledUnlessFinished(const GenerateResult& result);

}  // namespace halftone::cli
