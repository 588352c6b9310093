// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QTextBrowser;

namespace halftone::app {

class Session;

/// The model card: what the checkpoint is, what it takes to run it, warnings that jump to their tensors.
class ModelPanel : public QWidget {
    Q_OBJECT

  public:
    explicit ModelPanel(Session& session, QWidget* parent = nullptr);

  private:
    void refresh();
    [[nodiscard]] QString card() const;
    [[nodiscard]] QString hyperParameters() const;
    [[nodiscard]] QString bytesByRole() const;
    [[nodiscard]] QString warnings() const;

    Session& m_session;
    QTextBrowser* m_text;
};

}  // namespace halftone::app
