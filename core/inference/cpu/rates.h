// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/inference/backend.h"

namespace halftone::cpu {

/// On all threads of the context's pool, the best of some rounds: other programs can only make a round slower.
/// kOutOfMemory where the buffers of the copy do not fit; kCancelled.
Result<DeviceRates> measureRates(const JobContext& context);

}  // namespace halftone::cpu
