// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/figure_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace halftone {
namespace {

std::string withRealMinus(const std::string& digits) {
    return digits.starts_with('-') ? "−" + digits.substr(1) : digits;
}

}  // namespace

std::string powerOfTenText(int exponent) {
    constexpr std::array<std::string_view, 10> kRaised{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    std::string text = "×10";
    for (const char digit : std::to_string(exponent))
        text += digit == '-' ? std::string_view("⁻") : kRaised[size_t(digit - '0')];
    return text;
}

std::string figureText(double value, int significant) {
    if (std::isnan(value)) return "—";
    if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
    if (value == 0) return "0";
    const double magnitude = std::abs(value);
    if (magnitude < 1e-4 || magnitude >= 1e6) {
        const std::string text = fmt::format("{:.{}e}", value, significant - 1);
        const size_t at = text.find('e');
        return withRealMinus(text.substr(0, at)) + powerOfTenText(std::stoi(text.substr(at + 1)));
    }
    const int digitsBefore = int(std::floor(std::log10(magnitude))) + 1;
    int decimals = std::max(0, significant - digitsBefore);
    // 9.996 rounds up to 10.00: one decimal too many for three figures.
    const double rounded = std::round(magnitude * std::pow(10, decimals)) / std::pow(10, decimals);
    if (rounded >= std::pow(10, digitsBefore)) decimals = std::max(0, decimals - 1);
    return withRealMinus(fmt::format("{:.{}f}", value, decimals));
}

}  // namespace halftone
