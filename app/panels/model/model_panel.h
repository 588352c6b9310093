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

    /// Who reads a card: the window can jump to tensors, a page that is passed on should not tell where files lie.
    enum class Reader { Window, Report };
    /// The card of the open checkpoint, as well-formed HTML.
    [[nodiscard]] static QString card(Session& session, Reader reader);

  private:
    void refresh();
    [[nodiscard]] static QString hyperParameters(Session& session);
    [[nodiscard]] static QString bytesByRole(const Session& session);
    [[nodiscard]] static QString warnings(const Session& session, Reader reader);

    Session& m_session;
    QTextBrowser* m_text;
};

}  // namespace halftone::app
