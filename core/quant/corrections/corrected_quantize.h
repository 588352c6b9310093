// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/quant/methods/quantize.h"

namespace halftone {

/// quantizeTensor() for formats with outliers or a low-rank product beside the codes. In this order: outliers S are
/// chosen from W; what is left, W - S with (nearly) zeros in their places, is packed in the rest of the format by
/// whatever method; a product A B is fitted to the error W - S - Q. With calibration, outliers are the elements that
/// matter most to the outputs and the product is the one that makes up for most of their error. The distortion is that
/// of Q + S + A B. Memory: the packed tensor, its correction, some tiles, and the matrices of the fit (low_rank.h).
Result<QuantizedTensor> quantizeCorrected(const RowSource& source, const Format& format, const QuantizeOptions& options,
                                          const JobContext& context);

}  // namespace halftone
