// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "core/inference/op_profile.h"

namespace halftone {

/// A profile under the name that a trace shows it by. Borrows.
struct TracedProfile {
    std::string name;  ///< "prompt", "reference"
    const OpProfile* profile = nullptr;
};

/// The events of profiles on one time axis as JSON in the Trace Event Format (complete events, microseconds), which
/// ui.perfetto.dev and chrome://tracing open: a process for each profile, a thread for each of its lanes. Within a lane
/// events nest. Pure; any thread.
[[nodiscard]] std::string chromeTrace(std::span<const TracedProfile> profiles);

}  // namespace halftone
