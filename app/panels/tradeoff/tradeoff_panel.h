// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QWidget>

#include "core/recipe/recipe.h"

class QLabel;
class QToolButton;

namespace halftone::app {

class Session;
class StateStack;
class ScatterPlot;

/// The recipes that were measured on one text by one protocol, size against divergence. A click takes a recipe back.
class TradeoffPanel : public QWidget {
    Q_OBJECT

  public:
    explicit TradeoffPanel(Session& session, QWidget* parent = nullptr);
    /// Asks for the known mixtures to be measured, or ends that.
    void startOrStopSeries();

  signals:
    void probed(const QString& text);
    /// These recipes should be measured, one after the other.
    void seriesWanted(const QList<Recipe>& recipes);

  private:
    void createLayout();
    void refresh();
    void refreshPoints(int last);

    Session& m_session;
    StateStack* m_stack = nullptr;
    ScatterPlot* m_plot = nullptr;
    QLabel* m_caption = nullptr;
    QToolButton* m_series = nullptr;
};

}  // namespace halftone::app
