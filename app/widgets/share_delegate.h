// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace halftone::app {

/// Draws a cell with a bar under its number: the share (0..1) that the model gives for `role`.
class ShareDelegate : public QStyledItemDelegate {
    Q_OBJECT

  public:
    ShareDelegate(int role, QObject* parent);
    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

  private:
    int m_role;
};

}  // namespace halftone::app
