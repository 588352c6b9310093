// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix times few tokens, weights and inputs as bytes.
#include "include/integer_products.glsl"
#include "matvec/few_tokens.glsl"
