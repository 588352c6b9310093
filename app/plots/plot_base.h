// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <qcustomplot.h>

#include "app/plots/picture_menu.h"
#include "app/widgets/theme.h"

namespace halftone::app {

/// Ticks of a linear axis, with the minus sign that figures have elsewhere.
class PlainTicker : public QCPAxisTicker {
  protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar format, int precision) override;
};

/// A QCustomPlot in the colours of the theme, with a context menu that copies and saves it as image, SVG and CSV.
class PlotBase : public QCustomPlot {
    Q_OBJECT

  public:
    explicit PlotBase(QWidget* parent = nullptr);

    /// The figures behind the picture; empty if there are none.
    [[nodiscard]] virtual QString csv() const = 0;
    /// What its context menu hands out.
    [[nodiscard]] PictureSource pictureSource();

  protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    /// Colours of axes and series; called again when the palette changes.
    virtual void applyColors(const ThemeColors& colors);
    void styleAxis(QCPAxis* axis, const ThemeColors& colors) const;
    [[nodiscard]] ThemeColors colors() const { return themeColors(palette()); }
};

}  // namespace halftone::app
