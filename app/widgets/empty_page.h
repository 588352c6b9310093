// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QVBoxLayout;

namespace halftone::app {

/// What the window shows while nothing is open: one sentence, how to open something, and what was open before.
class EmptyPage : public QWidget {
    Q_OBJECT

  public:
    explicit EmptyPage(QWidget* parent = nullptr);
    void setRecentFiles(const QStringList& paths);
    void setProblem(const QString& message);
    void setOpening(bool opening);

  signals:
    void openFileRequested();
    void openFolderRequested();
    void openSampleRequested();
    void openRequested(const QString& path);

  private:
    QLabel *m_sentence, *m_problem, *m_recentTitle;
    QVBoxLayout* m_recent;
};

}  // namespace halftone::app
