// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/value_axis.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace halftone::app {

namespace {

constexpr int kFewestTicks = 3;

/// 0.02 as it is, 2e-05 and 3e+06 short; with the minus sign that figures have elsewhere.
QString labelOf(double value) {
    QString text = QString::number(value, 'g', 4);
    if (text.startsWith(QLatin1Char('-'))) text.replace(0, 1, QChar(0x2212));
    return text;
}

/// Takes values in the order of their importance and keeps those that have room.
class TickRow {
  public:
    TickRow(const ValueAxis& axis, double lower, double upper, double room)
        : m_axis(axis), m_lower(lower), m_upper(upper), m_room(room) {}

    void offer(double value) {
        const double place = m_axis.placeOf(value);
        if (!(place >= m_lower && place <= m_upper)) return;
        const bool isCrowded =
            std::ranges::any_of(m_ticks, [&](const auto& tick) { return std::abs(tick.place - place) < m_room; });
        if (!isCrowded) m_ticks.append({place, labelOf(value)});
    }
    void offerBothSigns(double magnitude) {
        offer(magnitude);
        offer(-magnitude);
    }
    [[nodiscard]] qsizetype count() const { return m_ticks.size(); }
    [[nodiscard]] QList<AxisTick> ascending() && {
        std::ranges::sort(m_ticks, {}, &AxisTick::place);
        return std::move(m_ticks);
    }

  private:
    const ValueAxis& m_axis;
    double m_lower, m_upper, m_room;
    QList<AxisTick> m_ticks;
};

/// Equal steps of 1, 2 or 5 through a range so short that it holds hardly any power of ten.
void offerEqualSteps(TickRow& row, double lowest, double highest) {
    const double span = highest - lowest;
    if (!(span > 0)) return;
    const double power = std::pow(10.0, std::floor(std::log10(span)));
    for (const double step : {power, power / 2, power / 5, power / 10}) {
        for (double at = std::ceil(lowest / step); at * step <= highest; ++at) row.offer(at * step);
        if (row.count() >= kFewestTicks) return;
    }
}

}  // namespace

ValueAxis ValueAxis::symmetricLog(double unit) {
    HT_CHECK(unit > 0 && std::isfinite(unit));
    ValueAxis axis;
    axis.m_unit = unit;
    return axis;
}

double ValueAxis::placeOf(double value) const {
    if (!isLogarithmic()) return value;
    return std::copysign(std::log1p(std::abs(value) / m_unit) / std::log(10.0), value);
}

double ValueAxis::valueAt(double place) const {
    if (!isLogarithmic()) return place;
    return std::copysign(m_unit * std::expm1(std::abs(place) * std::log(10.0)), place);
}

std::vector<double> ValueAxis::binEdges(double lowerPlace, double upperPlace, int binCount) const {
    std::vector<double> edges(size_t(binCount) + 1);
    for (size_t i = 0; i < edges.size(); ++i)
        edges[i] = valueAt(lowerPlace + (upperPlace - lowerPlace) * double(i) / double(binCount));
    return edges;
}

QList<AxisTick> ticksOf(const ValueAxis& axis, double lowerPlace, double upperPlace, double room) {
    TickRow row(axis, lowerPlace, upperPlace, room);
    row.offer(0);
    const double lowest = axis.valueAt(lowerPlace), highest = axis.valueAt(upperPlace);
    const double largest = std::max(std::abs(lowest), std::abs(highest));
    const int last = int(std::floor(std::log10(largest)));
    const int first = std::min(last, int(std::floor(std::log10(axis.unit()))) - 1);
    // Every second or third power where all of them have no room: what is dropped must not depend on the others.
    const int stride = std::max(1, int(std::ceil(room)));
    for (int power = last; power >= first; --power) {
        if ((last - power) % stride == 0) row.offerBothSigns(std::pow(10.0, power));
    }
    for (const double multiple : {2.0, 5.0, 3.0}) {
        for (int power = last; stride == 1 && power >= first; --power)
            row.offerBothSigns(multiple * std::pow(10.0, power));
    }
    if (row.count() < kFewestTicks) offerEqualSteps(row, lowest, highest);
    return std::move(row).ascending();
}

}  // namespace halftone::app
