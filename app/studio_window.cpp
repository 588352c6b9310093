// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/studio_window.h"

#include <QApplication>

#include "app/language/language.h"
#include "app/main_window.h"
#include "app/session/session.h"

namespace halftone::app {

StudioWindow::StudioWindow(Session& session, QObject* parent)
    : QObject(parent), m_session(session), m_window(std::make_unique<MainWindow>(session)) {
    connectWindow();
}

StudioWindow::~StudioWindow() = default;

/// Later: the menu or dialog that asks is itself replaced.
void StudioWindow::connectWindow() {
    connect(m_window.get(), &MainWindow::languageChosen, this, &StudioWindow::speak, Qt::QueuedConnection);
}

void StudioWindow::speak(const QString& language) {
    const bool isSpoken = textsOf(language) == currentTexts();
    applyLanguage(*qApp, language);
    if (isSpoken) return;
    m_session.retranslate();
    m_window->keepSettings();
    auto next = std::make_unique<MainWindow>(m_session, MainWindow::Begin::Continuing);
    next->takeOver(*m_window);
    std::swap(next, m_window);
    connectWindow();
    if (next->isVisible()) m_window->show();
    m_window->takeOverShown(*next);
    next->hide();
    next.release()->deleteLater();
    emit replaced(*m_window);
}

}  // namespace halftone::app
