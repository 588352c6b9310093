// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/distribution_markers.h"

#include <algorithm>

namespace halftone::app {

namespace {
constexpr size_t kMostLevels = 64;  // more are a solid bar
constexpr std::array<double, 5> kMarked{0.1, 1, 50, 99, 99.9};
constexpr double kLabelRoom = 40;      // pixels
constexpr double kDrawnShare = 0.005;  // of the values, clipped
constexpr double kClipLabelAt = 0.09;  // of the height, below the names of the percentiles

void placeInRect(QCPItemPosition* position) {
    position->setTypeX(QCPItemPosition::ptPlotCoords);
    position->setTypeY(QCPItemPosition::ptAxisRectRatio);
}

QCPItemText* createLabel(QCustomPlot& plot) {
    auto* label = new QCPItemText(&plot);
    placeInRect(label->position);
    label->setPositionAlignment(Qt::AlignTop | Qt::AlignHCenter);
    label->setVisible(false);
    return label;
}
}  // namespace

DistributionMarkers::DistributionMarkers(QCustomPlot& plot) : m_plot(plot) {
    for (auto& mark : m_clipMarks) mark = createClipMark();
    m_percentileGraph = plot.addGraph(plot.xAxis, plot.yAxis2);
    m_levelGraph = plot.addGraph(plot.xAxis, plot.yAxis2);
    m_clipGraph = plot.addGraph(plot.xAxis, plot.yAxis2);
    for (auto* graph : {m_percentileGraph, m_levelGraph, m_clipGraph}) graph->setLineStyle(QCPGraph::lsImpulse);
    for (const double percentile : kMarked) {
        m_percentileLabels.append(createLabel(plot));
        m_percentileLabels.last()->setText(QStringLiteral("p%1").arg(percentile));
    }
}

DistributionMarkers::ClipMark DistributionMarkers::createClipMark() {
    ClipMark mark{new QCPItemRect(&m_plot), createLabel(m_plot)};
    for (auto* corner : {mark.veil->topLeft, mark.veil->bottomRight}) placeInRect(corner);
    mark.label->setText(tr("clip"));
    mark.hide();
    return mark;
}

void DistributionMarkers::ClipMark::hide() const {
    veil->setVisible(false);
    label->setVisible(false);
}

void DistributionMarkers::applyColors(const ThemeColors& theme, const QFont& font) {
    m_levelGraph->setPen(QPen(theme.second, 1));
    m_clipGraph->setPen(QPen(theme.second, 1.4, Qt::DashLine));
    m_percentileGraph->setPen(QPen(theme.mutedText, 1, Qt::DotLine));
    QColor veil = theme.second;
    veil.setAlpha(24);
    QColor ground = theme.surface;
    ground.setAlpha(200);
    for (const auto& mark : m_clipMarks) {
        mark.veil->setPen(Qt::NoPen);
        mark.veil->setBrush(veil);
        mark.label->setColor(theme.second);
        mark.label->setBrush(ground);
        mark.label->setFont(font);
    }
    for (auto* label : m_percentileLabels) {
        label->setColor(theme.mutedText);
        label->setFont(font);
    }
}

void DistributionMarkers::draw(const DistributionData& data, const ValueAxis& axis) {
    drawLevels(data, axis);
    drawPercentiles(*data.stats, axis);
    // Block formats cut a few values almost everywhere; the caption counts them, and lines would say more than is there.
    const bool isWorthLines = double(data.clipping.values()) >= kDrawnShare * double(data.distortion.count);
    drawClipping(isWorthLines ? data.clipping : Clipping(), axis);
}

void DistributionMarkers::clear() {
    for (auto* label : m_percentileLabels) label->setVisible(false);
    for (const auto& mark : m_clipMarks) mark.hide();
}

void DistributionMarkers::drawLevels(const DistributionData& data, const ValueAxis& axis) {
    QVector<double> levels, heights;
    if (data.worst && data.worst->levels.size() <= kMostLevels) {
        for (const float level : data.worst->levels) levels.append(axis.placeOf(double(level)));
    }
    heights.fill(0.05, levels.size());
    m_levelGraph->setData(levels, heights, true);
}

void DistributionMarkers::drawPercentiles(const TensorStats& stats, const ValueAxis& axis) {
    QVector<double> at, full;
    double lastLabelPixel = -1e9;
    for (size_t i = 0; i < kMarked.size(); ++i) {
        const double place = axis.placeOf(stats.histogram.quantile(kMarked[i] / 100));
        at.append(place);
        full.append(0.93);
        auto* label = m_percentileLabels[qsizetype(i)];
        const double pixel = m_plot.xAxis->coordToPixel(place);
        const bool fits = m_plot.xAxis->range().contains(place) && pixel - lastLabelPixel > kLabelRoom;
        if (fits) lastLabelPixel = pixel;
        label->setVisible(fits);
        label->position->setCoords(place, 0);
    }
    m_percentileGraph->setData(at, full, true);
}

void DistributionMarkers::drawClipping(const Clipping& clipping, const ValueAxis& axis) {
    QVector<double> at, heights;
    const double labelHeight = double(m_plot.fontMetrics().height() + 2) / std::max(1, m_plot.axisRect()->height());
    size_t next = 0;
    for (const auto* end : {&clipping.low, &clipping.high}) {
        const auto& mark = m_clipMarks[next++];
        mark.hide();
        if (end->values == 0) continue;
        const double median = std::clamp(end->bounds.quantile(0.5), double(end->least), double(end->most));
        at.append(axis.placeOf(median));
        heights.append(std::max(0.2, 1 - kClipLabelAt - labelHeight));  // below its name
        mark.veil->topLeft->setCoords(axis.placeOf(double(end->least)), kClipLabelAt);
        mark.veil->bottomRight->setCoords(axis.placeOf(double(end->most)), 1);
        mark.veil->setVisible(end->least < end->most);
        mark.label->position->setCoords(axis.placeOf(median), kClipLabelAt);
        mark.label->setVisible(m_plot.xAxis->range().contains(axis.placeOf(median)));
    }
    m_clipGraph->setData(at, heights, true);
}

}  // namespace halftone::app
