// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QImage>
#include <QWidget>

#include <memory>

#include "app/plots/channel_map_data.h"
#include "app/plots/color_map.h"

namespace halftone::app {

class Selection;

/// Layers down, channels of the residual stream across, largest magnitudes by colour. Where channels outnumber pixels,
/// each column shows the largest of its channels, so that no spike is lost; the wheel zooms, a double-click fits.
///
/// Drag to brush channels (Ctrl adds, Shift extends): they light up in every view. Arrows move, Shift+arrows extend,
/// Period and Comma go to the next and the previous massive channel, F fits, Escape lets go.
class ChannelMap : public QWidget {
    Q_OBJECT

  public:
    explicit ChannelMap(Selection& selection, QWidget* parent = nullptr);

    /// Null: nothing to show.
    void setData(std::shared_ptr<const ChannelMapData> next);
    [[nodiscard]] const std::shared_ptr<const ChannelMapData>& data() const { return m_data; }
    /// Largest first instead of by index.
    void setSorted(bool sorted);
    [[nodiscard]] const ColorScale& scale() const { return m_scale; }
    /// Where a channel of a row is drawn.
    [[nodiscard]] QPointF pixelOf(int channel, int row) const;
    /// Channel and row under a point, as (channel, row); (-1, -1) outside.
    [[nodiscard]] QPoint cellAt(QPointF point) const;
    /// A line per channel, a column per layer.
    [[nodiscard]] QString csv() const;
    [[nodiscard]] QSize minimumSizeHint() const override { return {240, 80}; }
    [[nodiscard]] QSize sizeHint() const override { return {640, 200}; }

  signals:
    void scaleChanged();
    void probed(const QString& text);
    /// A tensor of the row was meant.
    void picked(int tensor);

  protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

  private:
    void reorder();
    void redraw();
    void renderImage();
    void drawRowLabels(QPainter& painter) const;
    void drawSelected(QPainter& painter) const;
    void drawNames(QPainter& painter) const;
    void show(double first, double count);
    void fit();
    void zoom(double factor, double aroundPlace);
    void brush();
    void moveTo(int place, bool extend);
    void moveRow(int step);
    void goToMassive(int step);
    void speak(QPoint cell);
    [[nodiscard]] QRectF mapRect() const;
    [[nodiscard]] double placeAt(double x) const;
    [[nodiscard]] double xOf(double place) const;
    [[nodiscard]] int channelAt(int place) const { return m_order[size_t(place)]; }
    [[nodiscard]] QString textOf(QPoint cell) const;
    [[nodiscard]] int places() const { return int(m_order.size()); }

    Selection& m_selection;
    std::shared_ptr<const ChannelMapData> m_data;
    ColorScale m_scale;
    std::vector<int> m_order;         ///< channel at each place
    std::vector<int> m_placeOf;       ///< place of each channel
    double m_first = 0, m_count = 1;  ///< places that are in view
    QImage m_image;
    bool m_sorted = false, m_isBrushing = false;
    bool m_isClick = false;            ///< pressed, and not moved to another channel yet
    int m_anchor = -1, m_cursor = -1;  ///< places
    int m_row = 0;                     ///< of the keyboard
    QList<int> m_kept;                 ///< channels that a brush adds to
};

}  // namespace halftone::app
