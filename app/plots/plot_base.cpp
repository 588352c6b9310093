// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/plot_base.h"

#include <QMenu>
#include <QSvgGenerator>

#include <algorithm>

namespace halftone::app {

namespace {
constexpr int kFewestTicks = 2, kMostTicks = 5;
}

QString PlainTicker::getTickLabel(double tick, const QLocale& locale, QChar format, int precision) {
    QString label = QCPAxisTicker::getTickLabel(tick, locale, format, precision);
    if (label.startsWith(QLatin1Char('-'))) label.replace(0, 1, QChar(0x2212));
    return label;
}

PlotBase::PlotBase(QWidget* parent) : QCustomPlot(parent) {
    // Numbers are alike in every language; powers of ten are set as such only where the exponent is a small e.
    setLocale(QLocale::c());
    setNoAntialiasingOnDrag(true);
    setPlottingHint(QCP::phCacheLabels, true);
    axisRect()->setAutoMargins(QCP::msAll);
    for (auto* axis : axisRect()->axes()) axis->setTicker(QSharedPointer<PlainTicker>::create());
    setContextMenuPolicy(Qt::DefaultContextMenu);
    setAccessibleDescription(tr("The context menu copies the picture or its figures"));
}

/// As many numbers as have room one above the other.
void PlotBase::resizeEvent(QResizeEvent* event) {
    QCustomPlot::resizeEvent(event);
    const int room = axisRect()->height() / std::max(1, 2 * fontMetrics().lineSpacing());
    yAxis->ticker()->setTickCount(std::clamp(room, kFewestTicks, kMostTicks));
}

void PlotBase::changeEvent(QEvent* event) {
    QCustomPlot::changeEvent(event);
    if (event->type() != QEvent::PaletteChange && event->type() != QEvent::FontChange) return;
    applyColors(colors());
    replot(QCustomPlot::rpQueuedReplot);
}

void PlotBase::styleAxis(QCPAxis* axis, const ThemeColors& theme) const {
    axis->setBasePen(QPen(theme.hairline, 1));
    axis->setTickPen(QPen(theme.hairline, 1));
    axis->setSubTickPen(Qt::NoPen);
    axis->setTickLabelColor(theme.mutedText);
    axis->setLabelColor(theme.mutedText);
    axis->setTickLabelFont(font());
    axis->setLabelFont(font());
    axis->grid()->setPen(QPen(theme.hairline, 1, Qt::DotLine));
    axis->grid()->setZeroLinePen(QPen(theme.hairline, 1));
}

void PlotBase::applyColors(const ThemeColors& theme) {
    setBackground(theme.surface);
    for (auto* rect : axisRects()) {
        for (auto* axis : rect->axes()) styleAxis(axis, theme);
    }
}

PictureSource PlotBase::pictureSource() {
    const auto picture = [this](double ratio) { return toPixmap(0, 0, ratio); };
    const auto svg = [this] {
        return drawnSvg(size(), accessibleName(), [this](QSvgGenerator& generator) {
            QCPPainter painter;
            painter.begin(&generator);
            toPainter(&painter);
            painter.end();
        });
    };
    return {this, picture, svg, [this] { return csv(); }};
}

void PlotBase::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    fillPictureMenu(menu, pictureSource());
    menu.exec(event->globalPos());
}

}  // namespace halftone::app
