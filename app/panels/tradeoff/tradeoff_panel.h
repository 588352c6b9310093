// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;

namespace halftone::app {

class Session;
class StateStack;
class ScatterPlot;

/// The recipes that were measured on one text by one protocol, size against divergence. A click takes a recipe back.
class TradeoffPanel : public QWidget {
    Q_OBJECT

  public:
    explicit TradeoffPanel(Session& session, QWidget* parent = nullptr);

  signals:
    void probed(const QString& text);

  private:
    void refresh();

    Session& m_session;
    StateStack* m_stack = nullptr;
    ScatterPlot* m_plot = nullptr;
    QLabel* m_caption = nullptr;
};

}  // namespace halftone::app
