// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/widgets/share_delegate.h"

#include <QPainter>

#include <algorithm>

#include "app/widgets/theme.h"

namespace halftone::app {

ShareDelegate::ShareDelegate(int role, QObject* parent) : QStyledItemDelegate(parent), m_role(role) {}

void ShareDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
    QStyledItemDelegate::paint(painter, option, index);
    const QVariant share = index.data(m_role);
    if (!share.isValid()) return;
    const QRect cell = option.rect;
    const double width = std::clamp(share.toDouble(), 0.0, 1.0) * (cell.width() - 6);
    painter->fillRect(QRectF(cell.right() - width - 3, cell.bottom() - 2, width, 2),
                      themeColors(option.palette).accent);
}

}  // namespace halftone::app
