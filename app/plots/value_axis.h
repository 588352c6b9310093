// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

#include <vector>

namespace halftone::app {

/// Where values lie along an axis: at their own place, or on a symmetric logarithm, sign(x) log10(1 + |x| / unit),
/// which is linear around 0 and logarithmic far from it, so that the centre and outliers of both signs are seen at once
/// (Webber 2013, "A bi-symmetric log transformation for wide-range data"). A value; any thread.
class ValueAxis {
  public:
    ValueAxis() = default;  ///< linear
    /// `unit` > 0: about where the linear part ends.
    static ValueAxis symmetricLog(double unit);

    [[nodiscard]] bool isLogarithmic() const { return m_unit > 0; }
    [[nodiscard]] double unit() const { return m_unit; }
    [[nodiscard]] double placeOf(double value) const;
    [[nodiscard]] double valueAt(double place) const;
    /// Borders of equally wide bins between two places, as values: ascending, binCount + 1 of them.
    [[nodiscard]] std::vector<double> binEdges(double lowerPlace, double upperPlace, int binCount) const;

  private:
    double m_unit = 0;
};

struct AxisTick {
    double place = 0;
    QString label;
};

/// Numbers along a symmetric logarithm between two places: 0 and powers of ten first, then what has room between them.
/// `room` is the distance that two numbers need, in places.
[[nodiscard]] QList<AxisTick> ticksOf(const ValueAxis& axis, double lowerPlace, double upperPlace, double room);

}  // namespace halftone::app
