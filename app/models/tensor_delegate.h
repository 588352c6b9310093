// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace halftone::app {

class Session;

/// Cells of the tensor table: hover from any view, muted figures, in-cell bars, markers of the format column, and the
/// combo box that assigns a format.
class TensorDelegate : public QStyledItemDelegate {
    Q_OBJECT

  public:
    explicit TensorDelegate(Session& session, QObject* parent = nullptr);

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    void setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override;

  protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;

  private:
    void drawFormatMarks(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const;

    Session& m_session;
};

}  // namespace halftone::app
