// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

#include "app/plots/plot_base.h"

namespace halftone::app {

/// One choice in a chart of what it costs (x) against the harm it does (y).
struct ScatterPoint {
    int id = -1;     ///< what picked() hands out
    QString name;    ///< beside the point
    QString detail;  ///< under the mouse
    double x = 0, y = 0;
    double yError = 0;  ///< standard error
    bool isCurrent = false;
};

/// Which points no other point beats in both x and y; by ascending x.
[[nodiscard]] QList<int> paretoFront(const QList<ScatterPoint>& points);

/// Cost against harm (logarithmic), a point per choice with its error bar, the front that no choice beats, and a floor
/// below which the harm means nothing. A click picks a choice.
class ScatterPlot : public PlotBase {
    Q_OBJECT

  public:
    explicit ScatterPlot(QWidget* parent = nullptr);

    void setAxes(const QString& x, const QString& y);
    /// `floor` and `markX` (where the original stands) 0: none is drawn.
    void setPoints(QList<ScatterPoint> points, double floor = 0, double markX = 0);
    [[nodiscard]] const QList<ScatterPoint>& points() const { return m_points; }
    [[nodiscard]] QPointF pixelOf(int point) const;
    [[nodiscard]] QString csv() const override;

  signals:
    void picked(int id);
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

    QList<ScatterPoint> m_points;
    double m_floor = 0, m_markX = 0;
    QCPGraph *m_front = nullptr, *m_others = nullptr, *m_current = nullptr;
    QCPErrorBars *m_otherErrors = nullptr, *m_currentErrors = nullptr;
    QCPItemStraightLine *m_floorLine = nullptr, *m_markLine = nullptr;
    QList<QCPItemText*> m_labels;
};

}  // namespace halftone::app
