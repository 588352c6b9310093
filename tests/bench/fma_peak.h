// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace halftone::bench {

/// Multiply-adds on registers alone; returns how many floating-point operations they were (two each).
double runMultiplyAdds(int64_t rounds, float* sink);

}  // namespace halftone::bench
