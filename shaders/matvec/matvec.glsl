// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix times few tokens.
#include "include/float_products.glsl"
#include "matvec/few_tokens.glsl"
