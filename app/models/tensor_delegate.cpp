// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/tensor_delegate.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QPainter>

#include "app/models/tensor_table_model.h"
#include "app/session/session.h"
#include "app/widgets/format_combo.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {
constexpr int kRowHeight = 22;
}

TensorDelegate::TensorDelegate(Session& session, QObject* parent) : QStyledItemDelegate(parent), m_session(session) {}

QSize TensorDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    return {QStyledItemDelegate::sizeHint(option, index).width(), kRowHeight};
}

void TensorDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
    QStyledItemDelegate::initStyleOption(option, index);
    option->state &= ~QStyle::State_HasFocus;
    const auto colors = themeColors(option->palette);
    if (index.data(TensorTableModel::MutedRole).toBool()) option->palette.setColor(QPalette::Text, colors.mutedText);
    const int tensor = index.data(TensorTableModel::TensorIndexRole).toInt();
    if (tensor == m_session.selection().hovered() && !(option->state & QStyle::State_Selected))
        option->backgroundBrush = colors.hover;
}

void TensorDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyledItemDelegate::paint(painter, option, index);
    const QVariant bar = index.data(TensorTableModel::BarRole);
    if (bar.isValid()) {
        const bool selected = option.state & QStyle::State_Selected;
        QColor color = selected ? option.palette.color(QPalette::HighlightedText) : themeColors(option.palette).accent;
        color.setAlpha(selected ? 150 : 110);
        const QRectF cell(option.rect);
        painter->fillRect(QRectF(cell.right() - bar.toDouble() * (cell.width() - 6) - 3, cell.bottom() - 2,
                                 bar.toDouble() * (cell.width() - 6), 2),
                          color);
    }
    if (index.column() == TensorTableModel::FormatColumn) drawFormatMarks(painter, option, index);
}

/// An amber triangle where the row length forced another format, a dot where the format was set by hand.
void TensorDelegate::drawFormatMarks(QPainter* painter, const QStyleOptionViewItem& option,
                                     const QModelIndex& index) const {
    const auto colors = themeColors(option.palette);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    const double middle = option.rect.center().y() + 0.5;
    double right = option.rect.right() - 6;
    if (index.data(TensorTableModel::FallbackRole).toBool()) {
        painter->setBrush(colors.stale);
        painter->drawPolygon(QPolygonF{{right - 8, middle + 4}, {right, middle + 4}, {right - 4, middle - 4}});
        right -= 12;
    }
    if (index.data(TensorTableModel::OverrideRole).toBool()) {
        painter->setBrush(option.state & QStyle::State_Selected ? option.palette.color(QPalette::HighlightedText)
                                                                : colors.accent);
        painter->drawEllipse(QPointF(right - 4, middle), 2.5, 2.5);
    }
    painter->restore();
}

QWidget* TensorDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                                      const QModelIndex& index) const {
    if (index.column() != TensorTableModel::FormatColumn)
        return QStyledItemDelegate::createEditor(parent, option, index);
    auto* combo = new QComboBox(parent);
    fillWithFormats(*combo);
    auto* delegate = const_cast<TensorDelegate*>(this);
    connect(combo, &QComboBox::activated, delegate, [delegate, combo] {
        emit delegate->commitData(combo);
        emit delegate->closeEditor(combo);
    });
    return combo;
}

void TensorDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const {
    auto* combo = qobject_cast<QComboBox*>(editor);
    if (!combo) return QStyledItemDelegate::setEditorData(editor, index);
    combo->setCurrentIndex(combo->findData(index.data(TensorTableModel::FormatNameRole)));
    combo->showPopup();
}

void TensorDelegate::setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const {
    const auto* combo = qobject_cast<const QComboBox*>(editor);
    if (!combo) return QStyledItemDelegate::setModelData(editor, model, index);
    if (combo->currentData().isValid() && combo->currentData() != index.data(TensorTableModel::FormatNameRole)) {
        model->setData(index, combo->currentData(), Qt::EditRole);
    }
}

}  // namespace halftone::app
