// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/tradeoff_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {
constexpr double kMegabyte = 1e6, kGigabyte = 1e9;
constexpr double kReach = 10;  ///< pixels within which the mouse means a point
constexpr int kMostLabelled = 16, kWidestLabel = 110;
constexpr double kSmallestDrawn = 1e-12;  ///< a divergence of zero has no place on a logarithmic axis

/// Divergences as they are read aloud: 0.001, 0.01, 0.1; powers of ten below.
class DivergenceTicker : public QCPAxisTickerLog {
  protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override {
        if (tick >= 0.99e-4 && tick < 1000) return QString::number(tick, 'g', 3);
        return QCPAxisTickerLog::getTickLabel(tick, locale, format, precision);
    }
};

std::array<QRectF, 4> labelPlaces(QPointF dot, QSizeF size) {
    constexpr double kGap = 7;
    const double left = dot.x() - size.width() / 2, top = dot.y() - size.height() / 2;
    return {QRectF(QPointF(left, dot.y() - kGap - size.height()), size), QRectF(QPointF(left, dot.y() + kGap), size),
            QRectF(QPointF(dot.x() + kGap, top), size), QRectF(QPointF(dot.x() - kGap - size.width(), top), size)};
}
}  // namespace

QList<int> paretoFront(const QList<TradeoffPoint>& points) {
    QList<int> order(points.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return points[a].bytes != points[b].bytes ? points[a].bytes < points[b].bytes : points[a].kld < points[b].kld;
    });
    QList<int> front;
    double best = std::numeric_limits<double>::infinity();
    for (const int index : order) {
        if (points[index].kld >= best) continue;
        best = points[index].kld;
        front.append(index);
    }
    return front;
}

TradeoffPlot::TradeoffPlot(QWidget* parent) : PlotBase(parent) {
    setObjectName(QStringLiteral("tradeoffPlot"));
    setAccessibleName(tr("Size against KL divergence"));
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
    m_originalLine = new QCPItemStraightLine(this);
    yAxis->setScaleType(QCPAxis::stLogarithmic);
    yAxis->setTicker(QSharedPointer<DivergenceTicker>::create());
    yAxis->setNumberFormat(QStringLiteral("eb"));
    yAxis->setNumberPrecision(0);
    yAxis->setLabel(tr("KL divergence (nats)"));
    // Where a name has room is known only once the axes have their place.
    connect(this, &QCustomPlot::afterLayout, this, &TradeoffPlot::placeLabels);
    applyColors(colors());
}

void TradeoffPlot::applyColors(const ThemeColors& theme) {
    PlotBase::applyColors(theme);
    if (!m_originalLine) return;
    m_front->setPen(QPen(theme.accentSoft, 1.5));
    m_others->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.accent, theme.accent, 7));
    m_current->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, theme.second, theme.second, 10));
    m_otherErrors->setPen(QPen(theme.accent, 1));
    m_currentErrors->setPen(QPen(theme.second, 1));
    m_floorLine->setPen(QPen(theme.mutedText, 1, Qt::DashLine));
    m_originalLine->setPen(QPen(theme.mutedText, 1, Qt::DotLine));
    for (auto* label : m_labels) {
        label->setFont(font());
        label->setColor(theme.mutedText);
    }
}

void TradeoffPlot::setPoints(QList<TradeoffPoint> points, double floor, double originalBytes) {
    m_points = std::move(points);
    m_floor = floor;
    m_originalBytes = originalBytes;
    fillSeries();
    fitAxes();
    createLabels();
    replot(QCustomPlot::rpQueuedReplot);
}

void TradeoffPlot::fillSeries() {
    double most = 0;
    for (const auto& point : m_points) most = std::max(most, point.bytes);
    m_unit = most >= kGigabyte ? kGigabyte : kMegabyte;
    xAxis->setLabel(most >= kGigabyte ? tr("size (GB)") : tr("size (MB)"));
    for (auto* graph : {m_front, m_others, m_current}) graph->data()->clear();
    for (auto* errors : {m_otherErrors, m_currentErrors}) errors->data()->clear();
    const auto height = [](const TradeoffPoint& point) { return std::max(point.kld, kSmallestDrawn); };
    for (const int index : paretoFront(m_points))
        m_front->addData(m_points[index].bytes / m_unit, height(m_points[index]));
    // Error bars belong to their points by position, so both go in order of size.
    QList<TradeoffPoint> sorted = m_points;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
    for (const auto& point : sorted) {
        // A bar that reached below zero would have no lower end on a logarithmic axis.
        const double below = std::min(point.kldError, height(point) * 0.999);
        (point.isCurrent ? m_current : m_others)->addData(point.bytes / m_unit, height(point));
        (point.isCurrent ? m_currentErrors : m_otherErrors)->addData(below, point.kldError);
    }
    m_floorLine->setVisible(m_floor > 0);
    m_floorLine->point1->setCoords(0, m_floor);
    m_floorLine->point2->setCoords(1, m_floor);
    m_originalLine->point1->setCoords(m_originalBytes / m_unit, 1);
    m_originalLine->point2->setCoords(m_originalBytes / m_unit, 2);
    m_originalLine->setVisible(m_originalBytes > 0);
}

void TradeoffPlot::fitAxes() {
    if (m_points.isEmpty()) return;
    double low = std::numeric_limits<double>::infinity(), high = 0, least = low, most = 0;
    for (const auto& point : m_points) {
        least = std::min(least, point.bytes / m_unit);
        most = std::max(most, point.bytes / m_unit);
        low = std::min(low, std::max(point.kld - point.kldError, point.kld / 3));
        high = std::max(high, point.kld + point.kldError);
    }
    low = std::max(low, kSmallestDrawn);
    high = std::max(high, low);
    const double margin = std::max((most - least) * 0.15, most * 0.05);
    xAxis->setRange(std::max(0.0, least - margin), most + margin);
    yAxis->setRange(low / 2, high * 2.5);
}

void TradeoffPlot::createLabels() {
    for (auto* label : m_labels) removeItem(label);
    m_labels.clear();
    if (m_points.size() > kMostLabelled) return;
    for (const auto& point : m_points) {
        auto* label = new QCPItemText(this);
        label->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        label->position->setType(QCPItemPosition::ptAbsolute);
        label->setText(fontMetrics().elidedText(point.name, Qt::ElideRight, kWidestLabel));
        m_labels.append(label);
    }
    applyColors(colors());
}

/// Each name goes above, below, right or left of its point: the first place that is inside and free. The recipe in work
/// chooses first; a name that fits nowhere is left out, as the mouse tells it.
void TradeoffPlot::placeLabels() {
    QList<QRectF> taken;
    for (int i = 0; i < int(m_points.size()); ++i) {
        const QPointF dot = pixelOf(i);
        taken.append({dot.x() - 4, dot.y() - 4, 8, 8});
    }
    QList<int> order(m_labels.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_partition(order.begin(), order.end(), [&](int i) { return m_points[i].isCurrent; });
    const QRectF room = axisRect()->rect();
    for (const int i : order) {
        const QSizeF size = fontMetrics().size(0, m_labels[i]->text());
        const auto places = labelPlaces(pixelOf(i), size);
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

QPointF TradeoffPlot::pixelOf(int point) const {
    return {xAxis->coordToPixel(m_points[point].bytes / m_unit),
            yAxis->coordToPixel(std::max(m_points[point].kld, kSmallestDrawn))};
}

int TradeoffPlot::pointAt(QPointF pixel) const {
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

void TradeoffPlot::mouseMoveEvent(QMouseEvent* event) {
    PlotBase::mouseMoveEvent(event);
    const int point = pointAt(event->position());
    setCursor(point >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    if (point < 0) {
        emit probed({});
        return;
    }
    const auto& entry = m_points[point];
    emit probed(tr("%1 · %2 · KLD %3 · click to take it back")
                    .arg(entry.name, bytesText(entry.bytes), significantEstimateText(entry.kld, entry.kldError)));
}

void TradeoffPlot::mouseReleaseEvent(QMouseEvent* event) {
    PlotBase::mouseReleaseEvent(event);
    const int point = pointAt(event->position());
    if (event->button() == Qt::LeftButton && point >= 0) emit picked(m_points[point].run);
}

void TradeoffPlot::leaveEvent(QEvent* event) {
    PlotBase::leaveEvent(event);
    emit probed({});
}

QString TradeoffPlot::csv() const {
    if (m_points.isEmpty()) return {};
    QString text = QStringLiteral("recipe,bytes,kld_mean,kld_stderr\n");
    for (const auto& point : m_points) {
        QString name = point.name;
        text += QStringLiteral("\"%1\",%2,%3,%4\n")
                    .arg(name.replace('"', QStringLiteral("\"\"")))
                    .arg(point.bytes, 0, 'f', 0)
                    .arg(point.kld, 0, 'g', 9)
                    .arg(point.kldError, 0, 'g', 9);
    }
    return text;
}

}  // namespace halftone::app
