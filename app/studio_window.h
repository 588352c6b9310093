// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <memory>

namespace halftone::app {

class MainWindow;
class Session;

/// The window of a session, made anew when another language is chosen: widgets take their texts when they are made.
/// What is open, measured, undone or running is the session's and goes on; place, arrangement and what stands in fields
/// come along. Jobs, undo steps and messages keep the words that they were given. GUI thread.
class StudioWindow : public QObject {
    Q_OBJECT

  public:
    explicit StudioWindow(Session& session, QObject* parent = nullptr);
    ~StudioWindow() override;
    /// Another one after replaced().
    [[nodiscard]] MainWindow& window() { return *m_window; }
    /// Installs the texts of a language and, where they are others than those shown, replaces the window.
    void speak(const QString& language);

  signals:
    void replaced(halftone::app::MainWindow& window);

  private:
    void connectWindow();

    Session& m_session;
    std::unique_ptr<MainWindow> m_window;
};

}  // namespace halftone::app
