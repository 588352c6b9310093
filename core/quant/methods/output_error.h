// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

#include "core/quant/methods/calibration.h"

namespace halftone {

/// What a change of weights does to a layer's outputs: tr(D H D^T), that is the sum over calibration tokens of
/// |D x|^2, with H the second moments of the inputs; with the diagonal alone where that is all there is. Source: the
/// reference page on algorithms, section 20 (layer Hessian).

/// Sum over `rows` rows of d H d^T, divided by the tokens of H. `differences` holds rows * channels values. On the
/// calling thread.
double outputEnergy(std::span<const float> differences, int64_t rows, const Hessian& hessian);

/// The same with a diagonal: `importance` holds one mean square per channel.
double outputEnergy(std::span<const float> differences, int64_t rows, std::span<const float> importance);

}  // namespace halftone
