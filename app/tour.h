// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPointer>

#include <functional>
#include <vector>

#include "app/widgets/callout.h"

namespace halftone::app {

class MainWindow;
class Session;

/// Five steps that point at what a person meets first: a checkpoint, the matrix, the table, the recipe, what it costs.
/// Comes up at the first start and when it is asked for; whoever has ended it is left alone.
class Tour : public QObject {
    Q_OBJECT

  public:
    Tour(Session& session, MainWindow& window);
    ~Tour() override;

    /// Unless it was seen.
    void startIfNew();
    void start();
    /// As another window left it.
    void startAt(int step);
    void end();
    /// From 0; -1: it is not up.
    [[nodiscard]] int step() const { return m_callout ? m_step : -1; }
    [[nodiscard]] int stepCount() const { return int(m_steps.size()); }

  private:
    struct Step {
        QString title, text;
        std::function<QWidget*()> show;  ///< brings its place into view
    };
    void addSteps();
    void goTo(int step);
    void next();
    /// A panel's dock, raised in its workspace.
    [[nodiscard]] QWidget* panel(const char* name) const;

    Session& m_session;
    MainWindow& m_window;
    QPointer<Callout> m_callout;
    std::vector<Step> m_steps;
    int m_step = 0;
};

}  // namespace halftone::app
