// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QPointF>
#include <QString>

#include <functional>
#include <optional>

#include "app/plots/matrix_layout.h"
#include "app/plots/scatter_plot.h"
#include "app/session/measure.h"

namespace halftone::app {

/// Charts of a report: SVG elements to stand inside an HTML page, well-formed, coloured by classes of the page's style
/// sheet alone so that light and dark are the page's, with the figures of every mark as its <title>. Pure functions;
/// numbers do not depend on the locale.

struct ScatterAxes {
    QString x, y;
    double floor = 0;  ///< a dashed line; 0: none
    double markX = 0;  ///< a dotted line; 0: none
};
/// Points with error bars over a logarithmic y axis, and the front that no point beats. Empty without points.
[[nodiscard]] QString scatterSvg(const QList<ScatterPoint>& points, const ScatterAxes& axes);

/// One line of a chart; y > 0, by ascending x.
struct ChartLine {
    QString name;
    QList<QPointF> points;
};
/// Up to eight lines over a logarithmic y axis, with a legend. Empty without points.
[[nodiscard]] QString linesSvg(const QList<ChartLine>& lines, const QString& xLabel, const QString& yLabel);

/// The layer x role matrix with its scale. `value` gives that of a cell (column, row). Empty without values.
[[nodiscard]] QString matrixSvg(const MatrixLayout& layout,
                                const std::function<std::optional<double>(QPoint cell)>& value, Measure measure);

/// The style rules that the charts and their colours need, for both schemes.
[[nodiscard]] QString chartStyle();

}  // namespace halftone::app
