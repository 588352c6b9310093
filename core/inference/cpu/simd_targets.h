// SPDX-License-Identifier: GPL-3.0-or-later
// No guard: every file with vector code includes it before Highway. Instruction sets that the kernels are not compiled
// for: those that bring nothing over a neighbour, and those whose vectors have no size at compile time.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
