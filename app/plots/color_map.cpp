// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/color_map.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace halftone::app {

QColor viridis(double share) {
    // Every sixteenth entry of the published table; linear between.
    static constexpr std::array<QRgb, 17> kAnchors{
        0xff440154, 0xff481a6c, 0xff472f7d, 0xff414487, 0xff39568c, 0xff31688e, 0xff2a788e, 0xff23888e, 0xff1f988b,
        0xff22a884, 0xff35b779, 0xff54c568, 0xff7ad151, 0xffa5db36, 0xffd2e21b, 0xffe9e51a, 0xfffde725};
    const double position = std::clamp(share, 0.0, 1.0) * double(kAnchors.size() - 1);
    const auto index = std::min(size_t(position), kAnchors.size() - 2);
    const double part = position - double(index);
    const QColor a(kAnchors[index]), b(kAnchors[index + 1]);
    const auto mix = [part](int x, int y) { return int(std::lround(x + (y - x) * part)); };
    return {mix(a.red(), b.red()), mix(a.green(), b.green()), mix(a.blue(), b.blue())};
}

void ColorScale::include(double value) {
    if (!std::isfinite(value) || (logarithmic && value <= 0)) return;
    low = empty ? value : std::min(low, value);
    high = empty ? value : std::max(high, value);
    empty = false;
}

double ColorScale::share(double value) const {
    if (!(high > low)) return 0.5;
    if (!logarithmic) return std::clamp((value - low) / (high - low), 0.0, 1.0);
    if (value <= 0) return 0;
    return std::clamp(std::log(value / low) / std::log(high / low), 0.0, 1.0);
}

double ColorScale::valueAt(double share) const {
    return logarithmic ? low * std::pow(high / low, share) : low + (high - low) * share;
}

}  // namespace halftone::app
