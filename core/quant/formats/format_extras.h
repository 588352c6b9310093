// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/quant/formats/format.h"

namespace halftone {

/// Names of FormatExtras: "2of4+out0.5+rank32", without the first plus. The error says what is accepted; whether the
/// extras go with a format is extrasObstacle()'s to say.
Result<FormatExtras> parseExtras(std::string_view words);
std::string_view acceptedExtras();
/// "+2of4+out0.5+rank32", to follow Format::name().
std::string extrasName(const FormatExtras& extras);
/// ", 2:4 sparse + 0.5 % F16 + rank 32", to follow Format::displayName().
std::string extrasDisplayName(const FormatExtras& extras);

/// What extras add to the bits per weight of long rows; negative where zeros are left out.
double extraBitsPerWeight(const Format& base, const FormatExtras& extras);
/// What they add to a rows x cols matrix.
int64_t extraStorageBytes(const Format& base, const FormatExtras& extras, int64_t rows, int64_t cols);
/// Elements of a rows x cols matrix that are kept beside the codes.
int64_t outlierCount(const FormatExtras& extras, int64_t rows, int64_t cols);

}  // namespace halftone
