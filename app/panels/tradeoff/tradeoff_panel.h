// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QWidget>

#include "app/plots/scatter_plot.h"
#include "core/recipe/recipe.h"

class QLabel;
class QToolButton;

namespace halftone::app {

class Session;
class StateStack;

/// The recipes that were measured on one text by one protocol, size against divergence. A click takes a recipe back.
class TradeoffPanel : public QWidget {
    Q_OBJECT

  public:
    explicit TradeoffPanel(Session& session, QWidget* parent = nullptr);

    /// What the chart shows: the runs of the text and protocol that were used last.
    struct Data {
        QList<ScatterPoint> points;  ///< empty: nothing was measured against the original
        QString xLabel, yLabel, caption;
        double floor = 0;     ///< below it a divergence means nothing; 0: none
        double original = 0;  ///< where the original stands on the x axis
    };
    [[nodiscard]] static Data dataOf(Session& session);
    /// Asks for the known mixtures to be measured, or ends that.
    void startOrStopSeries();

  signals:
    void probed(const QString& text);
    /// These recipes should be measured, one after the other.
    void seriesWanted(const QList<Recipe>& recipes);

  private:
    void createLayout();
    void refresh();
    void showData(const Data& shown);

    Session& m_session;
    StateStack* m_stack = nullptr;
    ScatterPlot* m_plot = nullptr;
    QLabel* m_caption = nullptr;
    QToolButton* m_series = nullptr;
};

}  // namespace halftone::app
