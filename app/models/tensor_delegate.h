// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>

namespace halftone::app {

class Session;

/// Cells of the tensor table: hover from any view, muted figures, in-cell bars, marks of what was set by hand, and the
/// combo boxes that assign a format or a method.
class TensorDelegate : public QStyledItemDelegate {
    Q_OBJECT

  public:
    explicit TensorDelegate(Session& session, QObject* parent = nullptr);

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    [[nodiscard]] QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    void setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override;

  signals:
    /// The parameters of a tensor's method should be set.
    void parametersWanted(int tensor);

  protected:
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;

  private:
    [[nodiscard]] QWidget* createMethodEditor(QWidget* parent, const QModelIndex& index) const;
    void drawMarks(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const;

    Session& m_session;
};

}  // namespace halftone::app
