// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/recovery.h"

#include <QFileInfo>
#include <QLocale>

#include "app/main_window.h"
#include "app/session/session.h"
#include "app/widgets/recovery_bar.h"

namespace halftone::app {

Recovery::Recovery(Session& session, MainWindow& window, const QString& folder, QObject* parent)
    : QObject(parent),
      m_session(session),
      m_window(&window),
      m_leftovers(Autosave::leftovers(folder)),
      m_autosave(session, folder, [this] { return m_window->uiState(); }) {
    offer();
}

void Recovery::setWindow(MainWindow& window) {
    m_window = &window;
    offer();
}

void Recovery::offerNext() {
    m_leftovers.removeFirst();
    offer();
}

void Recovery::offer() {
    if (m_leftovers.isEmpty()) return m_window->setNotice(nullptr);
    const auto leftover = m_leftovers.first();
    const QString when = QLocale().toString(leftover.when, QLocale::ShortFormat);
    auto* bar = new RecoveryBar(QFileInfo(leftover.checkpoint).fileName(), when);
    m_window->setNotice(bar);
    connect(bar, &RecoveryBar::restoreRequested, this, [this, leftover] {
        if (!m_window->recover(leftover.path)) return;
        // The file stays until its checkpoint is open: where that has moved, nothing is lost.
        connect(
            &m_session, &Session::sessionRestored, this, [leftover] { Autosave::discard(leftover); },
            Qt::SingleShotConnection);
        offerNext();
    });
    connect(bar, &RecoveryBar::discardRequested, this, [this, leftover] {
        Autosave::discard(leftover);
        offerNext();
    });
}

}  // namespace halftone::app
