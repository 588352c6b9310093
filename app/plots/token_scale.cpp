// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/token_scale.h"

#include <algorithm>
#include <cmath>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

// Of these two one reaches a contrast of 4.5 on every ground; softer ones do not.
constexpr QRgb kDarkInk = 0xff000000, kLightInk = 0xffffffff;

QColor mix(const QColor& a, const QColor& b, double share) {
    const auto part = [share](int x, int y) { return int(std::lround(x + (y - x) * share)); };
    return {part(a.red(), b.red()), part(a.green(), b.green()), part(a.blue(), b.blue())};
}

}  // namespace

TokenScale TokenScale::fit(TokenMeasure measure, std::span<const double> values) {
    TokenScale scale{.measure = measure};
    for (const double value : values) {
        if (std::isfinite(value)) scale.high = std::max(scale.high, std::abs(value));
    }
    return scale;
}

double TokenScale::share(double value) const {
    if (!(high > 0) || !std::isfinite(value)) return 0;
    if (measure == TokenMeasure::ProbabilityChange) return std::clamp(value / high, -1.0, 1.0);
    return value <= 0 ? 0 : std::sqrt(std::min(1.0, value / high));
}

QColor TokenScale::color(double value, const ThemeColors& colors) const {
    if (measure == TokenMeasure::None || !std::isfinite(value)) return {};
    const double at = share(value);
    return std::abs(at) < 0.02 ? QColor() : colorOfShare(at, colors);
}

QColor TokenScale::colorOfShare(double share, const ThemeColors& colors) const {
    const bool isRise = measure == TokenMeasure::ProbabilityChange && share > 0;
    return mix(colors.surface, isRise ? colors.accent : colors.second, std::abs(share));
}

QString TokenScale::lowText() const {
    if (measure == TokenMeasure::ProbabilityChange) return QStringLiteral("−") + percentText(high, 2);
    return QStringLiteral("0");
}

QString TokenScale::highText() const {
    return measure == TokenMeasure::ProbabilityChange ? QStringLiteral("+") + percentText(high, 2)
                                                      : numberText(high, 2);
}

QColor readableOn(const QColor& ground) {
    // Relative luminance and contrast as in WCAG 2.1.
    const auto linear = [](double part) {
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    const auto luminance = [&](const QColor& color) {
        return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
    };
    const auto contrast = [&](const QColor& ink) {
        const double a = luminance(ink), b = luminance(ground);
        return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
    };
    const QColor dark(kDarkInk), light(kLightInk);
    return contrast(dark) >= contrast(light) ? dark : light;
}

}  // namespace halftone::app
