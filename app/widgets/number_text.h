// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>

class QDateTime;

namespace halftone::app {

/// Numbers as every view writes them: three significant figures, units, "—" where there is no number.

/// What stands where a number does not apply or is not known.
[[nodiscard]] QString noValue();
/// Three significant figures; very small and very large magnitudes in the form 1.23e-05. NaN: "—".
[[nodiscard]] QString numberText(double value, int significant = 3);
[[nodiscard]] QString fixedText(double value, int decimals);
/// 0.0123 -> "1.23 %".
[[nodiscard]] QString percentText(double share, int significant = 3);
/// A share of a whole to a tenth: 0.1234 -> "12.3 %", "< 0.1 %".
[[nodiscard]] QString sharePercentText(double share);
/// Decimal units, as file managers and model hubs write them: kB = 10^3, MB = 10^6, GB = 10^9.
[[nodiscard]] QString bytesText(double bytes);
/// 1234567 -> "1 234 567", with thin spaces.
[[nodiscard]] QString countText(int64_t count);
/// 1234567 -> "1.23 M".
[[nodiscard]] QString shortCountText(double count);
/// "0.8 s", "12 s", "3 min 20 s", "1 h 05 min".
[[nodiscard]] QString durationText(double seconds);
/// The time of day if it was today, else the date; both as the locale writes them.
[[nodiscard]] QString momentText(const QDateTime& moment);
/// "18.420 ± 0.21", "1981.9 ± 45": mean with its standard error, three decimals as far as five figures go.
[[nodiscard]] QString perplexityText(double mean, double standardError);
/// "0.003555 ± 0.000083": `significant` figures of the mean and its standard error to the same decimal; very small ones
/// share an exponent: "(3.555 ± 0.083)×10⁻⁷".
[[nodiscard]] QString significantEstimateText(double mean, double standardError, int significant = 4);

}  // namespace halftone::app
