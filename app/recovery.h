// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "app/session/autosave.h"

namespace halftone::app {

class MainWindow;

/// Saves what is in work against a crash, and offers at the start what an earlier crash left.
class Recovery : public QObject {
    Q_OBJECT

  public:
    Recovery(Session& session, MainWindow& window, const QString& folder, QObject* parent = nullptr);
    [[nodiscard]] Autosave& autosave() { return m_autosave; }
    /// Another window of the same session, which takes the offer over.
    void setWindow(MainWindow& window);

  private:
    /// The newest of what is left; the next one comes when it is decided on.
    void offer();
    void offerNext();

    Session& m_session;
    MainWindow* m_window;
    QList<Autosave::Leftover> m_leftovers;
    Autosave m_autosave;
};

}  // namespace halftone::app
