// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

#include "app/plots/plot_base.h"

namespace halftone::app {

/// One measured recipe in the chart of size against divergence.
struct TradeoffPoint {
    int run = -1;  ///< index into EvaluationService::runs()
    QString name;
    double bytes = 0;
    double kld = 0, kldError = 0;  ///< mean divergence in nats and its standard error
    bool isCurrent = false;        ///< of the recipe in work
};

/// Which points no other point beats in both size and divergence; in order of size.
[[nodiscard]] QList<int> paretoFront(const QList<TradeoffPoint>& points);

/// Size against KL divergence, a point per measured recipe with its error bar, the front that no recipe beats, and the
/// floor below which a divergence means nothing. A click picks a run.
class TradeoffPlot : public PlotBase {
    Q_OBJECT

  public:
    explicit TradeoffPlot(QWidget* parent = nullptr);

    /// `floor` 0: none is drawn. `originalBytes` is marked if it lies near the points.
    void setPoints(QList<TradeoffPoint> points, double floor, double originalBytes);
    [[nodiscard]] const QList<TradeoffPoint>& points() const { return m_points; }
    [[nodiscard]] QPointF pixelOf(int point) const;
    [[nodiscard]] QString csv() const override;

  signals:
    void picked(int run);
    void probed(const QString& text);

  protected:
    void applyColors(const ThemeColors& theme) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;

  private:
    void fillSeries();
    void fitAxes();
    void createLabels();
    void placeLabels();
    [[nodiscard]] int pointAt(QPointF pixel) const;

    QList<TradeoffPoint> m_points;
    double m_floor = 0, m_originalBytes = 0;
    double m_unit = 1;  ///< bytes that one step of the x axis stands for
    QCPGraph *m_front = nullptr, *m_others = nullptr, *m_current = nullptr;
    QCPErrorBars *m_otherErrors = nullptr, *m_currentErrors = nullptr;
    QCPItemStraightLine *m_floorLine = nullptr, *m_originalLine = nullptr;
    QList<QCPItemText*> m_labels;
};

}  // namespace halftone::app
