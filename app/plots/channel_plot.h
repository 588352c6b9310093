// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include "app/plots/plot_base.h"

namespace halftone::app {

/// Largest magnitude per channel as a skyline over the channel's index. Where channels outnumber pixels, each column
/// shows the largest of its channels, so that no spike is lost.
class ChannelPlot : public PlotBase {
    Q_OBJECT

  public:
    explicit ChannelPlot(QWidget* parent = nullptr);

    void setData(std::vector<float> maxima, const QString& axisLabel);
    void clear();
    /// Largest first instead of by index.
    void setSorted(bool sorted);
    /// Channels in the second colour; those that the plot does not have are ignored.
    void setLit(const QList<int>& channels);
    [[nodiscard]] const QList<int>& lit() const { return m_lit; }
    [[nodiscard]] QPointF pixelOf(int channel) const;
    [[nodiscard]] QString csv() const override;

  signals:
    void probed(const QString& text);
    /// A channel was clicked; `adds`: beside those that are chosen.
    void picked(int channel, bool adds);

  protected:
    void applyColors(const ThemeColors& colors) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

  private:
    void rebuild();
    void rebuildLit();
    /// -1: there is none.
    [[nodiscard]] int64_t channelAt(const QPoint& point) const;

    std::vector<float> m_maxima;
    std::vector<int64_t> m_order;  ///< channel at each place of the axis
    QList<int> m_lit;
    QCPGraph *m_graph = nullptr, *m_litGraph = nullptr;
    double m_barWidth = 1;
    bool m_sorted = false;
};

}  // namespace halftone::app
