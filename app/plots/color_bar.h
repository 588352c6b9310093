// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <algorithm>

#include "app/plots/color_map.h"
#include "app/session/measure.h"

namespace halftone::app {

/// The colour scale with the numbers at its ends. Where it is adjustable its ends can be dragged inwards, so that the
/// colours are spread over fewer values: by mouse, or by the arrow keys (with Shift the lower end).
class ColorBar : public QWidget {
    Q_OBJECT

  public:
    explicit ColorBar(QWidget* parent = nullptr);
    void setScale(const ColorScale& scale, Measure measure);
    /// Adjustable within `fitted`, the scale of all values.
    void setScale(const ColorScale& scale, const ColorScale& fitted, Measure measure);
    [[nodiscard]] QSize sizeHint() const override { return {160, 24}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {110, 24}; }
    /// Where a value is on the bar.
    [[nodiscard]] int positionOf(double value) const;

  signals:
    void rangeChosen(double low, double high);
    void fitWanted();

  protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    enum class End { None, Low, High };
    void assign(const ColorScale& scale, Measure measure);
    [[nodiscard]] QRect barRect() const;
    [[nodiscard]] End endAt(QPoint point) const;
    [[nodiscard]] bool isAdjustable() const { return m_adjustable && !m_scale.empty && m_fitted.low < m_fitted.high; }
    void moveEnd(End end, double share);
    void drawNumbers(QPainter& painter, const QRect& line) const;
    void drawEnds(QPainter& painter, const QRect& bar) const;

    ColorScale m_scale, m_fitted;
    Measure m_measure = Measure::Bits;
    bool m_adjustable = false;
    End m_dragged = End::None;
};

}  // namespace halftone::app
