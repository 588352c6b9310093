// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractListModel>

namespace halftone::app {

class MessageLog;

/// The messages, oldest first; the tooltip has the details.
class MessageModel : public QAbstractListModel {
    Q_OBJECT

  public:
    explicit MessageModel(MessageLog& log, QObject* parent = nullptr);
    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    /// Everything about a row, for the clipboard.
    [[nodiscard]] QString fullText(int row) const;

  private:
    MessageLog& m_log;
    int m_count = 0;
};

}  // namespace halftone::app
