// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace halftone {

/// Charts of a report: SVG elements to stand inside an HTML page, well-formed, coloured by classes of the page's style
/// sheet alone so that light and dark are the page's, with the figures of every mark as its <title>. Names and labels
/// are escaped here. Pure functions; numbers do not depend on the locale.

/// A choice by what it costs (x) and the harm it does (y), with the harm's standard error.
struct ChartPoint {
    std::string name;
    double x = 0, y = 0, yError = 0;
    bool isCurrent = false;
};
struct ScatterAxes {
    std::string x, y;
    double floor = 0;  ///< a dashed line; 0: none
    double markX = 0;  ///< a dotted line; 0: none
};
/// Points with error bars over a logarithmic y axis, and the front that no point beats. Empty without points.
[[nodiscard]] std::string scatterSvg(std::span<const ChartPoint> points, const ScatterAxes& axes);

/// One line of a chart; y > 0, by ascending x.
struct ChartLine {
    std::string name;
    std::vector<std::pair<double, double>> points;
};
/// Up to eight lines over a logarithmic y axis, with a legend. Empty without points.
[[nodiscard]] std::string linesSvg(std::span<const ChartLine> lines, const std::string& xLabel,
                                   const std::string& yLabel);

/// Coloured cells, blocks down and roles across, with their scale.
struct ChartMatrix {
    struct Cell {
        double value = 0;
        std::string title;  ///< under the mouse, before the value
    };
    std::string label;
    std::vector<std::string> rows, columns;
    std::vector<std::optional<Cell>> cells;  ///< row by row
    bool logarithmic = false;
    std::function<std::string(double)> text;  ///< of a value
};
/// Empty without a value that the scale can show.
[[nodiscard]] std::string matrixSvg(const ChartMatrix& matrix);

/// The style rules that the charts and their colours need, for both schemes.
[[nodiscard]] std::string chartStyle();

}  // namespace halftone
