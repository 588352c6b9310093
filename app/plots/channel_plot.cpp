// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/channel_plot.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/widgets/number_text.h"

namespace halftone::app {

ChannelPlot::ChannelPlot(QWidget* parent) : PlotBase(parent) {
    m_graph = addGraph();
    m_graph->setLineStyle(QCPGraph::lsImpulse);
    m_litGraph = addGraph();
    m_litGraph->setLineStyle(QCPGraph::lsImpulse);
    setMouseTracking(true);
    yAxis->setLabel(tr("|x| max"));
    setAccessibleName(tr("Largest magnitude of each channel"));
    applyColors(colors());
}

void ChannelPlot::applyColors(const ThemeColors& theme) {
    PlotBase::applyColors(theme);
    if (!m_litGraph) return;
    m_graph->setPen(QPen(theme.accent, m_barWidth, Qt::SolidLine, Qt::FlatCap));
    m_litGraph->setPen(QPen(theme.second, std::max(m_barWidth, 2.0), Qt::SolidLine, Qt::FlatCap));
}

void ChannelPlot::setData(std::vector<float> maxima, const QString& axisLabel) {
    m_maxima = std::move(maxima);
    xAxis->setLabel(axisLabel);
    rebuild();
}

void ChannelPlot::clear() {
    setData({}, xAxis->label());
}

void ChannelPlot::setSorted(bool sorted) {
    m_sorted = sorted;
    rebuild();
}

void ChannelPlot::rebuild() {
    m_order.resize(m_maxima.size());
    std::iota(m_order.begin(), m_order.end(), 0);
    if (m_sorted)
        std::stable_sort(m_order.begin(), m_order.end(),
                         [&](int64_t a, int64_t b) { return m_maxima[size_t(a)] > m_maxima[size_t(b)]; });
    const auto count = int64_t(m_order.size());
    const int64_t columns = std::min<int64_t>(count, std::max(axisRect()->width(), 64));
    QVector<double> x, y;
    double most = 0;
    for (int64_t column = 0; column < columns; ++column) {
        const int64_t begin = column * count / columns, end = std::max((column + 1) * count / columns, begin + 1);
        double value = 0;
        for (int64_t i = begin; i < end; ++i) value = std::max(value, double(m_maxima[size_t(m_order[size_t(i)])]));
        x.append(double(begin));
        y.append(value);
        most = std::max(most, value);
    }
    const double room = columns > 0 ? double(axisRect()->width()) / double(columns) : 1;
    m_barWidth = std::max(1.0, std::floor(room * 0.8));
    applyColors(colors());
    m_graph->setData(x, y, true);
    rebuildLit();
    xAxis->setRange(-0.5, std::max<double>(double(count), 1) - 0.5);
    yAxis->setRange(0, most > 0 ? most * 1.05 : 1);
    replot(QCustomPlot::rpQueuedReplot);
}

void ChannelPlot::setLit(const QList<int>& channels) {
    if (channels == m_lit) return;
    m_lit = channels;
    rebuildLit();
    replot(QCustomPlot::rpQueuedReplot);
}

void ChannelPlot::rebuildLit() {
    QVector<double> x, y;
    for (size_t place = 0; !m_lit.isEmpty() && place < m_order.size(); ++place) {
        if (!std::binary_search(m_lit.begin(), m_lit.end(), int(m_order[place]))) continue;
        x.append(double(place));
        y.append(double(m_maxima[size_t(m_order[place])]));
    }
    m_litGraph->setData(x, y, true);
}

QPointF ChannelPlot::pixelOf(int channel) const {
    const auto found = std::find(m_order.begin(), m_order.end(), int64_t(channel));
    return {xAxis->coordToPixel(double(found - m_order.begin())), axisRect()->rect().center().y() + 0.5};
}

int64_t ChannelPlot::channelAt(const QPoint& point) const {
    const auto place = int64_t(std::floor(xAxis->pixelToCoord(point.x()) + 0.5));
    const bool isInside = place >= 0 && place < int64_t(m_order.size()) && axisRect()->rect().contains(point);
    return isInside ? m_order[size_t(place)] : -1;
}

void ChannelPlot::mousePressEvent(QMouseEvent* event) {
    PlotBase::mousePressEvent(event);
    const auto channel = channelAt(event->pos());
    if (event->button() == Qt::LeftButton && channel >= 0)
        emit picked(int(channel), event->modifiers() & Qt::ControlModifier);
}

void ChannelPlot::resizeEvent(QResizeEvent* event) {
    PlotBase::resizeEvent(event);
    rebuild();
}

void ChannelPlot::mouseMoveEvent(QMouseEvent* event) {
    PlotBase::mouseMoveEvent(event);
    const auto channel = channelAt(event->pos());
    if (channel < 0) return emit probed({});
    emit probed(tr("channel %1 · max %2").arg(channel).arg(numberText(double(m_maxima[size_t(channel)]))));
}

void ChannelPlot::leaveEvent(QEvent* event) {
    PlotBase::leaveEvent(event);
    emit probed({});
}

QString ChannelPlot::csv() const {
    if (m_maxima.empty()) return {};
    QString text = QStringLiteral("channel,abs_max\n");
    for (size_t i = 0; i < m_maxima.size(); ++i)
        text += QStringLiteral("%1,%2\n").arg(i).arg(double(m_maxima[i]), 0, 'g', 9);
    return text;
}

}  // namespace halftone::app
