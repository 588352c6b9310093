// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

namespace halftone::app {

/// A strip over the window's content that offers what an earlier run of the studio lost. It waits; nothing else does.
class RecoveryBar : public QFrame {
    Q_OBJECT

  public:
    RecoveryBar(const QString& checkpointName, const QString& when, QWidget* parent = nullptr);

  signals:
    void restoreRequested();
    void discardRequested();
};

}  // namespace halftone::app
