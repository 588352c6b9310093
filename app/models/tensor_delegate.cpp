// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/models/tensor_delegate.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QPainter>

#include "app/models/tensor_table_model.h"
#include "app/session/session.h"
#include "app/widgets/format_combo.h"
#include "app/widgets/method_combo.h"
#include "app/widgets/theme.h"

namespace halftone::app {

namespace {
constexpr int kRowHeight = 22;
constexpr int kPadlockWidth = 13, kTriangleWidth = 12, kDotWidth = 8;

bool hasMarks(int column) {
    return column == TensorTableModel::FormatColumn || column == TensorTableModel::MethodColumn;
}

/// What drawMarks() takes at the right end.
int marksWidth(const QModelIndex& index) {
    int width = 0;
    if (index.data(TensorTableModel::LockedRole).toBool()) width += kPadlockWidth;
    if (index.data(TensorTableModel::FallbackRole).toBool()) width += kTriangleWidth;
    if (index.data(TensorTableModel::OverrideRole).toBool()) width += kDotWidth;
    return width;
}

/// A padlock of 8 by 9 whose middle is `center`.
void drawPadlock(QPainter& painter, QPointF center, const QColor& color) {
    painter.setBrush(color);
    painter.setPen(Qt::NoPen);
    painter.drawRoundedRect(QRectF(center.x() - 4, center.y() - 0.5, 8, 5.5), 1, 1);
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(color, 1.3));
    painter.drawArc(QRectF(center.x() - 2.5, center.y() - 4.5, 5, 7), 0, 180 * 16);
    painter.setPen(Qt::NoPen);
}

/// The list opens with the editor; figures that arrive later fill the editor again and must not open it again.
void openOnce(QComboBox& combo) {
    if (combo.property("wasOpened").toBool()) return;
    combo.setProperty("wasOpened", true);
    combo.showPopup();
}

}  // namespace

TensorDelegate::TensorDelegate(Session& session, QObject* parent) : QStyledItemDelegate(parent), m_session(session) {}

QSize TensorDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    return {QStyledItemDelegate::sizeHint(option, index).width(), kRowHeight};
}

void TensorDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
    QStyledItemDelegate::initStyleOption(option, index);
    option->state &= ~QStyle::State_HasFocus;
    // Beginning and end of a format's name say most: family and bits, group size and what is added.
    if (!hasMarks(index.column())) return;
    option->textElideMode = Qt::ElideMiddle;
    // An empty decoration keeps the room of the marks free.
    option->features |= QStyleOptionViewItem::HasDecoration;
    option->icon = {};
    option->decorationPosition = QStyleOptionViewItem::Right;
    option->decorationSize = QSize(marksWidth(index), 1);
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
    if (hasMarks(index.column())) drawMarks(painter, option, index);
}

/// From the right: a padlock, an amber triangle where it is not what the recipe says, a dot where it was set by hand.
void TensorDelegate::drawMarks(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const auto colors = themeColors(option.palette);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setPen(Qt::NoPen);
    const double middle = option.rect.center().y() + 0.5;
    double right = option.rect.right() - 6;
    const QColor own =
        option.state & QStyle::State_Selected ? option.palette.color(QPalette::HighlightedText) : colors.accent;
    if (index.data(TensorTableModel::LockedRole).toBool()) {
        drawPadlock(*painter, {right - 4, middle}, own);
        right -= kPadlockWidth;
    }
    if (index.data(TensorTableModel::FallbackRole).toBool()) {
        painter->setBrush(colors.stale);
        painter->drawPolygon(QPolygonF{{right - 8, middle + 4}, {right, middle + 4}, {right - 4, middle - 4}});
        right -= kTriangleWidth;
    }
    if (index.data(TensorTableModel::OverrideRole).toBool()) {
        painter->setBrush(own);
        painter->drawEllipse(QPointF(right - 4, middle), 2.5, 2.5);
    }
    painter->restore();
}

QWidget* TensorDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                                      const QModelIndex& index) const {
    if (index.column() == TensorTableModel::MethodColumn) return createMethodEditor(parent, index);
    if (index.column() != TensorTableModel::FormatColumn)
        return QStyledItemDelegate::createEditor(parent, option, index);
    auto* combo = new QComboBox(parent);
    combo->setAccessibleName(tr("Format"));
    fillWithFormats(*combo);
    markFormats(*combo, m_session.recipe().target());
    auto* delegate = const_cast<TensorDelegate*>(this);
    connect(combo, &QComboBox::activated, delegate, [delegate, combo] {
        emit delegate->commitData(combo);
        emit delegate->closeEditor(combo);
    });
    return combo;
}

QWidget* TensorDelegate::createMethodEditor(QWidget* parent, const QModelIndex& index) const {
    const int tensor = index.data(TensorTableModel::TensorIndexRole).toInt();
    const auto* resolved = m_session.recipe().resolvedTensor(tensor);
    if (!resolved) return nullptr;
    auto* combo = new MethodCombo(tr("as the rules say"), parent);
    combo->setAccessibleName(tr("Method"));
    combo->setFormat(resolved->format);
    combo->setInherited(resolved->method);
    auto* delegate = const_cast<TensorDelegate*>(this);
    connect(combo, &MethodCombo::chosen, delegate, [delegate, combo] {
        emit delegate->commitData(combo);
        emit delegate->closeEditor(combo);
    });
    connect(combo, &MethodCombo::parametersWanted, delegate, [delegate, combo, tensor] {
        emit delegate->closeEditor(combo);
        emit delegate->parametersWanted(tensor);
    });
    return combo;
}

void TensorDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const {
    if (auto* methods = qobject_cast<MethodCombo*>(editor)) {
        const auto byHand = MethodChoice::parse(index.data(Qt::EditRole).toString().toStdString());
        methods->setChoice(byHand ? std::optional(*byHand) : std::nullopt);
        return openOnce(*methods);
    }
    auto* combo = qobject_cast<QComboBox*>(editor);
    if (!combo) return QStyledItemDelegate::setEditorData(editor, index);
    chooseFormat(*combo, index.data(TensorTableModel::FormatNameRole).toString());
    openOnce(*combo);
}

void TensorDelegate::setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const {
    if (const auto* methods = qobject_cast<const MethodCombo*>(editor)) {
        const auto choice = methods->choice();
        const QString name = choice ? QString::fromStdString(choice->name()) : QString();
        if (name != index.data(Qt::EditRole).toString()) model->setData(index, name, Qt::EditRole);
        return;
    }
    const auto* combo = qobject_cast<const QComboBox*>(editor);
    if (!combo) return QStyledItemDelegate::setModelData(editor, model, index);
    if (combo->currentData().isValid() && combo->currentData() != index.data(TensorTableModel::FormatNameRole)) {
        model->setData(index, combo->currentData(), Qt::EditRole);
    }
}

}  // namespace halftone::app
