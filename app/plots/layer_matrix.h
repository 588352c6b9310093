// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include <map>
#include <optional>
#include <utility>

#include "app/plots/color_map.h"
#include "app/plots/matrix_layout.h"
#include "app/session/measure.h"

namespace halftone::app {

class Session;

/// The layer x role matrix. Colour shows the measure; hatching a value that is not finite; an empty outline one that is
/// not known. Click or drag a rectangle to select (Ctrl adds, Shift extends), arrows move, hover is linked.
class LayerMatrix : public QWidget {
    Q_OBJECT

  public:
    explicit LayerMatrix(Session& session, QWidget* parent = nullptr);

    void setMeasure(Measure measure);
    [[nodiscard]] Measure measure() const { return m_measure; }
    [[nodiscard]] const ColorScale& scale() const { return m_scale; }
    /// The scale of all values, whatever range was chosen.
    [[nodiscard]] const ColorScale& fittedScale() const { return m_fitted; }
    /// Spreads the colours of this measure over some of its values, until another checkpoint is shown.
    void chooseRange(double low, double high);
    void fitRange();
    [[nodiscard]] const MatrixLayout& layoutOfCells() const { return m_layout; }
    /// Cell under a point, as (column, row); (-1, -1) outside.
    [[nodiscard]] QPoint cellAt(QPoint point) const;
    [[nodiscard]] QRectF cellRect(QPoint cell) const;
    /// Mean over the cell's tensors, weighted by their sizes.
    [[nodiscard]] std::optional<double> cellValue(QPoint cell) const;
    /// The figures behind the colours, a line per cell.
    [[nodiscard]] QString csv() const;
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] QSize sizeHint() const override;

  signals:
    void scaleChanged();

  protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

  private:
    void rebuild();
    void refreshScale();
    void applyRange();
    void selectCells();
    void moveTo(QPoint cell, bool extend);
    void drawLabels(QPainter& painter) const;
    void drawCell(QPainter& painter, QPoint cell) const;
    void drawMarks(QPainter& painter) const;
    [[nodiscard]] QString toolTipOf(QPoint cell) const;
    [[nodiscard]] bool isStaleCell(QPoint cell) const;
    [[nodiscard]] QSizeF cellSize() const;

    Session& m_session;
    Measure m_measure = Measure::Bits;
    MatrixLayout m_layout;
    ColorScale m_scale, m_fitted;
    std::map<Measure, std::pair<double, double>> m_ranges;  ///< that were chosen
    QPoint m_anchor{-1, -1}, m_cursor{-1, -1};
    bool m_dragging = false;
    QList<int> m_selectionBefore;
    QTimer m_refresh;  ///< statistics arrive tensor by tensor; the scale follows a few times a second
};

}  // namespace halftone::app
