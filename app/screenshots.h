// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <functional>
#include <vector>

namespace halftone::app {

class MainWindow;
class Session;

/// `halftone --screenshot DIR`: drives the real window through opening, inspecting, tuning and comparing, waits for
/// each step's work to end, and saves a picture of the window after it. Ends the program; status 1 if a step does not
/// end.
class ScreenshotTour : public QObject {
    Q_OBJECT

  public:
    ScreenshotTour(Session& session, MainWindow& window, const QString& folder, QObject* parent = nullptr);
    void start(const QString& path);

  private:
    struct Step {
        QString picture;  ///< file name without extension; empty: none
        std::function<void()> act;
        std::function<bool()> isDone;
    };
    void addSteps(const QString& path);
    void addInspectSteps();
    void addChannelSteps();
    void addTuneSteps();
    void addAllocationSteps();
    void addCompareSteps();
    void next();
    void poll();
    [[nodiscard]] bool isQuiet() const;
    void chooseMethods();
    void selectNamed(const QString& part);

    Session& m_session;
    MainWindow& m_window;
    QString m_folder;
    std::vector<Step> m_steps;
    size_t m_at = 0;
    QTimer m_timer;
    QElapsedTimer m_clock;
    int m_quietPolls = 0;
};

}  // namespace halftone::app
