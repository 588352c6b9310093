// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/distribution_plot.h"

#include <QApplication>

#include <algorithm>
#include <cmath>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {
/// Small counts as they are ("20"), large ones as powers of ten.
class CountTicker : public QCPAxisTickerLog {
  protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override {
        if (tick < 1000) return QString::number(tick, 'g', 3);
        return QCPAxisTickerLog::getTickLabel(tick, locale, format, precision);
    }
};

constexpr int kPixelsPerBin = 2, kFewestBins = 24, kMostBins = 1024;
constexpr double kBinsPerRootOfCount = 3;
constexpr size_t kMostLevels = 64;  // more are a solid bar
constexpr std::array<double, 5> kMarked{0.1, 1, 50, 99, 99.9};
}  // namespace

DistributionPlot::DistributionPlot(QWidget* parent) : PlotBase(parent) {
    setObjectName(QStringLiteral("distributionPlot"));
    setAccessibleName(tr("Distribution of the selected tensor"));
    createGraphs();
    setInteraction(QCP::iRangeDrag);
    setInteraction(QCP::iRangeZoom);
    axisRect()->setRangeDrag(Qt::Horizontal);
    axisRect()->setRangeZoom(Qt::Horizontal);
    setMouseTracking(true);
    yAxis2->setRange(0, 1);
    setLogCounts(true);
    applyColors(colors());
    connect(xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, &DistributionPlot::resample);
}

void DistributionPlot::createGraphs() {
    m_originalGraph = addGraph();
    m_litGraph = addGraph();
    m_quantizedGraph = addGraph();
    m_percentileGraph = addGraph(xAxis, yAxis2);
    m_levelGraph = addGraph(xAxis, yAxis2);
    for (auto* graph : {m_originalGraph, m_litGraph, m_quantizedGraph}) graph->setLineStyle(QCPGraph::lsStepCenter);
    for (auto* graph : {m_percentileGraph, m_levelGraph}) graph->setLineStyle(QCPGraph::lsImpulse);
    for (size_t i = 0; i < kMarked.size(); ++i) {
        auto* label = new QCPItemText(this);
        label->position->setTypeX(QCPItemPosition::ptPlotCoords);
        label->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
        label->setPositionAlignment(Qt::AlignTop | Qt::AlignHCenter);
        label->setText(QStringLiteral("p%1").arg(kMarked[i]));
        label->setVisible(false);
        m_percentileLabels.append(label);
    }
    m_chosen = new QCPItemRect(this);
    for (auto* corner : {m_chosen->topLeft, m_chosen->bottomRight}) {
        corner->setTypeX(QCPItemPosition::ptPlotCoords);
        corner->setTypeY(QCPItemPosition::ptAxisRectRatio);
    }
    m_chosen->setVisible(false);
}

void DistributionPlot::applyColors(const ThemeColors& theme) {
    PlotBase::applyColors(theme);
    if (!m_originalGraph) return;
    m_originalGraph->setPen(QPen(theme.accent, 1));
    m_originalGraph->setBrush(theme.accentSoft);
    QColor lit = theme.second;
    lit.setAlpha(120);
    m_litGraph->setPen(Qt::NoPen);
    m_litGraph->setBrush(lit);
    m_quantizedGraph->setPen(QPen(theme.second, 1.2));
    m_levelGraph->setPen(QPen(theme.second, 1));
    m_percentileGraph->setPen(QPen(theme.mutedText, 1, Qt::DotLine));
    QColor veil = theme.second;
    veil.setAlpha(40);
    m_chosen->setPen(QPen(theme.second, 1));
    m_chosen->setBrush(veil);
    for (auto* label : m_percentileLabels) {
        label->setColor(theme.mutedText);
        label->setFont(font());
    }
}

void DistributionPlot::setData(std::shared_ptr<const DistributionData> distribution) {
    m_data = std::move(distribution);
    fitRange();
    resample();
}

void DistributionPlot::setLit(std::shared_ptr<const FloatHistogram> values) {
    if (values == m_lit) return;
    m_lit = std::move(values);
    resample();
}

void DistributionPlot::clear() {
    m_data.reset();
    m_lit.reset();
    for (int i = 0; i < graphCount(); ++i) graph(i)->data()->clear();
    for (auto* label : m_percentileLabels) label->setVisible(false);
    replot(QCustomPlot::rpQueuedReplot);
}

void DistributionPlot::setChoosesRanges(bool choosesRanges) {
    m_choosesRanges = choosesRanges;
    if (!choosesRanges) m_dragFrom.reset();
}

void DistributionPlot::markRange(std::optional<ValueRange> range) {
    m_chosen->setVisible(range.has_value());
    if (range) {
        m_chosen->topLeft->setCoords(range->low, 0);
        m_chosen->bottomRight->setCoords(range->high, 1);
    }
    replot(QCustomPlot::rpQueuedReplot);
}

void DistributionPlot::setLogCounts(bool logarithmic) {
    m_logCounts = logarithmic;
    yAxis->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    if (logarithmic) {
        yAxis->setTicker(QSharedPointer<CountTicker>::create());
        yAxis->setNumberFormat(QStringLiteral("eb"));
        yAxis->setNumberPrecision(0);
    } else {
        yAxis->setTicker(QSharedPointer<PlainTicker>::create());
        yAxis->setNumberFormat(QStringLiteral("gb"));
        yAxis->setNumberPrecision(4);
    }
    resample();
}

void DistributionPlot::setFullRange(bool full) {
    m_fullRange = full;
    fitRange();
    resample();
}

void DistributionPlot::fitRange() {
    if (!m_data || m_data->stats->histogram.empty()) return;
    const auto& stats = *m_data->stats;
    double low = stats.min, high = stats.max;
    if (!m_fullRange) {
        low = std::max(low, stats.histogram.quantile(0.0001));
        high = std::min(high, stats.histogram.quantile(0.9999));
    }
    double margin = 0.08 * (high - low);
    if (!(margin > 0)) margin = std::max(std::abs(high) * 0.1, 1e-6);
    m_isResampling = true;
    xAxis->setRange(low - margin, high + margin);
    m_isResampling = false;
}

/// As many bins as the width can show, and no more than the values in the range can fill: 64 norms over 500 bins would
/// be a comb of fractions.
int DistributionPlot::binCount(const QCPRange& range) const {
    const int drawable = std::clamp(axisRect()->width() / kPixelsPerBin, kFewestBins, kMostBins);
    const auto inside = m_data->stats->histogram.resample(range.lower, range.upper, 1);
    const double fillable = kBinsPerRootOfCount * std::sqrt(inside.counts.front());
    return std::clamp(int(fillable), kFewestBins, drawable);
}

void DistributionPlot::resample() {
    if (!m_data || m_isResampling) return;
    const QCPRange range = xAxis->range();
    const int bins = binCount(range);
    m_original = m_data->stats->histogram.resample(range.lower, range.upper, bins);
    m_quantized =
        m_data->format ? m_data->quantized.resample(range.lower, range.upper, bins) : FloatHistogram::Resampled{};
    m_litCounts =
        m_lit && !m_lit->empty() ? m_lit->resample(range.lower, range.upper, bins) : FloatHistogram::Resampled{};
    const double width = range.size() / bins;
    double most = 1;
    const auto fill = [&](QCPGraph* graph, const std::vector<double>& counts) {
        QVector<double> x(qsizetype(counts.size())), y(qsizetype(counts.size()));
        for (size_t i = 0; i < counts.size(); ++i) {
            x[qsizetype(i)] = range.lower + (double(i) + 0.5) * width;
            y[qsizetype(i)] = std::max(counts[i], floorCount());
            most = std::max(most, counts[i]);
        }
        graph->setData(x, y, true);
    };
    fill(m_originalGraph, m_original.counts);
    fill(m_litGraph, m_litCounts.counts);
    fill(m_quantizedGraph, m_quantized.counts);
    yAxis->setRange(floorCount(), m_logCounts ? most * 4 : most * 1.15);
    drawMarkers();
    replot(QCustomPlot::rpQueuedReplot);
    emit rangeChanged();
}

void DistributionPlot::drawMarkers() {
    QVector<double> levels, heights;
    if (m_data->worst && m_data->worst->levels.size() <= kMostLevels) {
        for (const float level : m_data->worst->levels) levels.append(double(level));
    }
    heights.fill(0.05, levels.size());
    m_levelGraph->setData(levels, heights, true);
    QVector<double> at, full;
    double lastLabelPixel = -1e9;
    for (size_t i = 0; i < kMarked.size(); ++i) {
        const double value = m_data->stats->histogram.quantile(kMarked[i] / 100);
        at.append(value);
        full.append(0.93);
        auto* label = m_percentileLabels[qsizetype(i)];
        const double pixel = xAxis->coordToPixel(value);
        const bool fits = xAxis->range().contains(value) && pixel - lastLabelPixel > 40;
        if (fits) lastLabelPixel = pixel;
        label->setVisible(fits);
        label->position->setCoords(value, 0);
    }
    m_percentileGraph->setData(at, full, true);
}

void DistributionPlot::resizeEvent(QResizeEvent* event) {
    PlotBase::resizeEvent(event);
    resample();
}

ValueRange DistributionPlot::draggedTo(int x) const {
    const QRect room = axisRect()->rect();
    const double from = xAxis->pixelToCoord(std::clamp(*m_dragFrom, room.left(), room.right()));
    const double to = xAxis->pixelToCoord(std::clamp(x, room.left(), room.right()));
    return {std::min(from, to), std::max(from, to)};
}

void DistributionPlot::mousePressEvent(QMouseEvent* event) {
    const bool choosesRange = m_choosesRanges && m_data && event->button() == Qt::LeftButton &&
                              !(event->modifiers() & Qt::ShiftModifier) && axisRect()->rect().contains(event->pos());
    if (!choosesRange) return PlotBase::mousePressEvent(event);
    m_dragFrom = event->pos().x();
}

void DistributionPlot::mouseReleaseEvent(QMouseEvent* event) {
    if (!m_dragFrom || event->button() != Qt::LeftButton) return PlotBase::mouseReleaseEvent(event);
    const bool isClick = std::abs(event->pos().x() - *m_dragFrom) < QApplication::startDragDistance();
    const auto range = isClick ? std::nullopt : std::optional(draggedTo(event->pos().x()));
    m_dragFrom.reset();
    markRange(range);
    emit rangeChosen(range);
}

void DistributionPlot::mouseMoveEvent(QMouseEvent* event) {
    if (m_dragFrom) {
        markRange(draggedTo(event->pos().x()));
    } else {
        PlotBase::mouseMoveEvent(event);
    }
    tellValueAt(event->pos());
}

void DistributionPlot::tellValueAt(QPoint place) {
    if (!m_data || m_original.counts.empty() || !axisRect()->rect().contains(place)) {
        emit probed({});
        return;
    }
    const double value = xAxis->pixelToCoord(place.x());
    const QCPRange range = xAxis->range();
    const auto bin =
        size_t(std::clamp((value - range.lower) / range.size(), 0.0, 0.999999) * double(m_original.counts.size()));
    QStringList parts{tr("value %1").arg(numberText(value)),
                      tr("original %1").arg(countText(int64_t(std::llround(m_original.counts[bin]))))};
    if (bin < m_quantized.counts.size())
        parts << tr("quantized %1").arg(countText(int64_t(std::llround(m_quantized.counts[bin]))));
    if (bin < m_litCounts.counts.size())
        parts << tr("of the selected channels %1").arg(countText(int64_t(std::llround(m_litCounts.counts[bin]))));
    emit probed(parts.join(QStringLiteral(" · ")));
}

void DistributionPlot::mouseDoubleClickEvent(QMouseEvent* event) {
    PlotBase::mouseDoubleClickEvent(event);
    fitRange();
    resample();
}

void DistributionPlot::leaveEvent(QEvent* event) {
    PlotBase::leaveEvent(event);
    emit probed({});
}

QString DistributionPlot::outsideText() const {
    if (!m_data) return {};
    return tr("below %1 · above %2")
        .arg(countText(int64_t(std::llround(m_original.underflow))),
             countText(int64_t(std::llround(m_original.overflow))));
}

QString DistributionPlot::csv() const {
    if (!m_data) return {};
    const bool isLit = !m_litCounts.counts.empty();
    QString text = isLit ? QStringLiteral("lower,upper,original,quantized,channels\n")
                         : QStringLiteral("lower,upper,original,quantized\n");
    const double width = (m_original.upper - m_original.lower) / double(std::max<size_t>(m_original.counts.size(), 1));
    for (size_t i = 0; i < m_original.counts.size(); ++i) {
        const double quantized = i < m_quantized.counts.size() ? m_quantized.counts[i] : 0;
        text += QStringLiteral("%1,%2,%3,%4")
                    .arg(m_original.lower + double(i) * width, 0, 'g', 9)
                    .arg(m_original.lower + double(i + 1) * width, 0, 'g', 9)
                    .arg(m_original.counts[i])
                    .arg(quantized);
        if (isLit) text += QStringLiteral(",%1").arg(m_litCounts.counts[i]);
        text += QLatin1Char('\n');
    }
    return text;
}

}  // namespace halftone::app
