// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace halftone::cpu {

/// Multiply-adds on registers alone, on the calling thread: the most that this core's arithmetic can do. Returns how many
/// floating-point operations they were (two each); `sink` takes a result that depends on all of them.
double runMultiplyAdds(int64_t rounds, float* sink);

}  // namespace halftone::cpu
