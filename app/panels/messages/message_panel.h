// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QListView;

namespace halftone::app {

class MessageModel;
class Session;

/// The whole story, with Copy and Clear.
class MessagePanel : public QWidget {
    Q_OBJECT

  public:
    explicit MessagePanel(Session& session, QWidget* parent = nullptr);

  private:
    void copy() const;

    MessageModel* m_model;
    QListView* m_list;
};

}  // namespace halftone::app
