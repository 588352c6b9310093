// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QList>
#include <QLockFile>
#include <QObject>
#include <QTimer>

#include <functional>
#include <memory>

namespace halftone::app {

class Session;

/// Keeps the session in work on disk while the studio runs: a crash, a kill or a power cut loses seconds of work. The
/// file goes when the studio is left in the normal way; what lies there at the next start is what was lost.
/// GUI thread; files are written by a quiet job.
class Autosave : public QObject {
    Q_OBJECT

  public:
    /// A file of a studio that did not end in the normal way.
    struct Leftover {
        QString path;
        QString checkpoint;  ///< what was open
        QDateTime when;      ///< of the last save
    };

    /// Files lie in `folder`, which is made when it is needed. `uiState` tells what the window wants kept.
    Autosave(Session& session, QString folder, std::function<QString()> uiState, QObject* parent = nullptr);
    /// The normal end: there is nothing to recover.
    ~Autosave() override;

    /// How long to wait for more changes before writing, instead of what the settings say; 0: at once.
    void setDelay(int milliseconds) { m_timer.setInterval(milliseconds); }
    [[nodiscard]] const QString& path() const { return m_path; }

    /// Newest first. Files of studios that are still running are not among them.
    [[nodiscard]] static QList<Leftover> leftovers(const QString& folder);
    static void discard(const Leftover& leftover);
    /// Where the studio keeps them.
    [[nodiscard]] static QString usualFolder();

  private:
    void schedule();
    void takeSettings();
    void write();
    void forget();

    Session& m_session;
    QString m_folder, m_path;
    std::function<QString()> m_uiState;
    QTimer m_timer;
    std::unique_ptr<QLockFile> m_lock;
};

}  // namespace halftone::app
