// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/plots/plot_base.h"

#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QMenu>
#include <QSvgGenerator>

namespace halftone::app {

PlotBase::PlotBase(QWidget* parent) : QCustomPlot(parent) {
    setNoAntialiasingOnDrag(true);
    setPlottingHint(QCP::phCacheLabels, true);
    axisRect()->setAutoMargins(QCP::msAll);
    setContextMenuPolicy(Qt::DefaultContextMenu);
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

void PlotBase::contextMenuEvent(QContextMenuEvent* event) {
    QMenu menu(this);
    menu.addAction(tr("Copy as image"), this, &PlotBase::copyImage);
    auto* copy = menu.addAction(tr("Copy as CSV"), this, &PlotBase::copyCsv);
    copy->setEnabled(!csv().isEmpty());
    menu.addAction(tr("Save as image…"), this, &PlotBase::saveImage);
    menu.exec(event->globalPos());
}

void PlotBase::copyImage() {
    QApplication::clipboard()->setPixmap(toPixmap(0, 0, devicePixelRatioF()));
}

void PlotBase::copyCsv() {
    QApplication::clipboard()->setText(csv());
}

void PlotBase::saveImage() {
    const QString path =
        QFileDialog::getSaveFileName(this, tr("Save the plot"), QStringLiteral("plot.png"), tr("Images (*.png *.svg)"));
    if (path.isEmpty()) return;
    if (!path.endsWith(QLatin1String(".svg"), Qt::CaseInsensitive)) {
        savePng(path, 0, 0, 2.0);
        return;
    }
    QSvgGenerator generator;
    generator.setFileName(path);
    generator.setSize(size());
    generator.setViewBox(rect());
    QCPPainter painter;
    painter.begin(&generator);
    toPainter(&painter);
    painter.end();
}

}  // namespace halftone::app
