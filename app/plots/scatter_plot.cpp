// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/scatter_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace halftone::app {

namespace {
constexpr double kReach = 10;  ///< pixels within which the mouse means a point
constexpr int kMostLabelled = 16, kWidestLabel = 110, kMostLabelsBeside = 3;
constexpr double kSmallestDrawn = 1e-12;  ///< a harm of zero has no place on a logarithmic axis

/// Harm as it is read aloud: 0.001, 0.01, 0.1; powers of ten below.
class HarmTicker : public QCPAxisTickerLog {
  protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override {
        if (tick >= 0.99e-4 && tick < 1000) return QString::number(tick, 'g', 3);
        return QCPAxisTickerLog::getTickLabel(tick, locale, format, precision);
    }
};

/// Above and below, a name near an edge moves along until it is inside.
std::array<QRectF, 4> labelPlaces(QPointF dot, QSizeF size, const QRectF& room) {
    constexpr double kGap = 7;
    const double leftmost = room.left(), rightmost = std::max(leftmost, room.right() - size.width());
    const double left = std::clamp(dot.x() - size.width() / 2, leftmost, rightmost);
    const double top = dot.y() - size.height() / 2;
    return {QRectF(QPointF(left, dot.y() - kGap - size.height()), size), QRectF(QPointF(left, dot.y() + kGap), size),
            QRectF(QPointF(dot.x() + kGap, top), size), QRectF(QPointF(dot.x() - kGap - size.width(), top), size)};
}
}  // namespace

QList<int> paretoFront(const QList<ScatterPoint>& points) {
    QList<int> order(points.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return points[a].x != points[b].x ? points[a].x < points[b].x : points[a].y < points[b].y;
    });
    QList<int> front;
    double best = std::numeric_limits<double>::infinity();
    for (const int index : order) {
        if (points[index].y >= best) continue;
        best = points[index].y;
        front.append(index);
    }
    return front;
}

ScatterPlot::ScatterPlot(QWidget* parent) : PlotBase(parent) {
    setMouseTracking(true);
    m_front = addGraph();
    m_others = addGraph();
    m_current = addGraph();
    for (auto* graph : {m_others, m_current}) graph->setLineStyle(QCPGraph::lsNone);
    const auto errorsOf = [this](QCPGraph* graph) {
        auto* bars = new QCPErrorBars(xAxis, yAxis);
        bars->setDataPlottable(graph);
        bars->setWhiskerWidth(5);
        return bars;
    };
    m_otherErrors = errorsOf(m_others);
    m_currentErrors = errorsOf(m_current);
    m_floorLine = new QCPItemStraightLine(this);
    m_markLine = new QCPItemStraightLine(this);
    yAxis->setScaleType(QCPAxis::stLogarithmic);
    yAxis->setTicker(QSharedPointer<HarmTicker>::create());
    yAxis->setNumberFormat(QStringLiteral("eb"));
    yAxis->setNumberPrecision(0);
    // Where a name has room is known only once the axes have their place.
    connect(this, &QCustomPlot::afterLayout, this, &ScatterPlot::placeLabels);
    applyColors(colors());
}

void ScatterPlot::applyColors(const ThemeColors& theme) {
    PlotBase::applyColors(theme);
    if (!m_markLine) return;
    m_front->setPen(QPen(theme.accentSoft, 1.5));
    m_others->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.accent, theme.accent, 7));
    m_current->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.second, theme.second, 10));
    m_otherErrors->setPen(QPen(theme.accent, 1));
    m_currentErrors->setPen(QPen(theme.second, 1));
    m_floorLine->setPen(QPen(theme.mutedText, 1, Qt::DashLine));
    m_markLine->setPen(QPen(theme.mutedText, 1, Qt::DotLine));
    for (auto* label : m_labels) {
        label->setFont(font());
        label->setColor(theme.mutedText);
    }
}

void ScatterPlot::setAxes(const QString& x, const QString& y) {
    xAxis->setLabel(x);
    yAxis->setLabel(y);
    setAccessibleName(tr("%1 against %2").arg(x, y));
}

void ScatterPlot::setPoints(QList<ScatterPoint> points, double floor, double markX) {
    m_points = std::move(points);
    m_floor = floor;
    m_markX = markX;
    fillSeries();
    fitAxes();
    createLabels();
    replot(QCustomPlot::rpQueuedReplot);
}

void ScatterPlot::fillSeries() {
    for (auto* graph : {m_front, m_others, m_current}) graph->data()->clear();
    for (auto* errors : {m_otherErrors, m_currentErrors}) errors->data()->clear();
    const auto height = [](const ScatterPoint& point) { return std::max(point.y, kSmallestDrawn); };
    for (const int index : paretoFront(m_points)) m_front->addData(m_points[index].x, height(m_points[index]));
    // Error bars belong to their points by position, so both go in order of size.
    QList<ScatterPoint> sorted = m_points;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.x < b.x; });
    for (const auto& point : sorted) {
        // A bar that reached below zero would have no lower end on a logarithmic axis.
        const double below = std::min(point.yError, height(point) * 0.999);
        (point.isCurrent ? m_current : m_others)->addData(point.x, height(point));
        (point.isCurrent ? m_currentErrors : m_otherErrors)->addData(below, point.yError);
    }
    m_floorLine->setVisible(m_floor > 0);
    m_floorLine->point1->setCoords(0, m_floor);
    m_floorLine->point2->setCoords(1, m_floor);
    m_markLine->point1->setCoords(m_markX, 1);
    m_markLine->point2->setCoords(m_markX, 2);
    m_markLine->setVisible(m_markX > 0);
}

void ScatterPlot::fitAxes() {
    if (m_points.isEmpty()) return;
    double low = std::numeric_limits<double>::infinity(), high = 0, least = low, most = 0;
    for (const auto& point : m_points) {
        least = std::min(least, point.x);
        most = std::max(most, point.x);
        low = std::min(low, std::max(point.y - point.yError, point.y / 3));
        high = std::max(high, point.y + point.yError);
    }
    low = std::max(low, kSmallestDrawn);
    high = std::max(high, low);
    const double margin = std::max((most - least) * 0.15, most * 0.05);
    xAxis->setRange(std::max(0.0, least - margin), most + margin);
    yAxis->setRange(low / 2, high * 2.5);
}

void ScatterPlot::createLabels() {
    for (auto* label : m_labels) removeItem(label);
    m_labels.clear();
    if (m_points.size() > kMostLabelled) return;
    while (m_labels.size() < m_points.size()) {
        auto* label = new QCPItemText(this);
        label->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        label->position->setType(QCPItemPosition::ptAbsolute);
        m_labels.append(label);
    }
    applyColors(colors());
}

/// Each name goes above, below, right or left of its point: the first place that is inside and free. The current choice
/// comes first; a name that fits nowhere is left out, as the mouse tells it.
void ScatterPlot::placeLabels() {
    QList<QRectF> taken;
    for (int i = 0; i < int(m_points.size()); ++i) {
        const QPointF dot = pixelOf(i);
        taken.append({dot.x() - 4, dot.y() - 4, 8, 8});
    }
    QList<int> order(m_labels.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_partition(order.begin(), order.end(), [&](int i) { return m_points[i].isCurrent; });
    const QRectF room = axisRect()->rect();
    const int widest = std::max(kWidestLabel, int(room.width()) / kMostLabelsBeside);
    for (int i = 0; i < int(m_labels.size()); ++i)
        m_labels[i]->setText(fontMetrics().elidedText(m_points[i].name, Qt::ElideRight, widest));
    for (const int i : order) {
        const QSizeF size = fontMetrics().size(0, m_labels[i]->text());
        const auto places = labelPlaces(pixelOf(i), size, room);
        const auto free = std::find_if(places.begin(), places.end(), [&](const QRectF& place) {
            return room.contains(place) && std::none_of(taken.begin(), taken.end(),
                                                        [&](const QRectF& other) { return other.intersects(place); });
        });
        m_labels[i]->setVisible(free != places.end());
        if (free == places.end()) continue;
        taken.append(*free);
        m_labels[i]->position->setPixelPosition(free->topLeft());
    }
}

QPointF ScatterPlot::pixelOf(int point) const {
    return {xAxis->coordToPixel(m_points[point].x), yAxis->coordToPixel(std::max(m_points[point].y, kSmallestDrawn))};
}

int ScatterPlot::pointAt(QPointF pixel) const {
    int nearest = -1;
    double reach = kReach;
    for (int i = 0; i < int(m_points.size()); ++i) {
        const QPointF offset = pixelOf(i) - pixel;
        const double distance = std::hypot(offset.x(), offset.y());
        if (distance > reach) continue;
        reach = distance;
        nearest = i;
    }
    return nearest;
}

void ScatterPlot::mouseMoveEvent(QMouseEvent* event) {
    PlotBase::mouseMoveEvent(event);
    const int point = pointAt(event->position());
    setCursor(point >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    if (point < 0) {
        emit probed({});
        return;
    }
    const auto& entry = m_points[point];
    emit probed(entry.detail);
}

void ScatterPlot::mouseReleaseEvent(QMouseEvent* event) {
    PlotBase::mouseReleaseEvent(event);
    const int point = pointAt(event->position());
    if (event->button() == Qt::LeftButton && point >= 0) emit picked(m_points[point].id);
}

void ScatterPlot::leaveEvent(QEvent* event) {
    PlotBase::leaveEvent(event);
    emit probed({});
}

QString ScatterPlot::csv() const {
    if (m_points.isEmpty()) return {};
    QString text = QStringLiteral("name,x,y,y_stderr\n");
    for (const auto& point : m_points) {
        QString name = point.name;
        text += QStringLiteral("\"%1\",%2,%3,%4\n")
                    .arg(name.replace('"', QStringLiteral("\"\"")))
                    .arg(point.x, 0, 'g', 9)
                    .arg(point.y, 0, 'g', 9)
                    .arg(point.yError, 0, 'g', 9);
    }
    return text;
}

}  // namespace halftone::app
