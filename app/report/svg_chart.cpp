// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/report/svg_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "app/plots/color_map.h"
#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {

constexpr double kWidth = 760, kHeight = 340;
constexpr double kLeft = 64, kRight = 16, kTop = 14, kBottom = 44;
constexpr double kLetter = 6.4, kLine = 14;  ///< of a label, roughly
constexpr double kSmallest = 1e-12;
constexpr int kMostLines = 8;

QString number(double value) {
    return QString::number(value, 'f', 1);
}

QString element(const QString& name, const QString& attributes, const QString& content = {}) {
    return content.isEmpty() ? QStringLiteral("<%1 %2/>\n").arg(name, attributes)
                             : QStringLiteral("<%1 %2>%3</%1>\n").arg(name, attributes, content);
}

QString textAt(double x, double y, const QString& anchor, const QString& text, const QString& more = {}) {
    return element(QStringLiteral("text"),
                   QStringLiteral("x=\"%1\" y=\"%2\" text-anchor=\"%3\" %4")
                       .arg(number(x), number(y), anchor, more.isEmpty() ? QStringLiteral("class=\"tick\"") : more),
                   text.toHtmlEscaped());
}

QString lineBetween(double x1, double y1, double x2, double y2, const QString& kind) {
    return element(QStringLiteral("line"), QStringLiteral("x1=\"%1\" y1=\"%2\" x2=\"%3\" y2=\"%4\" class=\"%5\"")
                                               .arg(number(x1), number(y1), number(x2), number(y2), kind));
}

QString titleOf(const QString& text) {
    return QStringLiteral("<title>%1</title>").arg(text.toHtmlEscaped());
}

QString wholeSvg(double height, const QString& label, const QString& content) {
    return QStringLiteral("<svg viewBox=\"0 0 %1 %2\" role=\"img\" aria-label=\"%3\">\n%4</svg>\n")
        .arg(number(kWidth), number(height), label.toHtmlEscaped(), content);
}

/// A step of 1, 2 or 5 times a power of ten that cuts a range into about `count` parts.
double niceStep(double range, int count) {
    const double rough = range / count;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough) return factor * power;
    }
    return 10 * power;
}

/// A linear x axis and a logarithmic y axis with their ticks and labels.
class Frame {
  public:
    Frame(double xLow, double xHigh, double yLow, double yHigh)
        : m_xLow(xLow), m_xHigh(xHigh > xLow ? xHigh : xLow + 1), m_yLow(std::log10(yLow)), m_yHigh(std::log10(yHigh)) {
        if (m_yHigh - m_yLow < 0.1) {
            m_yLow -= 0.5;
            m_yHigh += 0.5;
        }
    }

    [[nodiscard]] double x(double value) const {
        return kLeft + (value - m_xLow) / (m_xHigh - m_xLow) * (kWidth - kLeft - kRight);
    }
    [[nodiscard]] double y(double value) const {
        const double share = (std::log10(std::max(value, kSmallest)) - m_yLow) / (m_yHigh - m_yLow);
        return kHeight - kBottom - std::clamp(share, 0.0, 1.0) * (kHeight - kTop - kBottom);
    }

    [[nodiscard]] QString draw(const QString& xLabel, const QString& yLabel, double leastStep) const {
        QString svg = lineBetween(kLeft, kHeight - kBottom, kWidth - kRight, kHeight - kBottom, QStringLiteral("axis"));
        svg += lineBetween(kLeft, kTop, kLeft, kHeight - kBottom, QStringLiteral("axis"));
        const double step = std::max(leastStep, niceStep(m_xHigh - m_xLow, 8));
        for (double tick = std::ceil(m_xLow / step) * step; tick <= m_xHigh + 1e-9 * step; tick += step) {
            svg +=
                textAt(x(tick), kHeight - kBottom + kLine + 2, QStringLiteral("middle"), QString::number(tick, 'g', 4));
        }
        svg += yTicks();
        svg += textAt((kLeft + kWidth - kRight) / 2, kHeight - 8, QStringLiteral("middle"), xLabel);
        const double middle = (kTop + kHeight - kBottom) / 2;
        return svg + textAt(14, middle, QStringLiteral("middle"), yLabel,
                            QStringLiteral("class=\"tick\" transform=\"rotate(-90 14 %1)\"").arg(number(middle)));
    }

  private:
    /// Powers of ten; 2 and 5 between them where there are few.
    [[nodiscard]] QString yTicks() const {
        QString svg;
        const bool few = m_yHigh - m_yLow < 2;
        for (int power = int(std::floor(m_yLow)); power <= int(std::ceil(m_yHigh)); ++power) {
            for (const double factor : {1.0, 2.0, 5.0}) {
                if (factor != 1.0 && !few) continue;
                const double tick = factor * std::pow(10, power);
                const double at = std::log10(tick);
                if (at < m_yLow - 1e-9 || at > m_yHigh + 1e-9) continue;
                svg += lineBetween(kLeft, y(tick), kWidth - kRight, y(tick), QStringLiteral("grid"));
                svg += textAt(kLeft - 6, y(tick) + 4, QStringLiteral("end"), numberText(tick, 1));
            }
        }
        return svg;
    }

    double m_xLow, m_xHigh, m_yLow, m_yHigh;
};

/// Names beside their points, where they meet neither the border nor one another.
class Labels {
  public:
    [[nodiscard]] QString place(double x, double y, const QString& name) {
        const double width = double(name.size()) * kLetter;
        const std::array<QRectF, 4> places{
            QRectF(x + 7, y - kLine / 2, width, kLine), QRectF(x - 7 - width, y - kLine / 2, width, kLine),
            QRectF(x - width / 2, y - 7 - kLine, width, kLine), QRectF(x - width / 2, y + 7, width, kLine)};
        const QRectF room(kLeft, kTop, kWidth - kLeft - kRight, kHeight - kTop - kBottom);
        for (const auto& place : places) {
            const bool free = std::none_of(m_taken.begin(), m_taken.end(),
                                           [&](const QRectF& other) { return other.intersects(place); });
            if (!free || !room.contains(place)) continue;
            m_taken.append(place);
            return textAt(place.left(), place.bottom() - 3, QStringLiteral("start"), name);
        }
        return {};
    }
    void take(const QRectF& place) { m_taken.append(place); }

  private:
    QList<QRectF> m_taken;
};

QString pointSvg(const Frame& frame, const ScatterPoint& point) {
    const double x = frame.x(point.x), y = frame.y(point.y);
    QString svg;
    if (point.yError > 0) {
        const double low = frame.y(std::max(point.y - point.yError, point.y / 1000)),
                     high = frame.y(point.y + point.yError);
        svg += lineBetween(x, low, x, high, QStringLiteral("error"));
    }
    const QString kind = point.isCurrent ? QStringLiteral("current") : QStringLiteral("mark");
    return svg +
           element(
               QStringLiteral("circle"),
               QStringLiteral("cx=\"%1\" cy=\"%2\" r=\"%3\" class=\"%4\"")
                   .arg(number(x), number(y), point.isCurrent ? QStringLiteral("5") : QStringLiteral("3.5"), kind),
               titleOf(QStringLiteral("%1: %2, %3").arg(point.name, numberText(point.x, 4), numberText(point.y, 4))));
}

QString polyline(const QList<QPointF>& points, const QString& kind) {
    QStringList corners;
    for (const auto& point : points) corners << QStringLiteral("%1,%2").arg(number(point.x()), number(point.y()));
    return element(QStringLiteral("polyline"),
                   QStringLiteral("points=\"%1\" class=\"%2\"").arg(corners.join(' '), kind));
}

Frame frameOf(const QList<QPointF>& points, double xMargin) {
    double xLow = std::numeric_limits<double>::infinity(), xHigh = -xLow, yLow = xLow, yHigh = kSmallest;
    for (const auto& point : points) {
        xLow = std::min(xLow, point.x());
        xHigh = std::max(xHigh, point.x());
        yLow = std::min(yLow, std::max(point.y(), kSmallest));
        yHigh = std::max(yHigh, point.y());
    }
    const double margin = std::max((xHigh - xLow) * xMargin, xMargin > 0 ? std::abs(xHigh) * 0.02 : 0.5);
    return {xLow - margin, xHigh + margin, yLow / 1.6, yHigh * 1.6};
}

}  // namespace

QString scatterSvg(const QList<ScatterPoint>& points, const ScatterAxes& axes) {
    if (points.isEmpty()) return {};
    QList<QPointF> extent;
    for (const auto& point : points) extent << QPointF(point.x, point.y) << QPointF(point.x, point.y + point.yError);
    if (axes.markX > 0) extent << QPointF(axes.markX, points.first().y);
    const Frame frame = frameOf(extent, 0.06);
    QString svg = frame.draw(axes.x, axes.y, 0);
    if (axes.floor > 0) {
        const double y = frame.y(axes.floor);
        svg += lineBetween(kLeft, y, kWidth - kRight, y, QStringLiteral("floor"));
    }
    if (axes.markX > 0) {
        const double x = frame.x(axes.markX);
        svg += lineBetween(x, kTop, x, kHeight - kBottom, QStringLiteral("floor"));
    }
    QList<QPointF> front;
    for (const int index : paretoFront(points)) front << QPointF(frame.x(points[index].x), frame.y(points[index].y));
    svg += polyline(front, QStringLiteral("front"));
    Labels labels;
    for (const auto& point : points) labels.take({frame.x(point.x) - 4, frame.y(point.y) - 4, 8, 8});
    for (const auto& point : points) svg += pointSvg(frame, point);
    for (const auto& point : points) svg += labels.place(frame.x(point.x), frame.y(point.y), point.name);
    return wholeSvg(kHeight, QStringLiteral("%1, %2").arg(axes.x, axes.y), svg);
}

QString linesSvg(const QList<ChartLine>& lines, const QString& xLabel, const QString& yLabel) {
    QList<QPointF> all;
    for (const auto& line : lines) all += line.points;
    if (all.isEmpty()) return {};
    const Frame frame = frameOf(all, 0);
    QString svg = frame.draw(xLabel, yLabel, 1);
    double legend = kLeft + 8;
    for (int i = 0; i < std::min<int>(int(lines.size()), kMostLines); ++i) {
        const QString kind = QStringLiteral("line%1").arg(i);
        QList<QPointF> placed;
        QString marks;
        for (const auto& point : lines[i].points) {
            placed << QPointF(frame.x(point.x()), frame.y(point.y()));
            marks += element(
                QStringLiteral("circle"),
                QStringLiteral("cx=\"%1\" cy=\"%2\" r=\"2.5\" class=\"fill%3\"")
                    .arg(number(placed.last().x()), number(placed.last().y()))
                    .arg(i),
                titleOf(QStringLiteral("%1 %2: %3").arg(lines[i].name, numberText(point.x()), numberText(point.y()))));
        }
        svg += polyline(placed, kind) + marks;
        svg += lineBetween(legend, kTop - 4, legend + 14, kTop - 4, kind);
        svg += textAt(legend + 18, kTop, QStringLiteral("start"), lines[i].name);
        legend += 30 + double(lines[i].name.size()) * kLetter;
    }
    return wholeSvg(kHeight, QStringLiteral("%1, %2").arg(xLabel, yLabel), svg);
}

QString matrixSvg(const MatrixLayout& layout, const std::function<std::optional<double>(QPoint cell)>& value,
                  Measure measure) {
    ColorScale scale;
    scale.logarithmic = measureInfo(measure).logScale;
    const int rows = int(layout.rows().size()), columns = int(layout.columns().size());
    for (int i = 0; i < rows * columns; ++i) {
        if (const auto found = value({i % columns, i / columns})) scale.include(*found);
    }
    if (scale.empty) return {};
    const double cellHeight = rows > 40 ? 9 : 16, cellWidth = std::min(56.0, (kWidth - kLeft - kRight) / columns);
    QString svg;
    for (int column = 0; column < columns; ++column)
        svg += textAt(kLeft + (column + 0.5) * cellWidth, kLine, QStringLiteral("middle"),
                      layout.columns()[size_t(column)]);
    for (int row = 0; row < rows; ++row) {
        const double top = kLine + 6 + row * cellHeight;
        if (cellHeight > 12 || row % 4 == 0)
            svg += textAt(kLeft - 6, top + cellHeight - 4, QStringLiteral("end"), layout.rows()[size_t(row)].label);
        for (int column = 0; column < columns; ++column) {
            const auto found = value({column, row});
            if (layout.cell({column, row}).tensors.isEmpty() || !found) continue;
            const QString fill = std::isfinite(*found) ? viridis(scale.share(*found)).name() : QStringLiteral("none");
            const QString title =
                QStringLiteral("%1 %2: %3")
                    .arg(layout.rows()[size_t(row)].label, shortRoleName(layout.cell({column, row}).role),
                         measureText(measure, *found));
            svg += element(QStringLiteral("rect"),
                           QStringLiteral("x=\"%1\" y=\"%2\" width=\"%3\" height=\"%4\" fill=\"%5\"")
                               .arg(number(kLeft + column * cellWidth), number(top), number(cellWidth - 1),
                                    number(cellHeight - 1), fill),
                           titleOf(title));
        }
    }
    const double below = kLine + 6 + rows * cellHeight + 8;
    constexpr int kSteps = 40;
    for (int i = 0; i < kSteps; ++i)
        svg += element(QStringLiteral("rect"),
                       QStringLiteral("x=\"%1\" y=\"%2\" width=\"5\" height=\"8\" fill=\"%3\"")
                           .arg(number(kLeft + 5 * i), number(below), viridis(double(i) / (kSteps - 1)).name()));
    svg += textAt(kLeft, below + 22, QStringLiteral("start"), measureText(measure, scale.low));
    svg += textAt(kLeft + 5 * kSteps, below + 22, QStringLiteral("end"), measureText(measure, scale.high));
    svg += textAt(kLeft + 5 * kSteps + 10, below + 9, QStringLiteral("start"), measureLabel(measure));
    return wholeSvg(below + 30, measureLabel(measure), svg);
}

QString chartStyle() {
    // The eight colours that Okabe and Ito chose to be told apart without colour vision; black is the text's colour.
    static constexpr const char* kLines[kMostLines] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                       "#e69f00", "#56b4e9", "#b8a800", "var(--text)"};
    QString style = QStringLiteral(
        "svg{width:100%;max-width:760px;height:auto;display:block}"
        "svg .tick{fill:var(--muted);font-size:11px}svg .axis{stroke:var(--line)}"
        "svg .grid{stroke:var(--line);stroke-dasharray:1 3}svg .floor{stroke:var(--muted);stroke-dasharray:4 3}"
        "svg .mark{fill:var(--accent)}svg .current{fill:var(--second)}svg .error{stroke:var(--accent)}"
        "svg .front{fill:none;stroke:var(--accent);stroke-opacity:.4;stroke-width:1.5}");
    for (int i = 0; i < kMostLines; ++i)
        style += QStringLiteral("svg .line%1{fill:none;stroke:%2;stroke-width:1.5}svg .fill%1{fill:%2}")
                     .arg(i)
                     .arg(QLatin1String(kLines[i]));
    return style;
}

}  // namespace halftone::app
