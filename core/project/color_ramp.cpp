// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/color_ramp.h"

#include <algorithm>
#include <cmath>

namespace halftone {

std::array<uint8_t, 3> viridisColor(double share) {
    // Every sixteenth entry of the published table; linear between.
    static constexpr std::array<uint32_t, 17> kAnchors{0x440154, 0x481a6c, 0x472f7d, 0x414487, 0x39568c, 0x31688e,
                                                       0x2a788e, 0x23888e, 0x1f988b, 0x22a884, 0x35b779, 0x54c568,
                                                       0x7ad151, 0xa5db36, 0xd2e21b, 0xe9e51a, 0xfde725};
    const double position = std::clamp(share, 0.0, 1.0) * double(kAnchors.size() - 1);
    const auto index = std::min(size_t(position), kAnchors.size() - 2);
    const double part = position - double(index);
    std::array<uint8_t, 3> color{};
    for (size_t channel = 0; channel < color.size(); ++channel) {
        const unsigned shift = 16 - 8 * unsigned(channel);
        const double a = double(kAnchors[index] >> shift & 0xff), b = double(kAnchors[index + 1] >> shift & 0xff);
        color[channel] = uint8_t(std::lround(a + (b - a) * part));
    }
    return color;
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

}  // namespace halftone
