// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/distribution_plot.h"

#include <QApplication>

#include <algorithm>
#include <cmath>

#include "app/widgets/number_text.h"
#include "core/stats/edged_histogram.h"

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
constexpr double kTickRoom = 8;  // characters

/// About where the linear part of a symmetric logarithm should end: the middle half of the values lies in it.
double linearPartOf(const TensorStats& stats) {
    const double spread = 0.5 * (stats.histogram.quantile(0.75) - stats.histogram.quantile(0.25));
    for (const double unit : {spread, stats.standardDeviation, stats.maxAbs}) {
        if (unit > 0 && std::isfinite(unit)) return unit;
    }
    return 1;
}
}  // namespace

DistributionPlot::DistributionPlot(QWidget* parent)
    : PlotBase(parent), m_logTicker(QSharedPointer<QCPAxisTickerText>::create()) {
    setObjectName(QStringLiteral("distributionPlot"));
    setAccessibleName(tr("Distribution of the selected tensor"));
    createGraphs();
    m_markers = std::make_unique<DistributionMarkers>(*this);
    m_logTicker->setSubTickCount(0);
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
    for (auto* graph : {m_originalGraph, m_litGraph, m_quantizedGraph}) graph->setLineStyle(QCPGraph::lsStepCenter);
    m_chosen = new QCPItemRect(this);
    for (auto* corner : {m_chosen->topLeft, m_chosen->bottomRight}) {
        corner->setTypeX(QCPItemPosition::ptPlotCoords);
        corner->setTypeY(QCPItemPosition::ptAxisRectRatio);
    }
    m_chosen->setVisible(false);
}

void DistributionPlot::applyColors(const ThemeColors& theme) {
    PlotBase::applyColors(theme);
    if (!m_markers) return;
    m_originalGraph->setPen(QPen(theme.accent, 1));
    m_originalGraph->setBrush(theme.accentSoft);
    QColor lit = theme.second;
    lit.setAlpha(120);
    m_litGraph->setPen(Qt::NoPen);
    m_litGraph->setBrush(lit);
    m_quantizedGraph->setPen(QPen(theme.second, 1.2));
    m_markers->applyColors(theme, font());
    QColor veil = theme.second;
    veil.setAlpha(40);
    m_chosen->setPen(QPen(theme.second, 1));
    m_chosen->setBrush(veil);
}

void DistributionPlot::setData(std::shared_ptr<const DistributionData> distribution) {
    // The quantized line that follows the original is drawn where one has moved meanwhile.
    const bool isOther = !m_data || m_data->stats != distribution->stats;
    m_data = std::move(distribution);
    if (isOther) chooseAxis();
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
    m_markers->clear();
    replot(QCustomPlot::rpQueuedReplot);
}

void DistributionPlot::setChoosesRanges(bool choosesRanges) {
    m_choosesRanges = choosesRanges;
    if (!choosesRanges) m_dragFrom.reset();
}

void DistributionPlot::markRange(std::optional<DraggedRange> range) {
    m_marked = range;
    m_chosen->setVisible(range.has_value());
    if (range) {
        m_chosen->topLeft->setCoords(m_axis.placeOf(range->low), 0);
        m_chosen->bottomRight->setCoords(m_axis.placeOf(range->high), 1);
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

void DistributionPlot::setLogValues(bool logarithmic) {
    m_logValues = logarithmic;
    xAxis->setTicker(logarithmic ? QSharedPointer<QCPAxisTicker>(m_logTicker)
                                 : QSharedPointer<QCPAxisTicker>(new PlainTicker));
    chooseAxis();
    markRange(m_marked);
    resample();
}

/// The linear part of a logarithmic axis follows the tensor.
void DistributionPlot::chooseAxis() {
    const bool isLogarithmic = m_logValues && m_data && !m_data->stats->histogram.empty();
    m_axis = isLogarithmic ? ValueAxis::symmetricLog(linearPartOf(*m_data->stats)) : ValueAxis();
    fitRange();
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
    // A logarithmic axis has room for everything.
    if (!m_fullRange && !m_axis.isLogarithmic()) {
        low = std::max(low, stats.histogram.quantile(0.0001));
        high = std::min(high, stats.histogram.quantile(0.9999));
    }
    low = m_axis.placeOf(low);
    high = m_axis.placeOf(high);
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
    const auto inside = m_data->stats->histogram.resample(m_axis.valueAt(range.lower), m_axis.valueAt(range.upper), 1);
    const double fillable = kBinsPerRootOfCount * std::sqrt(inside.counts.front());
    return std::clamp(int(fillable), kFewestBins, drawable);
}

void DistributionPlot::resample() {
    if (!m_data || m_isResampling) return;
    const QCPRange range = xAxis->range();
    const int bins = binCount(range);
    m_edges = m_axis.binEdges(range.lower, range.upper, bins);
    m_original = counted(m_data->stats->histogram);
    m_quantized = m_data->format ? counted(m_data->quantized) : FloatHistogram::Resampled{};
    m_litCounts = m_lit && !m_lit->empty() ? counted(*m_lit) : FloatHistogram::Resampled{};
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
    m_markers->draw(*m_data, m_axis);
    if (m_axis.isLogarithmic()) chooseTicks();
    replot(QCustomPlot::rpQueuedReplot);
    emit rangeChanged();
}

/// On the bins that are drawn; equal ones are found without a search.
FloatHistogram::Resampled DistributionPlot::counted(const FloatHistogram& histogram) const {
    if (m_axis.isLogarithmic()) return resampleOnEdges(histogram, m_edges);
    return histogram.resample(m_edges.front(), m_edges.back(), int(m_edges.size()) - 1);
}

void DistributionPlot::chooseTicks() {
    const QCPRange range = xAxis->range();
    const double room = kTickRoom * double(fontMetrics().averageCharWidth()) / std::max(1, axisRect()->width());
    m_logTicker->clear();
    for (const auto& tick : ticksOf(m_axis, range.lower, range.upper, room * range.size()))
        m_logTicker->addTick(tick.place, tick.label);
}

void DistributionPlot::resizeEvent(QResizeEvent* event) {
    PlotBase::resizeEvent(event);
    resample();
}

DraggedRange DistributionPlot::draggedTo(int x) const {
    const QRect room = axisRect()->rect();
    const double from = m_axis.valueAt(xAxis->pixelToCoord(std::clamp(*m_dragFrom, room.left(), room.right())));
    const double to = m_axis.valueAt(xAxis->pixelToCoord(std::clamp(x, room.left(), room.right())));
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
    const double coordinate = xAxis->pixelToCoord(place.x());
    const QCPRange range = xAxis->range();
    const auto bin =
        size_t(std::clamp((coordinate - range.lower) / range.size(), 0.0, 0.999999) * double(m_original.counts.size()));
    // Bins of a logarithmic axis differ in width: a count says little without it.
    QStringList parts{m_axis.isLogarithmic()
                          ? tr("values %1 to %2").arg(numberText(m_edges[bin]), numberText(m_edges[bin + 1]))
                          : tr("value %1").arg(numberText(coordinate)),
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
    for (size_t i = 0; i < m_original.counts.size(); ++i) {
        const double quantized = i < m_quantized.counts.size() ? m_quantized.counts[i] : 0;
        text += QStringLiteral("%1,%2,%3,%4")
                    .arg(m_edges[i], 0, 'g', 9)
                    .arg(m_edges[i + 1], 0, 'g', 9)
                    .arg(m_original.counts[i])
                    .arg(quantized);
        if (isLit) text += QStringLiteral(",%1").arg(m_litCounts.counts[i]);
        text += QLatin1Char('\n');
    }
    return text;
}

}  // namespace halftone::app
