// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix times many tokens, for software devices.
#include "include/float_products.glsl"
#include "matmul/tile_an_invocation.glsl"
