// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/range_plot.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/widgets/number_text.h"

namespace halftone::app {

namespace {
constexpr size_t kLast = kBandQuantiles.size() - 1, kMiddle = kLast / 2;
constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

/// Small powers as they are read aloud.
class RangeTicker : public QCPAxisTickerLog {
  protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override {
        if (tick >= 0.99e-3 && tick < 1e5) return QString::number(tick, 'g', 3);
        return QCPAxisTickerLog::getTickLabel(tick, locale, format, precision);
    }
};
}  // namespace

RangePlot::RangePlot(QWidget* parent) : PlotBase(parent) {
    setObjectName(QStringLiteral("rangePlot"));
    setAccessibleName(tr("Ranges of the activations by block"));
    setMouseTracking(true);
    m_before = createCurves();
    m_after = createCurves();
    m_lit = addGraph();
    m_lit->setLineStyle(QCPGraph::lsNone);
    xAxis->setLabel(tr("block"));
    xAxis->setNumberFormat(QStringLiteral("f"));
    xAxis->setNumberPrecision(0);
    applyColors(colors());
}

RangePlot::Curves RangePlot::createCurves() {
    Curves curves{};
    for (auto*& curve : curves) curve = addGraph();
    // Each upper curve is filled down to its counterpart below the median.
    for (size_t i = kMiddle + 1; i <= kLast; ++i) curves[i]->setChannelFillGraph(curves[kLast - i]);
    return curves;
}

void RangePlot::colorCurves(const Curves& curves, const QColor& color) const {
    constexpr std::array<int, kMiddle> kAlpha{56, 40, 28, 18};
    for (size_t i = 0; i <= kLast; ++i) {
        const bool isEnd = i == 0 || i == kLast;
        curves[i]->setPen(i == kMiddle ? QPen(color, 1.6) : isEnd ? QPen(color, 1, Qt::DotLine) : QPen(Qt::NoPen));
        if (i <= kMiddle) continue;
        QColor fill = color;
        fill.setAlpha(kAlpha[i - kMiddle - 1]);
        curves[i]->setBrush(fill);
    }
}

void RangePlot::applyColors(const ThemeColors& theme) {
    PlotBase::applyColors(theme);
    if (!m_lit) return;
    m_lit->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, QPen(theme.surface), theme.text, 7));
    colorCurves(m_before, theme.accent);
    colorCurves(m_after, theme.second);
}

void RangePlot::setColumns(QList<RangeColumn> columns, const QString& yLabel, bool logarithmic) {
    m_columns = std::move(columns);
    yAxis->setLabel(yLabel);
    for (size_t i = 0; i <= kLast; ++i) {
        QVector<double> x, before, after;
        for (const auto& column : m_columns) {
            x << double(column.block);
            before << column.before.values[i];
            after << (column.after ? column.after->values[i] : kGap);
        }
        m_before[i]->setData(x, before, true);
        m_after[i]->setData(x, after, true);
    }
    QVector<double> litX, litY;
    for (const auto& column : m_columns) {
        for (const auto& [channel, maximum] : column.lit) {
            litX << double(column.block);
            litY << maximum;
        }
    }
    m_lit->setData(litX, litY, true);
    fitAxes(logarithmic);
    replot(QCustomPlot::rpQueuedReplot);
}

void RangePlot::fitAxes(bool logarithmic) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    const auto include = [&](const ValueBands& bands) {
        for (const double value : bands.values) {
            if (logarithmic && !(value > 0)) continue;
            low = std::min(low, value);
            high = std::max(high, value);
        }
    };
    for (const auto& column : m_columns) {
        include(column.before);
        if (column.after) include(*column.after);
    }
    if (!(low <= high)) low = high = logarithmic ? 1 : 0;
    yAxis->setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    yAxis->setTicker(logarithmic ? QSharedPointer<QCPAxisTicker>(new RangeTicker)
                                 : QSharedPointer<QCPAxisTicker>(new PlainTicker));
    yAxis->setNumberFormat(logarithmic ? QStringLiteral("eb") : QStringLiteral("gb"));
    yAxis->setNumberPrecision(logarithmic ? 0 : 4);
    if (logarithmic) {
        yAxis->setRange(low / 1.5, high * 1.5);
    } else {
        // In a low panel steps that read best would leave the zero alone.
        yAxis->ticker()->setTickStepStrategy(QCPAxisTicker::tssMeetTickCount);
        const double margin = high > low ? 0.06 * (high - low) : 1;
        yAxis->setRange(low - margin, high + margin);
    }
    const double first = m_columns.isEmpty() ? 0 : m_columns.first().block;
    const double last = m_columns.isEmpty() ? 1 : m_columns.last().block;
    xAxis->setRange(first - 0.5, last + 0.5);
}

QPointF RangePlot::pixelOf(int column) const {
    return {xAxis->coordToPixel(m_columns[column].block), yAxis->coordToPixel(m_columns[column].before.median())};
}

int RangePlot::columnAt(QPointF pixel) const {
    if (!axisRect()->rect().contains(pixel.toPoint())) return -1;
    const double block = std::round(xAxis->pixelToCoord(pixel.x()));
    for (int i = 0; i < int(m_columns.size()); ++i) {
        if (double(m_columns[i].block) == block) return i;
    }
    return -1;
}

void RangePlot::mouseMoveEvent(QMouseEvent* event) {
    PlotBase::mouseMoveEvent(event);
    const int column = columnAt(event->position());
    if (column < 0) {
        emit probed({});
        return;
    }
    const auto& shown = m_columns[column];
    const auto spread = [](const ValueBands& bands) {
        const auto at = [&](double quantile) { return numberText(bands.atQuantile(quantile)); };
        return tr("%1 to %2, 0.1–99.9 % %3 to %4, 1–99 % %5 to %6, 25–75 % %7 to %8, median %9")
            .arg(at(0), at(1), at(0.001), at(0.999), at(0.01), at(0.99), at(0.25), at(0.75), at(0.5));
    };
    QString text = QStringLiteral("%1 · %2").arg(shown.name, spread(shown.before));
    if (shown.after) text += tr(" · after smoothing %1").arg(spread(*shown.after));
    for (const auto& [channel, maximum] : shown.lit)
        text += tr(" · channel %1: %2").arg(channel).arg(numberText(maximum));
    emit probed(text);
}

void RangePlot::mouseReleaseEvent(QMouseEvent* event) {
    PlotBase::mouseReleaseEvent(event);
    const int column = columnAt(event->position());
    if (event->button() == Qt::LeftButton && column >= 0) emit picked(m_columns[column].tensor);
}

void RangePlot::leaveEvent(QEvent* event) {
    PlotBase::leaveEvent(event);
    emit probed({});
}

QString RangePlot::csv() const {
    if (m_columns.isEmpty()) return {};
    QString text = QStringLiteral("tensor,block,state");
    for (const double quantile : kBandQuantiles) text += QStringLiteral(",q%1").arg(100 * quantile);
    text += '\n';
    const auto line = [&](const RangeColumn& column, const char* state, const ValueBands& bands) {
        text += QStringLiteral("%1,%2,%3").arg(column.name).arg(column.block).arg(QLatin1String(state));
        for (const double value : bands.values) text += ',' + QString::number(value, 'g', 9);
        text += '\n';
    };
    for (const auto& column : m_columns) {
        line(column, "before", column.before);
        if (column.after) line(column, "after", *column.after);
    }
    return text;
}

}  // namespace halftone::app
