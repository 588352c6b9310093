// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

namespace halftone::app {

/// A strip over the window's content that asks where the checkpoint of a session went. It waits; nothing else does.
class MissingCheckpointBar : public QFrame {
    Q_OBJECT

  public:
    explicit MissingCheckpointBar(const QString& checkpointPath, QWidget* parent = nullptr);

  signals:
    void fileWanted();
    void folderWanted();
    void dismissed();
};

}  // namespace halftone::app
